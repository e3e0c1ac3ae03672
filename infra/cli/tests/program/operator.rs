//! An operator at a terminal.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use surtidor_local::LogLine;
use surtidor_tests::{Answer, World, leak};

/// The demo's chain, as every world has it.
pub const DEMO: &str = include_str!("../../../local/chain.toml");

/// Somebody who runs the program against a world.
pub struct Operator<'a> {
    pub world: &'a World,
    folder: PathBuf,
}

/// What the program said, and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The same, once it ended with this code.
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Whether all of this was said.
    pub fn told(&self, parts: &[&str]) {
        let all = self.all();
        for part in parts {
            assert!(all.contains(part), "{part:?} is missing in:\n{all}");
        }
    }

    /// What programs read.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}", self.out))
    }
}

impl<'a> Operator<'a> {
    pub fn of(world: &'a World) -> Self {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        world.demo.write(&folder.join("demo.json")).expect("a folder");
        Self { world, folder }
    }

    /// Writes a file beside the others, and tells where.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a folder");
        path.to_str().expect("a path of letters").to_owned()
    }

    /// A path beside the files.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a path of letters").to_owned()
    }

    /// The demo's chain with more.
    pub fn chain(&self, more: &str) -> String {
        self.file("chain.toml", &format!("{DEMO}{more}"))
    }

    /// Changes where the program finds the system.
    pub fn change_stack(&self, change: impl FnOnce(&mut Value)) {
        let path = self.folder.join("demo.json");
        let text = std::fs::read(&path).expect("a demo.json");
        let mut demo: Value = serde_json::from_slice(&text).expect("JSON");
        change(&mut demo["stack"]);
        std::fs::write(&path, demo.to_string()).expect("a folder");
    }

    fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_surtidor"));
        program.env_clear().envs(variables.iter().copied()).args(arguments);
        program.arg(format!("--local={}", self.folder.join("demo.json").display()));
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// Runs the program.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(&[], arguments).await
    }

    /// Runs the program with environment variables. Whatever it says, no secret is in it.
    pub async fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut program = self.command(variables, arguments);
        let output = tokio::task::spawn_blocking(move || program.output()).await.expect("a thread");
        let Output { status, stdout, stderr } = output.expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let said = Said { code: status.code(), out: text(stdout), err: text(stderr) };
        let all = said.all();
        let line = LogLine { function: "surtidor".to_owned(), instance: 0, line: all.clone() };
        assert_eq!(leak(&[line], &self.world.canaries()), None);
        assert!(!all.contains("key="), "a key of a URL is in:\n{all}");
        said
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut program = self.command(&[], arguments);
        program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
    }

    /// A call of Mercado Pago's API, as the demo's seller.
    pub async fn mercado_pago(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.world.demo.access_token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let url = format!("{}{path}", self.world.mercado_pago.url());
        let body = if method == Method::GET { String::new() } else { body.to_string() };
        self.world.request(method, &url, &headers, body).await
    }

    /// The seller's points of sale, by our ids. None is there twice.
    pub async fn points(&self) -> BTreeMap<String, Value> {
        self.list("/pos").await
    }

    /// The seller's stores, by our ids. None is there twice.
    pub async fn stores(&self) -> BTreeMap<String, Value> {
        self.list(&format!("/users/{}/stores/search", self.world.demo.collector_id)).await
    }

    async fn list(&self, path: &str) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let mut read = 0;
        loop {
            let page = format!("{path}?limit=50&offset={read}");
            let page = self.mercado_pago(Method::GET, &page, &json!({})).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let results = page.json["results"].as_array().expect("a page").clone();
            if results.is_empty() {
                return found;
            }
            read += results.len();
            for item in results {
                let id = item["external_id"].as_str().expect("an id of ours").to_owned();
                assert!(found.insert(id.clone(), item).is_none(), "{id} is there twice");
            }
        }
    }

    /// How often anything was written: at Mercado Pago, in the table, in the secrets.
    pub fn writes(&self) -> u64 {
        let at_mercado_pago = [
            "POST /pos",
            "PUT /pos/{pos}",
            "DELETE /pos/{pos}",
            "POST /users/{user}/stores",
            "PUT /users/{user}/stores/{store}",
            "DELETE /users/{user}/stores/{store}",
        ];
        let in_aws = [
            ("DynamoDB", "PutItem"),
            ("DynamoDB", "UpdateItem"),
            ("DynamoDB", "DeleteItem"),
            ("SecretsManager", "PutSecretValue"),
        ];
        let asked = at_mercado_pago.iter().map(|route| self.world.mercado_pago.calls(route)).sum::<u64>();
        asked + in_aws.iter().map(|(service, operation)| self.world.calls(service, operation)).sum::<u64>()
    }

    /// A plan that has nothing to do.
    pub async fn is_settled(&self, chain: &str) {
        self.run(&["plan", chain, "--detailed-exitcode"]).await.ended(0).told(&["Nothing to change"]);
    }

    /// Makes a key of a new station, and gives it.
    pub async fn key(&self, station: &str) -> String {
        let made = self.run(&["key", "create", "--role", "station", "--station", station]).await.ended(0);
        made.out.trim().to_owned()
    }
}

impl Drop for Operator<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A station with so many pump sides, as a chain's file has it.
pub fn station(id: &str, positions: usize) -> String {
    station_of("demo", id, &format!("positions = {positions}"))
}

/// A station with other lines.
pub fn station_of(account: &str, id: &str, lines: &str) -> String {
    format!(
        r#"
[stations.{id}]
account = "{account}"
name = "Ruta {id}"
address = {{ street = "Ruta 9", number = "{id}", city = "Palermo", state = "Capital Federal", latitude = -34.5, longitude = -58.5 }}
time_zone = "America/Argentina/Buenos_Aires"
{lines}
"#
    )
}
