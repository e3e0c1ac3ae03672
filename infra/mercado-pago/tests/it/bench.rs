//! A simulator and a station, on free ports.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{any, post};
use reqwest::Client;
use serde_json::{Value, json};
use simulated_mercado_pago::{Account, CardRead, Config, Scan, Simulator, Site, TerminalDraft, TerminalView};
use tokio::net::TcpListener;
use tokio::sync::Notify;

pub const SELLER: u64 = 178_106_235;
pub const OTHER: u64 = 209_000_017;
pub const SECRET: &str = "5f3c9e0a71b24d6885b1c0ffee5ec9e7";

pub const TERMINAL: &str = "NEWLAND_N950__N950NCB801293324";

/// What the station answers to a lookup.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: String,
}

/// A notification that arrived.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub path: String,
    pub query: HashMap<String, String>,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

/// The station: replies to lookups, keeps notifications.
pub struct Station {
    pub url: String,
    pub reply: Mutex<Reply>,
    pub lookups: Mutex<Vec<(Method, String)>>,
    pub arrivals: Mutex<Vec<Arrival>>,
    /// Told of each arrival.
    pub arrived: Notify,
    /// The status of the next notifications; 200 when empty.
    pub statuses: Mutex<Vec<u16>>,
}

pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn lookup(State(station): State<Arc<Station>>, method: Method, uri: Uri) -> Response {
    lock(&station.lookups).push((method, uri.to_string()));
    let reply = lock(&station.reply).clone();
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_default()
}

