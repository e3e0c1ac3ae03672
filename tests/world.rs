//! One system and the hands of those who use it.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use simulated_mercado_pago as mp;
use surtidor::access::{Role, Scope};
use surtidor::id::{ExternalReference, StationId};
use surtidor::store::{CallerKey, Created, Store, new_key};
use surtidor_cli::deployment::Deployment;
use surtidor_local::demo::{self, Demo};
use surtidor_local::{Config, Stack};

use crate::{ATTENDANT, Answer, Canary, contract, leak};

/// How long something that must happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a question has an answer; asks often.
///
/// # Panics
/// When there is none within half a minute.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "it did not come to be: {what}");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

/// A system of one test.
pub struct World {
    /// The functions and AWS's stand-ins.
    pub stack: Stack,
    /// Mercado Pago.
    pub mercado_pago: mp::Simulator,
    /// What the demo set up.
    pub demo: Demo,
    /// Secrets that came up during the test.
    hidden: Mutex<Vec<Canary>>,
    http: reqwest::Client,
    keys: Mutex<Vec<String>>,
}

/// Everything is on this machine: no root is trusted.
fn no_tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config
        .expect("protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where `cargo build` put the functions: beside the folder of this test's binary.
fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("target/<profile>/deps");
    assert!(folder.join("order-lookup").exists(), "build the functions first: tests/run does it");
    folder.to_owned()
}

