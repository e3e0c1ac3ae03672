//! What people do about a delivery.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use simulated_mercado_pago::Screen;
use surtidor_tests::{Answer, Station, eventually};

use super::Storm;
use super::till::Asked;

/// Means of payment that end well.
const GOOD: [&str; 5] = ["visa", "master", "debit", "account_money", "interop"];
/// Means that are rejected.
const BAD: [&str; 3] = ["rejected_funds", "call_for_authorize", "rejected_other"];

/// A position at which one delivery follows another.
pub(super) struct Pump<'a> {
    pub(super) storm: &'a Storm,
    pub(super) station: Station<'a>,
    pub(super) position: &'a str,
    pub(super) chance: fastrand::Rng,
    /// A phone of an earlier delivery on which the bill still is.
    pub(super) late: Option<u64>,
}

impl Pump<'_> {
    /// Serves so many drivers.
    pub(super) async fn serve(mut self, deliveries: u32) {
        for number in 0..deliveries {
            let sale = format!("{}p{}n{number}", self.station.id, self.position);
            self.deliver(&sale).await;
            // The one who walked away pays a bill that the next one hides.
            if let Some(late) = self.late.take() {
                self.pay(late);
            }
            self.play(&sale).await;
        }
        if let Some(late) = self.late.take() {
            self.pay(late);
        }
    }

    async fn deliver(&mut self, sale: &str) {
        let minor =
            if self.chance.u8(..8) == 0 { self.chance.u64(1..100) } else { self.chance.u64(100..5_000_000) };
        self.storm.till.note(sale, |known| known.minor = minor);
        let told = insist(&format!("{sale} is told"), || {
            let body = json!({"sale_id": sale, "position": self.position, "amount": amount(minor)});
            self.station.post("/sales", body)
        })
        .await;
        assert!(matches!(told.status, 200 | 201), "{sale}: {}", told.text);
    }

    async fn play(&mut self, sale: &str) {
        match self.chance.u8(..20) {
            0..=2 => {
                let phone = self.scan(sale).await;
                self.pay(phone);
            }
            3 | 4 => {
                let phone = self.scan(sale).await;
                let bad = self.chance.choice(BAD).unwrap_or(BAD[0]);
                self.storm.world.mercado_pago.pay(phone, bad).expect("a payment");
                self.pay(phone);
            }
            5..=7 => {
                let (one, two) = (self.scan(sale).await, self.scan(sale).await);
                self.pay(one);
                self.hesitate().await;
                self.pay(two);
            }
            8..=10 => self.phone_and("settle", json!({"tender": "cash"}), "settled_elsewhere", sale).await,
            11 | 12 => self.phone_and("void", json!({}), "void", sale).await,
            13 | 14 => self.refunds_in_parts(sale).await,
            15 => self.refund_of_all(sale).await,
            16 | 17 => self.panel_and_office(sale).await,
            18 => {
                self.storm.till.note(sale, |known| known.paid_elsewhere = true);
                let phone = self.scan(sale).await;
                self.pay(phone);
            }
            _ => self.late = Some(self.scan(sale).await),
        }
    }

    /// A phone scans and asks until the bill is on its screen.
    async fn scan(&self, sale: &str) -> u64 {
        let mercado_pago = &self.storm.world.mercado_pago;
        let phone = mercado_pago.scan(self.station.pos(self.position)).expect("a scan").id;
        eventually(&format!("a phone shows the bill of {sale}"), || async {
            let shown = mercado_pago.poll(phone).await.expect("a poll");
            (shown.screen == Screen::Checkout).then_some(())
        })
        .await;
        phone
    }

    /// Pays what is on the screen; the payment.
    fn pay(&mut self, phone: u64) -> u64 {
        let means = self.chance.choice(GOOD).unwrap_or(GOOD[0]);
        let paid = self.storm.world.mercado_pago.pay(phone, means).expect("a payment");
        paid.payment.expect("a payment")
    }

    async fn hesitate(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.chance.u64(..80))).await;
    }

    /// The phone pays while the cashier does something else with the sale.
    async fn phone_and(&mut self, route: &str, body: Value, promised: &'static str, sale: &str) {
        let phone = self.scan(sale).await;
        let (station, till) = (self.station, &self.storm.till);
        let cashier = async {
            let path = format!("/sales/{sale}/{route}");
            let answer = insist(&format!("{path} is answered"), || station.post(&path, body.clone())).await;
            match answer.status {
                200 => till.note(sale, |known| known.agreed = Some(promised)),
                409 => {}
                _ => panic!("{path}: {}", answer.text),
            }
        };
        let buyer = async {
            self.hesitate().await;
            self.pay(phone);
        };
        join(cashier, buyer).await;
    }

    /// A phone pays; and then the station is given some time to hear of it.
    async fn paid(&mut self, sale: &str) -> u64 {
        let phone = self.scan(sale).await;
        let payment = self.pay(phone);
        let start = Instant::now();
        while self.station.sale(sale).await["status"] != "paid" && start.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        payment
    }

    /// Refunds of parts, all at once, one of them asked for twice.
    async fn refunds_in_parts(&mut self, sale: &str) {
        self.paid(sale).await;
        let minor = self.storm.till.note(sale, |known| known.minor);
        let part = || self.chance.u64(1..=minor.div_ceil(2));
        let parts: Vec<_> = std::iter::repeat_with(part).take(3).collect();
        // Two of the same amount, which only their keys tell apart.
        let parts = [parts[0], parts[0], parts[1], parts[2]];
        let mut asked: Vec<_> =
            (0..).zip(parts).map(|(number, part)| (format!("{sale}k{number}"), part)).collect();
        asked.push(asked[self.chance.usize(..asked.len())].clone());
        let asked = asked.iter().map(|(key, part)| self.refund(sale, key, json!({"amount": amount(*part)})));
        join_all(asked).await;
    }

    /// All goes back, asked for twice at once with one key.
    async fn refund_of_all(&mut self, sale: &str) {
        self.paid(sale).await;
        let key = format!("{sale}k");
        join(self.refund(sale, &key, json!({})), self.refund(sale, &key, json!({}))).await;
    }

    /// The office gives all or a part back, while somebody gives a part back in the panel.
    async fn panel_and_office(&mut self, sale: &str) {
        let payment = self.paid(sale).await;
        let minor = self.storm.till.note(sale, |known| known.minor);
        let in_panel = self.chance.u64(1..=minor.div_ceil(3));
        // Not the same amount: of two equal refunds nobody could say who made which.
        let body = if self.chance.bool() {
            json!({})
        } else {
            json!({"amount": amount((minor / 3).max(1) + in_panel)})
        };
        let panel = async {
            tokio::time::sleep(Duration::from_millis(in_panel % 120)).await;
            let part = i64::try_from(in_panel).expect("an amount");
            // It may be that nothing is left.
            let _ = self.storm.world.mercado_pago.refund_in_panel(payment, part);
        };
        join(self.refund(sale, &format!("{sale}k"), body), panel).await;
    }

    async fn refund(&self, sale: &str, key: &str, mut body: Value) {
        body["reason"] = key.into();
        let what = format!("the refund {key} is answered");
        let answer = insist(&what, || self.station.refund(sale, key, body.clone())).await;
        let asked =
            Asked { key: key.to_owned(), status: answer.status, amount: answer.json["amount"].clone() };
        self.storm.till.note(sale, |known| known.asked.push(asked));
    }
}

/// Asks until the answer is not "not now".
async fn insist<F: Future<Output = Answer>>(what: &str, ask: impl Fn() -> F) -> Answer {
    eventually(what, || async {
        let answer = ask().await;
        (answer.status < 500).then_some(answer)
    })
    .await
}

/// Minor units as the API writes them.
fn amount(minor: u64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
