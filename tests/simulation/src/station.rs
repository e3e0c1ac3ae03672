//! A station's software and its till: what it delivered, what it was told, what it answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{Event, Function};
use crate::world::{World, lock};

/// A station.
pub struct Station {
    /// Its id.
    pub id: String,
    /// The pump sides: the id of each, and of its point of sale at Mercado Pago.
    pub sides: Vec<(String, String)>,
    /// The terminals, by Mercado Pago's ids.
    pub terminals: Vec<String>,
    /// Whether they are driven by orders.
    pub by_orders: bool,
    /// Decimals of its currency.
    pub decimals: u32,
    /// What it wrote down.
    pub till: Mutex<Till>,
}

/// A station's book.
#[derive(Debug, Default)]
pub struct Till {
    /// By its own name of a sale.
    pub sales: BTreeMap<String, Delivered>,
}

/// One delivery as the station knows it.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// The pump side.
    pub side: String,
    /// What the pump showed, in minor units.
    pub minor: u64,
    /// The external reference that it was given.
    pub reference: String,
    /// Whether other money was taken for it, as we agreed to.
    pub settled: bool,
    /// Whether it was withdrawn, as we agreed to.
    pub void: bool,
    /// Commands by id, with what they said.
    pub told: BTreeMap<String, Value>,
    /// Refunds that the back office asked for, by key: what was answered last, and what was asked.
    pub refunds: BTreeMap<String, (u16, Value)>,
    /// Charges at terminals that it was told of, by id.
    pub charges: BTreeSet<String>,
    /// Which charge each key was answered with.
    pub keys: BTreeMap<String, String>,
    /// Charges that are paid after they were over.
    pub late: BTreeSet<String>,
    /// What buyers added at terminals, by payment, in minor units.
    pub tips: BTreeMap<String, u64>,
    /// Why it may end in review: what was odd about it.
    pub odd: BTreeSet<&'static str>,
    /// Whether the till asks somebody before it answers that it is paid, and what it then heard.
    pub cashier: Cashier,
}

/// Who says what a till answers when it is told that a sale is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cashier {
    /// The till itself, at once.
    #[default]
    NotAsked,
    /// A cashier, who has not answered yet.
    Asked,
    /// A cashier, who says that cash was taken.
    TookCash,
}