impl World {
    /// Starts a system in which the phone asks only when told to.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        Self::start_asking(None).await
    }

    /// The same, with a demo that is changed before it is installed.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_with(change: impl FnOnce(&mut Demo)) -> Self {
        Self::start_as(None, change).await
    }

    /// The same, but the functions ask another Mercado Pago than the one where phones pay.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_asking(other: Option<&str>) -> Self {
        Self::start_as(other, |_| {}).await
    }

    async fn start_as(other: Option<&str>, change: impl FnOnce(&mut Demo)) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(no_tls())
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        let mercado_pago = mp::Simulator::start(mp::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            accounts: Vec::new(),
            state: None,
            auto_poll: false,
            seed: 1,
        })
        .await
        .expect("a Mercado Pago");
        let url = mercado_pago.url();
        let stack = Stack::start(Config {
            template: root().join("template.yaml"),
            binaries: binaries(),
            data: None,
            port: None,
            parameters: BTreeMap::from([("MercadoPagoUrl".to_owned(), other.unwrap_or(&url).to_owned())]),
            echo_logs: false,
            run_schedules: false,
        })
        .await
        .expect("a stack");
        let mut demo = Demo::new(&stack.api_url(), &url).expect("a demo");
        change(&mut demo);
        mercado_pago.put_account(demo.seller()).expect("an account");
        let deployment = demo::deployment(&stack, &url).expect("a deployment");
        let link = |demo: &Demo| {
            demo.terminals()
                .try_for_each(|terminal| mercado_pago.add_terminal(terminal).map(drop).map_err(Into::into))
        };
        demo.install(&deployment, link).await.expect("a demo");
        // Its notification URL is known now, as it would be entered in the panel.
        mercado_pago.put_account(demo.seller()).expect("an account");
        Self { stack, mercado_pago, demo, hidden: Mutex::default(), http, keys: Mutex::default() }
    }

    /// The system as the operator's program sees it.
    ///
    /// # Panics
    /// When the template lacks a part of it.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        demo::deployment(&self.stack, &self.mercado_pago.url()).expect("a deployment")
    }

    /// The ledger, for what no route can bring about.
    ///
    /// # Panics
    /// When the template has no table.
    #[must_use]
    pub fn store(&self) -> Store {
        self.deployment().store()
    }

    /// Makes a sale due for the sweep, as its age would.
    ///
    /// # Panics
    /// When it is not waiting for a look.
    pub async fn make_due(&self, sale: &Value) {
        let text = sale["external_reference"].as_str().expect("a reference");
        let reference = ExternalReference::parse(text).expect("a reference");
        self.store().look_now(&reference).await.expect("a sale that waits for a look");
    }

    /// What no function may ever write into its log: secrets, and personal data that every test tells.
    #[must_use]
    pub fn canaries(&self) -> Vec<Canary> {
        let demo = &self.demo;
        let mut canaries = vec![
            Canary::new("the access token", &demo.access_token),
            Canary::new("the webhook secret", &demo.webhook_secret),
            Canary::new("the intake key", &demo.intake_key),
            Canary::new("the attendant's document", ATTENDANT),
            Canary::new("the buyer's address", mp::BUYER_EMAIL),
            Canary::new("the buyer's document", mp::BUYER_DOCUMENT),
            Canary::new("the buyer's user id", &mp::BUYER.to_string()),
        ];
        let of_oauth = self.mercado_pago.oauth_secrets();
        canaries
            .extend(of_oauth.iter().map(|secret| Canary::new("a code, token or secret of OAuth", secret)));
        canaries.extend(self.hidden.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        for station in &demo.stations {
            canaries.push(Canary::new("a station key", &station.station_key));
            let keys = station.positions.iter().map(|position| &position.lookup_key);
            canaries.extend(keys.map(|key| Canary::new("a lookup key", key)));
        }
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        canaries.extend(keys.iter().map(|key| Canary::new("a key", key)));
        canaries
    }

    /// A new key of a role for the first station.
    ///
    /// # Panics
    /// When there is one of this role.
    pub async fn key(&self, role: Role) -> String {
        let station = StationId::parse(&self.demo.station).expect("a station");
        self.key_for(role, Scope::Stations(vec![station])).await
    }

    /// A new key of a role.
    ///
    /// # Panics
    /// When there is one of this role, or can be none.
    pub async fn key_for(&self, role: Role, scope: Scope) -> String {
        let now = time::OffsetDateTime::now_utc();
        let owner = CallerKey::new(role.word(), role, scope, "somebody", now, None);
        self.make_key(&owner.expect("a key that keeps the rules")).await
    }

    /// A new key that is stored as this.
    ///
    /// # Panics
    /// When its name is taken.
    pub async fn make_key(&self, owner: &CallerKey) -> String {
        let key = self.draw_key();
        let secret = SecretString::from(key.clone());
        assert_eq!(self.store().create_key(&secret, owner).await.expect("the ledger"), Created::New);
        key
    }

    /// A new key that is stored nowhere.
    ///
    /// # Panics
    /// When there are no random numbers.
    pub fn draw_key(&self) -> String {
        let key = new_key().expect("random numbers").expose_secret().to_owned();
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
        key
    }

    /// Adds a secret to what no log may hold.
    pub fn hide(&self, what: &'static str, text: &str) {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).push(Canary::new(what, text));
    }

    /// A secret document, by the logical id of its secret.
    ///
    /// # Panics
    /// When there is none.
    pub async fn secret(&self, logical_id: &str) -> serde_json::Map<String, Value> {
        let (client, secret) = self.secrets(logical_id);
        surtidor::secrets::document(&client, &secret).await.expect("a document")
    }

    /// Changes a secret document.
    ///
    /// # Panics
    /// When there is none.
    pub async fn change_secret(
        &self,
        logical_id: &str,
        mut change: impl FnMut(&mut serde_json::Map<String, Value>),
    ) {
        let (client, secret) = self.secrets(logical_id);
        surtidor::secrets::change(&client, &secret, |document| change(document)).await.expect("a document");
    }

    fn secrets(&self, logical_id: &str) -> (aws_sdk_secretsmanager::Client, String) {
        (self.deployment().secrets(), self.stack.resource(logical_id).expect("a secret"))
    }

    /// Makes a sale's commands as old as if so much time had passed.
    ///
    /// # Panics
    /// When there is no such sale, or somebody else writes it meanwhile.
    pub async fn age_commands(&self, sale: &Value, by: time::Duration) {
        let text = sale["external_reference"].as_str().expect("a reference");
        let reference = ExternalReference::parse(text).expect("a reference");
        let mut sale = self.store().sale(&reference).await.expect("the ledger").expect("a sale");
        sale.commands.iter_mut().for_each(|command| command.created_at -= by);
        self.store().save(&mut sale, time::OffsetDateTime::now_utc()).await.expect("nobody else writes it");
    }

    /// The first station (first generation of the lookup), with its key.
    #[must_use]
    pub fn station(&self) -> Station<'_> {
        self.station_number(0)
    }

    /// The second station (second generation).
    #[must_use]
    pub fn station_v2(&self) -> Station<'_> {
        self.station_number(1)
    }

    fn station_number(&self, number: usize) -> Station<'_> {
        let station = &self.demo.stations[number];
        Station {
            world: self,
            id: &station.station,
            key: &station.station_key,
            positions: &station.positions,
        }
    }

    /// Any request.
    ///
    /// # Panics
    /// When the system does not answer.
    pub async fn request(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        if let Some(path) = url.strip_prefix(&self.demo.api_url) {
            contract::check(method.as_str(), path.split('?').next().unwrap_or_default(), &answer);
        }
        answer
    }

    /// Posts a notification to the demo account's URL with more query and headers.
    pub async fn notify(&self, query: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = match query {
            "" => self.demo.notification_url.clone(),
            query => format!("{}&{query}", self.demo.notification_url),
        };
        self.request(Method::POST, &url, headers, body.to_owned()).await
    }

    /// Sets Mercado Pago's switches.
    ///
    /// # Panics
    /// When they are not switches.
    pub fn faults(&self, faults: Value) {
        let faults = serde_json::from_value(faults).expect("switches");
        self.mercado_pago.set_faults(faults).expect("switches that fit");
    }

    /// A phone scans a position and sees what the pump owes; the phone's number.
    ///
    /// # Panics
    /// When the phone does not come to the checkout.
    pub async fn scan_to_checkout(&self, external_id: &str) -> u64 {
        let scan = self.mercado_pago.scan(external_id).expect("a scan");
        let scan = self.mercado_pago.poll(scan.id).await.expect("a poll");
        assert_eq!(scan.screen, mp::Screen::Checkout, "{:?}", scan.details);
        scan.id
    }

    /// A phone scans and pays; the payment's id.
    ///
    /// # Panics
    /// When no payment is made.
    pub async fn scan_and_pay(&self, external_id: &str, means: &str) -> String {
        let scan = self.scan_to_checkout(external_id).await;
        let paid = self.mercado_pago.pay(scan, means).expect("a payment");
        paid.payment.expect("a payment").to_string()
    }

    /// How often a function called an operation so far.
    #[must_use]
    pub fn calls(&self, service: &str, operation: &str) -> u64 {
        self.stack.calls().of(service, operation)
    }
}