async fn notified(
    State(station): State<Arc<Station>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let query = reqwest::Url::parse(&format!("http://station{uri}"))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    lock(&station.arrivals).push(Arrival {
        path: uri.path().to_owned(),
        query,
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    station.arrived.notify_one();
    let mut statuses = lock(&station.statuses);
    let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Station {
    async fn start() -> Result<Arc<Station>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let station = Arc::new(Station {
            url: format!("http://{}", listener.local_addr()?),
            reply: Mutex::new(Reply { status: 404, headers: Vec::new(), body: String::new() }),
            lookups: Mutex::default(),
            arrivals: Mutex::default(),
            arrived: Notify::new(),
            statuses: Mutex::default(),
        });
        let router = Router::new()
            .route("/pay-mp", any(lookup))
            .route("/n", post(notified))
            .route("/wh", post(notified))
            .with_state(Arc::clone(&station));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(station)
    }

    pub fn answers(&self, status: u16, body: &Value) {
        self.answers_with(status, &[("content-type", "application/json")], body);
    }

    pub fn answers_with(&self, status: u16, headers: &[(&'static str, &'static str)], body: &Value) {
        *lock(&self.reply) = Reply { status, headers: headers.to_vec(), body: body.to_string() };
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        lock(&self.arrivals).clone()
    }

    pub fn order(&self) -> Value {
        json!({
            "collector_id": SELLER,
            "sponsor_id": 334_249_281,
            "items": [{
                "title": "$500.00 de SUPER", "currency_id": "ARS", "description": "$500.00 de SUPER",
                "quantity": 1.0, "unit_price": 500.00,
            }],
            "external_reference": "45ea80da",
            "notification_url": format!("{}/n?key=intake", self.url),
        })
    }

    pub fn second_order(&self) -> Value {
        json!({
            "external_reference": "45ea80da", "total_amount": 500.00, "title": "Carga de combustible",
            "description": "Surtidor 1",
            "items": [{
                "sku_number": "2", "category": "fuel", "title": "SUPER", "description": "$500.00 de SUPER",
                "quantity": 1, "unit_measure": "unit", "unit_price": 500.00, "total_amount": 500.00,
            }],
            "notification_url": format!("{}/n", self.url), "sponsor": {"id": 334_249_281},
        })
    }
}

pub fn token(seller: u64) -> String {
    format!("APP_USR-7364289770550796-112209-5d1f0c9a-{seller}")
}

pub fn account(seller: u64, site: Site) -> Account {
    Account {
        nickname: "ESTACION".to_owned(),
        collector_id: seller,
        access_token: token(seller),
        site,
        webhook_url: None,
        webhook_secret: SECRET.to_owned(),
        application_id: 7_364_289_770_550_796,
        live_mode: true,
    }
}

pub fn config(accounts: Vec<Account>) -> Config {
    Config { listen: ([127, 0, 0, 1], 0).into(), accounts, state: None, auto_poll: false, seed: 7 }
}

pub fn client() -> Client {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([]).no_proxy().build().unwrap_or_default()
}

/// A simulator with one store and one pump, and its station.
pub struct Bench {
    pub mp: Simulator,
    pub station: Arc<Station>,
    pub client: Client,
    pub store: String,
    pub pos: String,
}

impl Bench {
    pub async fn new() -> Result<Bench> {
        Self::at(Site::Mla).await
    }

    pub async fn at(site: Site) -> Result<Bench> {
        Self::with(config(vec![account(SELLER, site), account(OTHER, Site::Mlb)])).await
    }

    pub async fn with(config: Config) -> Result<Bench> {
        let mp = Simulator::start(config).await?;
        let station = Station::start().await?;
        let mut bench = Bench { mp, station, client: client(), store: String::new(), pos: String::new() };
        let (status, store) = bench.post(&format!("/users/{SELLER}/stores"), &store("EST0001")).await?;
        ensure!(status == 201, "{store}");
        bench.store = store["id"].as_str().context("id")?.to_owned();
        let url = format!("{}/pay-mp?apies=6232&pos=1", bench.station.url);
        let pump = json!({
            "name": "Surtidor 1", "fixed_amount": true, "external_store_id": "EST0001",
            "external_id": "EST0001S01", "url": url,
        });
        let (status, pos) = bench.post("/pos", &pump).await?;
        ensure!(status == 201, "{pos}");
        bench.pos = pos["id"].to_string();
        Ok(bench)
    }

    /// A call of the seller's software.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Result<(u16, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.mp.url()));
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(token(SELLER));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.unwrap_or_default()).send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).context(text)? };
        Ok((status, value))
    }

    pub async fn get(&self, path: &str) -> Result<(u16, Value)> {
        self.call(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        self.call(Method::POST, path, Some(body.to_string()), &[]).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        self.call(Method::PUT, path, Some(body.to_string()), &[]).await
    }

    /// A call with an idempotency key.
    pub async fn keyed(&self, path: &str, body: &Value, key: &str) -> Result<(u16, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.call(Method::POST, path, Some(body), &[("x-idempotency-key", key)]).await
    }

    /// A terminal of the pump's point of sale, driven by the API.
    pub fn terminal(&self) -> Result<()> {
        self.mp.add_terminal(TerminalDraft {
            account: SELLER,
            id: TERMINAL.to_owned(),
            pos: Some(self.pos.clone()),
            ..TerminalDraft::default()
        })?;
        Ok(())
    }

    /// An order of 24.90 on the terminal; its id.
    pub async fn order(&self, reference: &str) -> Result<String> {
        let (status, order) = self.keyed("/v1/orders", &point_order(reference), reference).await?;
        ensure!(status == 201, "{order}");
        Ok(order["id"].as_str().context("id")?.to_owned())
    }

    /// An order as its seller reads it.
    pub async fn read_order(&self, id: &str) -> Result<Value> {
        let (status, order) = self.get(&format!("/v1/orders/{id}")).await?;
        ensure!(status == 200, "{order}");
        Ok(order)
    }

    /// Someone holds a card to the terminal.
    pub fn card(&self, means: &str) -> Result<TerminalView> {
        Ok(self.mp.read_card(TERMINAL, &CardRead { means: means.to_owned(), ..CardRead::default() })?)
    }

    /// A refund with a key; an empty body asks for all of it.
    pub async fn refund(&self, payment: u64, body: &str, key: &str) -> Result<(u16, Value)> {
        let path = format!("/v1/payments/{payment}/refunds");
        self.call(Method::POST, &path, Some(body.to_owned()), &[("x-idempotency-key", key)]).await
    }

    /// Sets the switches.
    pub async fn faults(&self, faults: &Value) -> Result<()> {
        let (status, answer) = self.put("/_control/faults", faults).await?;
        ensure!(status == 200, "{answer}");
        Ok(())
    }

    /// A scan with one lookup.
    pub async fn scanned(&self) -> Result<Scan> {
        let scan = self.mp.scan(&self.pos)?;
        Ok(self.mp.poll(scan.id).await?)
    }

    /// A sale of 500.00 that was paid with a means.
    pub async fn paid(&self, means: &str) -> Result<Scan> {
        self.station.answers(200, &self.station.order());
        let scan = self.scanned().await?;
        Ok(self.mp.pay(scan.id, means)?)
    }

    /// An approved payment of 500.00.
    pub async fn payment(&self) -> Result<u64> {
        self.paid("account_money").await?.payment.context("a payment")
    }
}

pub fn store(external_id: &str) -> Value {
    json!({
        "name": "Estacion Belgrano", "external_id": external_id,
        "business_hours": {"monday": [{"open": "08:00", "close": "13:00"}, {"open": "15:00", "close": "22:00"}]},
        "location": {
            "street_number": "3039", "street_name": "Caseros", "city_name": "Belgrano",
            "state_name": "Capital Federal", "latitude": -32.8897, "longitude": -68.8443,
            "reference": "3er Piso",
        },
    })
}

/// An order of 24.90 for the terminal.
pub fn point_order(reference: &str) -> Value {
    json!({
        "type": "point", "external_reference": reference, "description": "Carga de combustible",
        "transactions": {"payments": [{"amount": "24.90"}]},
        "config": {"point": {"terminal_id": TERMINAL}},
    })
}

/// The code of the first error of the Orders API.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["code"].as_str().unwrap_or_default()
}

/// The code of the first cause.
pub fn cause(answer: &Value) -> i64 {
    answer["cause"][0]["code"].as_i64().unwrap_or_default()
}