impl Station {
    /// One request over the station's line, which may break both ways: `None` is no answer.
    pub(crate) async fn ask(
        &self,
        world: &Arc<World>,
        function: Function,
        event: &Event<'_>,
    ) -> Option<(u16, Value)> {
        let weather = world.weather();
        world.pause(5, 100).await;
        if world.strikes("request lost", weather.line_broken) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            return None;
        }
        let reply = world.request(function, event.json()).await;
        world.tell(|| {
            let parameters: Vec<_> = event.parameters.iter().map(|(_, value)| *value).collect();
            format!(
                "station: {} {} {parameters:?} {} -> {} {}",
                event.method, event.route, event.body, reply.status, reply.body
            )
        });
        if world.strikes("answer lost", weather.line_lost) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            return None;
        }
        Some((reply.status, serde_json::from_str(&reply.body).unwrap_or_default()))
    }

    /// Asks until there is an answer that is not "not now".
    pub(crate) async fn insist(
        &self,
        world: &Arc<World>,
        function: Function,
        event: &Event<'_>,
    ) -> (u16, Value) {
        let mut pause = 1_000;
        loop {
            if let Some((status, body)) = self.ask(world, function, event).await
                && status < 500
            {
                return (status, body);
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            pause = (pause * 2).min(60_000);
        }
    }

    pub(crate) fn event<'a>(
        &'a self,
        method: &'a str,
        route: &'a str,
        parameters: &'a [(&'a str, &'a str)],
        body: &'a str,
    ) -> Event<'a> {
        Event { method, route, parameters, body, station: Some(&self.id), ..Event::default() }
    }

    /// Writes into the till.
    pub fn note<T>(&self, sale: &str, note: impl FnOnce(&mut Delivered) -> T) -> T {
        note(lock(&self.till).sales.entry(sale.to_owned()).or_default())
    }

    /// Forgets a sale that never came to be.
    pub fn forget(&self, sale: &str) {
        lock(&self.till).sales.remove(sale);
    }

    /// Minor units as an amount of the API.
    #[must_use]
    pub fn amount(&self, minor: u64) -> String {
        let unit = 10_u64.pow(self.decimals);
        match self.decimals {
            0 => minor.to_string(),
            decimals => format!("{}.{:0width$}", minor / unit, minor % unit, width = decimals as usize),
        }
    }

    /// Says what a pump side does.
    pub async fn set(&self, world: &Arc<World>, side: &str, state: &str) {
        let parameters = [("station", self.id.as_str()), ("position", side)];
        let body = json!({"state": state}).to_string();
        let event = self.event("PUT", "/v1/stations/{station}/positions/{position}", &parameters, &body);
        self.insist(world, Function::StationApi, &event).await;
    }

    /// Tells a delivery, as often as it takes.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn deliver(&self, world: &Arc<World>, sale: &str, side: &str, minor: u64) {
        self.note(sale, |known| {
            side.clone_into(&mut known.side);
            known.minor = minor;
        });
        let parameters = [("station", self.id.as_str())];
        let body = json!({"sale_id": sale, "position": side, "amount": self.amount(minor)}).to_string();
        let event = self.event("POST", "/v1/stations/{station}/sales", &parameters, &body);
        let (status, told) = self.insist(world, Function::StationApi, &event).await;
        assert!(status == 200 || status == 201, "a delivery is refused: {status} {told}");
        let reference = told["external_reference"].as_str().unwrap_or_default().to_owned();
        self.note(sale, |known| known.reference = reference);
    }

    /// Takes cash for a sale, or withdraws it; whether that was agreed to.
    pub async fn dispose(&self, world: &Arc<World>, sale: &str, void: bool) -> bool {
        let parameters = [("station", self.id.as_str()), ("sale", sale)];
        let (route, body) = if void {
            ("/v1/stations/{station}/sales/{sale}/void", "{}")
        } else {
            ("/v1/stations/{station}/sales/{sale}/settle", r#"{"tender":"cash"}"#)
        };
        let event = self.event("POST", route, &parameters, body);
        let (status, _) = self.insist(world, Function::StationApi, &event).await;
        self.note(sale, |known| {
            known.void |= void && status == 200;
            known.settled |= !void && status == 200;
        });
        status == 200
    }

    /// Reads a sale.
    pub async fn read(&self, world: &Arc<World>, sale: &str) -> Value {
        let parameters = [("station", self.id.as_str()), ("sale", sale)];
        let event = self.event("GET", "/v1/stations/{station}/sales/{sale}", &parameters, "");
        self.insist(world, Function::StationApi, &event).await.1
    }

    /// Asks for a refund until there is a definite answer; the status.
    pub async fn refund(&self, world: &Arc<World>, sale: &str, key: &str, body: &Value) -> u16 {
        let parameters = [("station", self.id.as_str()), ("sale", sale)];
        let headers = [("idempotency-key", key)];
        let text = body.to_string();
        let route = "/v1/stations/{station}/sales/{sale}/refunds";
        let event = Event { headers: &headers, ..self.event("POST", route, &parameters, &text) };
        let (status, answer) = self.insist(world, Function::Refunds, &event).await;
        self.note(sale, |known| known.refunds.insert(key.to_owned(), (status, answer)));
        status
    }

    /// Looks for commands once, and answers those that are there.
    pub async fn mind_commands(&self, world: &Arc<World>) {
        let parameters = [("station", self.id.as_str())];
        let mut after = String::new();
        loop {
            let event = Event {
                query: &after,
                ..self.event("GET", "/v1/stations/{station}/commands", &parameters, "")
            };
            let Some((200, page)) = self.ask(world, Function::StationApi, &event).await else { return };
            for command in page["items"].as_array().into_iter().flatten() {
                self.carry_out(world, command).await;
            }
            let Some(next) = page["next"].as_str() else { return };
            after = format!("after={next}");
        }
    }

    async fn carry_out(&self, world: &Arc<World>, command: &Value) {
        let text = |key: &str| command[key].as_str().unwrap_or_default();
        let (id, sale, kind) = (text("id"), text("sale_id"), text("kind"));
        let (given, cashier) = self.note(sale, |known| {
            let told = known.told.entry(id.to_owned()).or_insert_with(|| command.clone());
            (told["answer"].as_str().map(str::to_owned), known.cashier)
        });
        let answer = match (given, cashier) {
            (Some(given), _) => given,
            (None, Cashier::Asked) if kind == "paid" => return,
            (None, Cashier::TookCash) if kind == "paid" => "paid_elsewhere".to_owned(),
            (None, _) => choose_answer(world, kind).to_owned(),
        };
        self.note(sale, |known| {
            if answer == "unknown" {
                known.odd.insert("unknown to the station");
            }
            if let Some(told) = known.told.get_mut(id) {
                told["answer"] = json!(answer);
            }
        });
        let parameters = [("station", self.id.as_str()), ("command", id)];
        let body = json!({"result": answer}).to_string();
        let route = "/v1/stations/{station}/commands/{command}/ack";
        let event = self.event("POST", route, &parameters, &body);
        self.ask(world, Function::StationApi, &event).await;
    }
}

/// Mostly it is done; now and then a paid sale was paid otherwise meanwhile, or nobody knows it.
fn choose_answer(world: &World, kind: &str) -> &'static str {
    let is_paid = u32::from(kind == "paid");
    if world.chance.happens(15 * is_paid) {
        "paid_elsewhere"
    } else if world.chance.happens(8 * is_paid) {
        "unknown"
    } else if world.chance.happens(30) {
        "already_done"
    } else {
        "done"
    }
}
