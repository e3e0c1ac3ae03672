//! People at a pump: drivers with phones, cashiers, the back office, and those who mean no good.

use std::sync::Arc;

use serde_json::{Value, json};
use simulated_mercado_pago::{Faults, Json, PaymentChange, PaymentDraft, Screen, Twist};
use surtidor::id::{ExternalReference, SaleId};

use crate::outside::News;
use crate::station::{Cashier, Station};
use crate::world::World;

/// One delivery and what people make of it.
#[derive(Clone)]
pub struct Journey {
    /// The world.
    pub world: Arc<World>,
    /// The station.
    pub station: Arc<Station>,
    /// The station's name of the sale.
    pub sale: String,
    /// The pump's point of sale at Mercado Pago.
    pub pos: String,
}

/// Means of payment that end well.
pub(crate) const GOOD: [&str; 5] = ["visa", "master", "debit", "account_money", "interop"];
/// Means that are rejected.
pub(crate) const BAD: [&str; 4] =
    ["rejected_funds", "call_for_authorize", "rejected_high_risk", "rejected_other"];
/// Means that are decided later.
const SLOW: [&str; 3] = ["pending", "in_process", "pending_transfer"];

impl Journey {
    /// Plays it, until nobody stands at the pump any more. What goes on afterwards goes on by itself.
    pub async fn play(self) {
        if self.world.chance.happens(300) {
            return self.at_a_terminal().await;
        }
        let kind = self.world.chance.between(0, 99);
        match kind {
            0..=27 => self.one_phone("one phone", &GOOD).await,
            28..=35 => self.rejected_first().await,
            36..=47 => self.two_phones().await,
            48..=56 => self.other_money(false).await,
            57..=62 => self.other_money(true).await,
            63..=67 => self.cash_only().await,
            68..=72 => self.walks_away().await,
            73..=79 => self.one_phone("decided later", &SLOW).await,
            80..=87 => self.refunded().await,
            88..=91 => self.refunded_in_the_panel().await,
            92 => self.disputed_before_the_till_answers().await,
            93..=95 => self.disputed().await,
            96..=98 => self.odd_payment().await,
            _ => self.stray_payment().await,
        }
    }

    pub(crate) fn begins(&self, kind: &str) {
        self.world.count(&format!("journeys: {kind}"));
        self.world.tell(|| format!("== {} at {}: {kind}", self.sale, self.station.id));
    }

    /// A phone scans and asks until the pump's bill is on its screen.
    pub(crate) async fn scan(&self) -> Option<u64> {
        let mercado_pago = self.world.mercado_pago();
        let scan = mercado_pago.scan(&self.pos).ok()?.id;
        for _ in 0..40 {
            let shown = mercado_pago.poll(scan).await.ok()?;
            match shown.screen {
                Screen::Checkout => return Some(scan),
                screen if screen.can_ask() => self.world.pause(1_000, 4_000).await,
                _ => return None,
            }
        }
        None
    }

    /// Pays what is on the screen; the payment.
    fn pay(&self, scan: u64, means: &str) -> Option<u64> {
        let paid = self.world.mercado_pago().pay(scan, means).ok()?;
        let payment = paid.payment?;
        self.world.tell(|| {
            let reference = paid.external_reference.unwrap_or_default();
            format!("phone {scan} pays {reference} with {means}: payment {payment}")
        });
        if SLOW.contains(&means) {
            self.decide_later(payment);
        }
        Some(payment)
    }

    fn decide_later(&self, payment: u64) {
        let journey = self.clone();
        let status = self.world.chance.one_of(&["approved", "approved", "approved", "rejected", "cancelled"]);
        tokio::spawn(async move {
            journey.world.pause(5_000, 3 * 3_600_000).await;
            journey.change(payment, status);
        });
    }

    /// Mercado Pago gives a payment another status.
    fn change(&self, payment: u64, status: &str) {
        let change = PaymentChange { status: status.to_owned(), status_detail: None, silent: false };
        let _ = self.world.mercado_pago().change_payment(payment, &change);
        self.world.tell(|| format!("Mercado Pago: payment {payment} is {status}"));
    }

