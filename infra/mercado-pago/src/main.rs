//! `simulated-mercado-pago`: one Mercado Pago with one seller, from the command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use simulated_mercado_pago::{Account, Config, Simulator, Site};

/// A Mercado Pago that can be run, scanned, paid, delayed and broken. More sellers: POST /_control/accounts.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 9001)]
    port: u16,
    /// The file that keeps the state across restarts.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Ask the seller's server, and let terminals receive, only when told to.
    #[arg(long)]
    no_auto_poll: bool,
    /// What chance starts from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The seller's country: AR, BR, MX, CO, PE, UY or CL.
    #[arg(long, default_value = "AR", value_parser = site)]
    country: Site,
    /// The seller's nickname.
    #[arg(long, default_value = "ESTACION DEMO")]
    nickname: String,
    /// The seller's user id.
    #[arg(long, default_value_t = 178_106_235)]
    collector_id: u64,
    /// The token that the seller's software presents.
    #[arg(long, default_value = "APP_USR-7364289770550796-112209-5d1f0c9a7b3e4d52-178106235")]
    access_token: String,
    /// The application's id.
    #[arg(long, default_value_t = 7_364_289_770_550_796)]
    application_id: u64,
    /// Where the application takes Webhooks.
    #[arg(long)]
    webhook_url: Option<String>,
    /// The secret that Webhooks are signed with.
    #[arg(long, default_value = "a-secret-for-this-machine-only")]
    webhook_secret: String,
}

fn site(text: &str) -> Result<Site, String> {
    Site::from_code(text).ok_or_else(|| "is not one of AR, BR, MX, CO, PE, UY, CL".to_owned())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let options = Options::parse();
    let account = Account {
        nickname: options.nickname,
        collector_id: options.collector_id,
        access_token: options.access_token,
        site: options.country,
        webhook_url: options.webhook_url,
        webhook_secret: options.webhook_secret,
        application_id: options.application_id,
        live_mode: true,
    };
    let config = Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)),
        accounts: vec![account],
        state: options.state,
        auto_poll: !options.no_auto_poll,
        seed: options.seed,
    };
    let simulator = match Simulator::start(config).await {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("{error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    println!("ready {}", simulator.url());
    stopped().await;
    simulator.shutdown().await;
    std::process::ExitCode::SUCCESS
}

/// Returns when the process is asked to end.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