/// At the end of every test its whole log is searched.
impl Drop for World {
    fn drop(&mut self) {
        // A test that has failed tells of its own failure.
        if std::thread::panicking() {
            return;
        }
        if let Some(leak) = leak(&self.stack.logs(), &self.canaries()) {
            panic!("{leak}");
        }
    }
}

/// A station's software.
#[derive(Clone, Copy)]
pub struct Station<'a> {
    world: &'a World,
    /// Its id.
    pub id: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its positions.
    pub positions: &'a [surtidor_local::demo::DemoPosition],
}

impl<'a> Station<'a> {
    /// The same station for a caller with another key.
    #[must_use]
    pub fn with_key(self, key: &'a str) -> Self {
        Self { key, ..self }
    }

    /// A call of the API with the station's key.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let key = format!("Bearer {}", self.key);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        self.raw(method, path, &headers, &body.to_string()).await
    }

    /// A call with headers of its own.
    pub async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = format!("{}/v1/stations/{}{path}", self.world.demo.api_url, self.id);
        self.world.request(method, &url, headers, body.to_owned()).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        let key = format!("Bearer {}", self.key);
        self.raw(Method::GET, path, &[("authorization", key.as_str())], "").await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &body).await
    }

    /// Tells a delivery.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn deliver(&self, sale: &str, position: &str, amount: &str) -> Value {
        let attendant = json!({"type": "DNI", "number": ATTENDANT});
        let body = json!({"sale_id": sale, "position": position, "amount": amount, "attendant": attendant});
        let told = self.post("/sales", body).await;
        assert_eq!(told.status, 201, "{}", told.text);
        told.json
    }

    /// Says what a position does.
    pub async fn set(&self, position: &str, state: &str) -> Answer {
        self.call(Method::PUT, &format!("/positions/{position}"), &json!({"state": state})).await
    }

    /// The lookup as Mercado Pago asks it.
    pub async fn look_up(&self, position: &str) -> Answer {
        let url = self.lookup_url(position);
        self.world.request(Method::GET, &url, &[], "").await
    }

    /// The lookup URL of a position.
    ///
    /// # Panics
    /// When the station has no such position.
    #[must_use]
    pub fn lookup_url(&self, position: &str) -> String {
        let found = self.positions.iter().find(|at| at.position == position);
        found.expect("a position").lookup_url.clone()
    }

    /// The id of a position at Mercado Pago.
    ///
    /// # Panics
    /// When the station has no such position.
    #[must_use]
    pub fn pos(&self, position: &str) -> &str {
        &self.positions.iter().find(|at| at.position == position).expect("a position").external_id
    }

    /// A sale.
    pub async fn sale(&self, sale: &str) -> Value {
        self.get(&format!("/sales/{sale}")).await.json
    }

    /// The sale once it has a status.
    pub async fn sale_when(&self, sale: &str, status: &str) -> Value {
        let what = format!("{sale} is {status}");
        eventually(&what, || async {
            let found = self.sale(sale).await;
            (found["status"] == status).then_some(found)
        })
        .await
    }

    /// The open commands, once there are as many.
    pub async fn commands_when(&self, count: usize) -> Vec<Value> {
        eventually(&format!("{count} commands are open"), || async {
            let page = self.get("/commands").await.json;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            (items.len() == count).then_some(items)
        })
        .await
    }

    /// Sends an amount to a terminal.
    pub async fn charge(&self, terminal: &str, body: Value) -> Answer {
        self.post(&format!("/terminals/{terminal}/charges"), body).await
    }

    /// The same, with an `Idempotency-Key`.
    pub async fn charge_with_key(&self, terminal: &str, key: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.raw(Method::POST, &format!("/terminals/{terminal}/charges"), &headers, &body.to_string()).await
    }

    /// A charge.
    ///
    /// # Panics
    /// When it has no id.
    pub async fn charged(&self, charge: &Value) -> Value {
        let id = charge["charge_id"].as_str().expect("a charge");
        self.get(&format!("/charges/{id}")).await.json
    }

    /// The charge once it has a status.
    pub async fn charge_when(&self, charge: &Value, status: &str) -> Value {
        eventually(&format!("{charge} is {status}"), || async {
            let found = self.charged(charge).await;
            (found["status"] == status).then_some(found)
        })
        .await
    }

    /// Asks for a charge to be cancelled.
    ///
    /// # Panics
    /// When it has no id.
    pub async fn cancel(&self, charge: &Value) -> Answer {
        let id = charge["charge_id"].as_str().expect("a charge");
        self.post(&format!("/charges/{id}/cancel"), json!({})).await
    }

    /// Asks for a refund.
    pub async fn refund(&self, sale: &str, key: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.raw(Method::POST, &format!("/sales/{sale}/refunds"), &headers, &body.to_string()).await
    }
}