    async fn one_phone(self, kind: &str, means: &[&str]) {
        self.begins(kind);
        self.world.pause(1_000, 60_000).await;
        let Some(scan) = self.scan().await else { return };
        self.world.pause(2_000, 60_000).await;
        self.pay(scan, self.world.chance.one_of(means));
        self.world.pause(5_000, 60_000).await;
    }

    async fn rejected_first(self) {
        self.begins("rejected first");
        let Some(scan) = self.scan().await else { return };
        for _ in 0..self.world.chance.between(1, 3) {
            self.world.pause(2_000, 30_000).await;
            self.pay(scan, self.world.chance.one_of(&BAD));
        }
        self.world.pause(2_000, 30_000).await;
        self.pay(scan, self.world.chance.one_of(&GOOD));
        self.world.pause(5_000, 60_000).await;
    }

    async fn two_phones(self) {
        self.begins("two phones");
        let (Some(one), Some(two)) = (self.scan().await, self.scan().await) else { return };
        self.world.pause(1_000, 20_000).await;
        self.pay(one, self.world.chance.one_of(&GOOD));
        let means = if self.world.chance.happens(200) { &SLOW[..] } else { &GOOD[..] };
        self.pays_after(two, (1, 1_800_000), means);
        self.world.pause(5_000, 60_000).await;
    }

    /// A phone on whose screen the bill is pays some time later.
    pub(crate) fn pays_after(&self, scan: u64, (shortest, longest): (u64, u64), means: &[&str]) {
        let (journey, means) = (self.clone(), self.world.chance.one_of(means).to_owned());
        tokio::spawn(async move {
            journey.world.pause(shortest, longest).await;
            journey.pay(scan, &means);
        });
    }

    async fn other_money(self, void: bool) {
        self.begins(if void { "phone and void" } else { "phone and cash" });
        let Some(scan) = self.scan().await else { return };
        if self.world.chance.happens(800) {
            self.pays_after(scan, (1, 300_000), &GOOD);
        }
        self.world.pause(1, 120_000).await;
        self.station.dispose(&self.world, &self.sale, void).await;
        self.world.pause(1_000, 30_000).await;
    }

    async fn cash_only(self) {
        self.begins("cash");
        self.world.pause(1_000, 120_000).await;
        self.station.dispose(&self.world, &self.sale, false).await;
    }

    /// The next delivery hides the sale; the phone that showed its bill may still pay it.
    async fn walks_away(self) {
        self.begins("walks away");
        let Some(scan) = self.scan().await else { return };
        if self.world.chance.happens(600) {
            self.pays_after(scan, (60_000, 4 * 3_600_000), &GOOD);
        }
        self.world.pause(1_000, 30_000).await;
    }

    /// A phone pays, and the sale is paid.
    async fn paid(&self) -> Option<u64> {
        let scan = self.scan().await?;
        self.world.pause(2_000, 30_000).await;
        let payment = self.pay(scan, self.world.chance.one_of(&GOOD))?;
        for _ in 0..40 {
            if self.station.read(&self.world, &self.sale).await["status"] == "paid" {
                return Some(payment);
            }
            self.world.pause(20_000, 60_000).await;
        }
        None
    }

    async fn refunded(self) {
        self.begins("refunds");
        let journey = self.clone();
        tokio::spawn(async move {
            if journey.paid().await.is_some() {
                journey.ask_for_refunds().await;
            }
        });
        self.world.pause(30_000, 120_000).await;
    }

