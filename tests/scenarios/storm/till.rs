//! What stations and their offices write down: what they delivered, asked for, were answered and were told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use surtidor_tests::{Answer, Station};

/// A refund that the office asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The `Idempotency-Key`, which is also the reason: by it the refund is found in the ledger.
    pub(super) key: String,
    /// The last answer.
    pub(super) status: u16,
    /// The amount of it.
    pub(super) amount: Value,
}

/// One delivery.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// What the pump showed, in minor units.
    pub(super) minor: u64,
    /// The status that the station was promised when it took other money or withdrew the sale.
    pub(super) agreed: Option<&'static str>,
    /// Whether the station will say that it was paid elsewhere when it hears of the phone's payment.
    pub(super) paid_elsewhere: bool,
    /// Refunds.
    pub(super) asked: Vec<Asked>,
    /// Commands by id.
    pub(super) told: BTreeMap<String, Value>,
}

/// All deliveries, by the station's name of the sale.
#[derive(Debug, Default)]
pub(super) struct Till(Mutex<BTreeMap<String, Delivered>>);

impl Till {
    pub(super) fn sales(&self) -> MutexGuard<'_, BTreeMap<String, Delivered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and writes the line of one sale.
    pub(super) fn note<T>(&self, sale: &str, note: impl FnOnce(&mut Delivered) -> T) -> T {
        note(self.sales().entry(sale.to_owned()).or_default())
    }

    /// A station that asks for commands and answers them, for ever.
    pub(super) async fn mind(&self, station: Station<'_>) {
        loop {
            self.mind_once(station).await;
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    }

    /// Answers what is open now; how much that was, if it could be found out.
    pub(super) async fn mind_once(&self, station: Station<'_>) -> Option<usize> {
        let mut open = 0;
        let mut path = "/commands".to_owned();
        loop {
            let page = station.get(&path).await;
            if page.status != 200 {
                return None;
            }
            for command in page.json["items"].as_array().into_iter().flatten() {
                open += 1;
                self.carry_out(station, command).await;
            }
            let Some(next) = page.json["next"].as_str() else { return Some(open) };
            path = format!("/commands?after={next}");
        }
    }

    async fn carry_out(&self, station: Station<'_>, command: &Value) -> Answer {
        let text = |key: &str| command[key].as_str().unwrap_or_default();
        let result = self.note(text("sale_id"), |known| {
            known.told.insert(text("id").to_owned(), command.clone());
            if known.paid_elsewhere && text("kind") == "paid" { "paid_elsewhere" } else { "done" }
        });
        station.post(&format!("/commands/{}/ack", text("id")), json!({"result": result})).await
    }
}
