//! `cargo local`: builds the functions and runs the whole system.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Parser;
use simulated_mercado_pago as mp;
use surtidor_local::demo::{self, Demo};
use surtidor_local::{Config, Stack, StartError, template};

/// What runs keep in the data folder.
const WRITTEN: [&str; 7] = [
    "dynamodb.sqlite",
    "dynamodb.sqlite-shm",
    "dynamodb.sqlite-wal",
    "queues.json",
    "secrets.json",
    "mercado-pago.json",
    "demo.json",
];

/// Runs Surtidor on this machine: the compiled functions behind an API Gateway, DynamoDB, SQS and Secrets Manager as
/// template.yaml describes them, and a simulated Mercado Pago. No AWS account, no Docker.
#[derive(Parser)]
#[command(name = "cargo local", version)]
struct Options {
    /// Port of the API on 127.0.0.1. The simulated Mercado Pago takes the next one.
    #[arg(long, env = "SURTIDOR_PORT", default_value_t = 9000)]
    port: u16,
    /// Forget what earlier runs wrote.
    #[arg(long)]
    fresh: bool,
    /// The folder that keeps tables, queues, secrets and Mercado Pago's state between runs.
    #[arg(long, default_value = "target/local")]
    data: PathBuf,
    /// Run the functions as they were built last.
    #[arg(long)]
    no_build: bool,
    /// Print what the functions write.
    #[arg(long)]
    logs: bool,
    /// Another Mercado Pago for the functions to ask. The simulated one runs all the same.
    #[arg(long, env = "MERCADO_PAGO_URL", value_parser = base_url)]
    mercado_pago_url: Option<String>,
}

fn base_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(host) if !host.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("must be a base URL such as http://127.0.0.1:9999".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo local: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().or_else(|_| std::env::current_dir())?;
    let data = root.join(&options.data);
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let Some(next) = options.port.checked_add(1) else { bail!("port {} leaves no next port", options.port) };
    let _ours = lock(&data)?;
    for port in [options.port, next] {
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|_| StartError::Port(port))?;
    }
    if !options.no_build {
        build(&root)?;
    }
    // Only now: whatever failed before has cost nobody anything.
    if options.fresh {
        forget(&data)?;
    }
    let simulated = format!("http://127.0.0.1:{next}");
    let asked = options.mercado_pago_url.clone().unwrap_or_else(|| simulated.clone());
    let stack = Stack::start(Config {
        template: root.join("template.yaml"),
        binaries: std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default(),
        data: Some(data.clone()),
        port: Some(options.port),
        parameters: BTreeMap::from([("MercadoPagoUrl".to_owned(), asked.clone())]),
        echo_logs: options.logs,
        run_schedules: true,
    })
    .await?;
    let file = data.join("demo.json");
    let mut demo = Demo::kept_or_new(&file, &stack.api_url(), &asked)?;
    let mercado_pago = mp::Simulator::start(mp::Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, next)),
        accounts: vec![demo.seller()],
        state: Some(data.join("mercado-pago.json")),
        auto_poll: true,
        seed: 1,
    })
    .await
    .map_err(|error| match error {
        mp::StartError::Listen(..) => {
            anyhow::anyhow!("port {next} is in use: stop what uses it, or choose another with --port")
        }
        other => other.into(),
    })?;
    let link = |demo: &Demo| {
        for terminal in demo.terminals() {
            if mercado_pago.terminal(&terminal.id).is_err() {
                mercado_pago.add_terminal(terminal)?;
            }
        }
        Ok(())
    };
    let deployment = demo::deployment(&stack, &simulated)?;
    demo.install(&deployment, link).await?;
    mercado_pago.put_application(demo.application(&deployment).await?)?;
    // Its notification URL is known now, as it would be entered in the panel.
    mercado_pago.put_account(demo.seller())?;
    demo.write(&file)?;
    let till = stack.open_till(&demo, &simulated);
    tell(&stack, &demo, &simulated, &till, &file);
    stopped().await?;
    println!("stopping");
    mercado_pago.shutdown().await;
    stack.shutdown();
    Ok(())
}

/// Takes the data folder for this run, until what is returned is dropped: two runs in one would spoil each other's.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("{} is in use by another run: stop it, or choose another folder with --data", data.display());
    }
    Ok(file)
}

/// Removes what runs wrote into the data folder, and nothing else that may be there.
fn forget(data: &Path) -> Result<()> {
    for name in WRITTEN {
        let path = data.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Builds the functions that the template names.
fn build(root: &Path) -> Result<()> {
    let text = std::fs::read_to_string(root.join("template.yaml")).context("cannot read template.yaml")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).arg("build");
    // What `cargo run` says of this package is not for that build: ring would be built anew at every start.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    for package in template::binaries(&text)? {
        cargo.args(["--package", &package]);
    }
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!("the functions do not build: see above");
    }
    Ok(())
}

fn tell(stack: &Stack, demo: &Demo, mercado_pago: &str, till: &str, file: &Path) {
    println!("API              {}", demo.api_url);
    println!(
        "Mercado Pago     {mercado_pago}/          pumps and their QRs, the phone, the terminals, the switches"
    );
    println!("till             {till}   takes, cancels and refunds at a terminal");
    if demo.mercado_pago_url != mercado_pago {
        println!("                 the functions ask {} instead", demo.mercado_pago_url);
    }
    let aws = stack.endpoints();
    println!(
        "AWS              DynamoDB {}   SQS {}   Secrets Manager {}",
        aws.dynamodb, aws.sqs, aws.secrets_manager
    );
    println!("notifications    {}", demo.notification_url);
    for station in &demo.stations {
        println!(
            "station {}     key {}   lookup {}",
            station.station, station.station_key, station.generation
        );
        for at in &station.positions {
            println!("  position {}     {}   POS {}", at.position, at.lookup_url, at.external_id);
        }
        for at in &station.terminals {
            println!("  terminal       {}   at {mercado_pago}/terminal/{}", at.serial_number, at.terminal);
        }
    }
    println!("all of it        {}", file.display());
    println!("ready            {}", demo.api_url);
}

async fn stopped() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        stop = tokio::signal::ctrl_c() => stop?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