    /// Some refunds, one after the other or all at once, some of them asked for twice with one key.
    pub(crate) async fn ask_for_refunds(&self) {
        let minor = self.station.note(&self.sale, |known| known.minor);
        let at_once = self.world.chance.happens(500);
        let mut asked = Vec::new();
        for number in 0..self.world.chance.between(1, 4) {
            let whole = self.world.chance.happens(350);
            let part = self.station.amount(self.world.chance.between(1, minor));
            let body = if whole {
                json!({"reason": "spilled"})
            } else {
                json!({"amount": part, "reason": "spilled"})
            };
            let key = format!("{}-{number}", self.sale);
            for _ in 0..=u32::from(self.world.chance.happens(300)) {
                let (journey, key, body) = (self.clone(), key.clone(), body.clone());
                let refund = tokio::spawn(async move {
                    journey.world.pause(1, 5_000).await;
                    let status = journey.station.refund(&journey.world, &journey.sale, &key, &body).await;
                    journey.world.count(&format!("refunds answered {status}"));
                });
                if at_once {
                    asked.push(refund);
                } else {
                    let _ = refund.await;
                }
            }
        }
        for refund in asked {
            let _ = refund.await;
        }
    }

    async fn refunded_in_the_panel(self) {
        self.begins("refund in the panel");
        let Some(scan) = self.scan().await else { return };
        let Some(payment) = self.pay(scan, self.world.chance.one_of(&GOOD)) else { return };
        let journey = self.clone();
        tokio::spawn(async move {
            journey.world.pause(1, 2 * 3_600_000).await;
            let minor = journey.station.note(&journey.sale, |known| known.minor);
            for _ in 0..journey.world.chance.between(1, 2) {
                let part = i64::try_from(journey.world.chance.between(1, minor)).unwrap_or(1);
                let made = journey.world.mercado_pago().refund_in_panel(payment, part);
                journey
                    .world
                    .tell(|| format!("refund in the panel of payment {payment}: {part} minor: {made:?}"));
                // The station gives back all of it, and does not know yet of what went back in the panel.
                if journey.world.chance.happens(500) {
                    journey.world.pause(1, 1_000).await;
                    let (key, body) = (format!("{}-all", journey.sale), json!({"reason": "spilled"}));
                    journey.station.refund(&journey.world, &journey.sale, &key, &body).await;
                }
                journey.world.pause(1, 600_000).await;
            }
        });
        self.world.pause(5_000, 60_000).await;
    }

    /// The till is told that the sale is paid and asks the cashier, who took cash; before it says so, the buyer disputes
    /// the payment, which in the end stands.
    async fn disputed_before_the_till_answers(self) {
        self.begins("dispute before the till answers");
        self.station.note(&self.sale, |known| known.cashier = Cashier::Asked);
        let journey = self.clone();
        tokio::spawn(async move {
            if let Some(payment) = journey.paid().await {
                journey.change(payment, "in_mediation");
                journey.world.pause(60_000, 1_800_000).await;
                journey.station.note(&journey.sale, |known| known.cashier = Cashier::TookCash);
                journey.world.pause(60_000, 3_600_000).await;
                journey.change(payment, "approved");
            }
            journey.station.note(&journey.sale, |known| known.cashier = Cashier::TookCash);
        });
        self.world.pause(5_000, 60_000).await;
    }

    async fn disputed(self) {
        self.begins("dispute");
        let Some(scan) = self.scan().await else { return };
        let Some(payment) = self.pay(scan, "visa") else { return };
        let journey = self.clone();
        tokio::spawn(async move {
            journey.world.pause(600_000, 6 * 3_600_000).await;
            if journey.world.chance.happens(500) {
                let made = journey.world.mercado_pago().charge_back(payment, None);
                journey.world.tell(|| format!("chargeback of payment {payment}: {made:?}"));
                if journey.world.chance.happens(500) {
                    journey.world.pause(600_000, 6 * 3_600_000).await;
                    journey.change(payment, "approved");
                }
            } else {
                journey.change(payment, "in_mediation");
                journey.world.pause(600_000, 6 * 3_600_000).await;
                let end = journey.world.chance.one_of(&["approved", "refunded", "charged_back"]);
                journey.change(payment, end);
            }
        });
        self.world.pause(5_000, 60_000).await;
    }

    /// A payment that does not fit the sale. Somebody may give it back, and may then take cash.
    async fn odd_payment(self) {
        self.begins("odd payment");
        let Some(scan) = self.scan().await else { return };
        let minor = self.station.note(&self.sale, |known| {
            known.odd.insert("odd payment");
            known.minor
        });
        let amount = |minor: u64| Json::Number(self.station.amount(minor));
        let twist = match self.world.chance.between(0, 3) {
            0 => Twist { amount: amount(minor + self.world.chance.between(1, 1_000)), ..Twist::default() },
            1 => Twist { amount: amount((minor / 2).max(1)), ..Twist::default() },
            2 => Twist { collector_id: Some(7), ..Twist::default() },
            _ => Twist { currency: Some("USD".to_owned()), ..Twist::default() },
        };
        let mercado_pago = self.world.mercado_pago();
        let _ = mercado_pago.set_faults(Faults { next_payment: Some(twist), ..mercado_pago.faults() });
        let Some(payment) = self.pay(scan, "visa") else { return };
        let journey = self.clone();
        tokio::spawn(async move {
            journey.world.pause(60_000, 3_600_000).await;
            if journey.world.chance.happens(600) {
                let body = json!({"payment_id": payment.to_string(), "reason": "does not fit"});
                let key = format!("{}-odd", journey.sale);
                journey.station.refund(&journey.world, &journey.sale, &key, &body).await;
            }
            if journey.world.chance.happens(300) {
                journey.station.dispose(&journey.world, &journey.sale, false).await;
            }
        });
        self.world.pause(5_000, 30_000).await;
    }

    /// A payment in the same account that is none of ours, or names a sale that never was.
    async fn stray_payment(self) {
        self.begins("stray payment");
        let reference = self.station.note(&self.sale, |known| known.reference.clone());
        let reference = ExternalReference::parse(&reference).expect("a reference of ours");
        let nowhere = SaleId::parse(&format!("{}-nowhere", self.sale)).expect("an id");
        let order = reference.order().after();
        let made_up = ExternalReference::new(reference.station(), reference.position(), &nowhere, order);
        let names = [made_up.to_string(), "invoice-77".to_owned()];
        let name = names[usize::from(self.world.chance.happens(500))].clone();
        let account = self.account();
        let draft = PaymentDraft {
            account,
            amount: Json::Number("100".to_owned()),
            external_reference: Some(name),
            ..PaymentDraft::default()
        };
        let _ = self.world.mercado_pago().create_payment(&draft);
        self.one_phone("one phone", &GOOD).await;
    }

    /// The collector id of the station's account.
    fn account(&self) -> u64 {
        let scan = self.world.mercado_pago().scan(&self.pos);
        scan.map(|scan| scan.account).unwrap_or_default()
    }
}

/// Somebody who knows the notification URLs, with and without their keys, and wishes to be paid for nothing.
pub async fn forge(world: &Arc<World>, url: &str) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let account = path.rsplit('/').next().unwrap_or_default().to_owned();
    let payment = 130_000_000_000 + world.chance.between(1, 400);
    let key = world.chance.one_of(&[query, "key=guess", ""]).to_owned();
    let body = |kind: &str| -> Value {
        json!({"type": kind, "action": "payment.updated", "data": {"id": payment.to_string(), "status": "approved"}, "live_mode": true})
    };
    let (query, body) = match world.chance.between(0, 3) {
        0 => (format!("{key}&topic=payment&id={payment}"), String::new()),
        1 => (format!("{key}&data.id={payment}&type=payment"), body("payment").to_string()),
        2 => (format!("{key}&topic=merchant_order&id={}", 31_000_000_000 + payment % 1_000), "{".to_owned()),
        _ => (
            format!("{key}&data.id={payment}&type=topic_chargebacks_wh"),
            body("topic_chargebacks_wh").to_string(),
        ),
    };
    let signature = "ts=1763802000,v1=00000000000000000000000000000000000000000000000000000000000000aa";
    let headers =
        vec![("x-signature".to_owned(), signature.to_owned()), ("x-request-id".to_owned(), "r".to_owned())];
    world.count("forged notifications");
    News { account, query, headers, body }.deliver(world).await;
}
