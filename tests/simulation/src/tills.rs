//! Tills with terminals: amounts are sent to them, cards are held to them, and everything that people do about it.

use std::sync::Arc;

use serde_json::{Value, json};
use simulated_mercado_pago::{CardRead, NetworkLoss};
use surtidor::sale::ChargeStanding;

use crate::books::Difference;
use crate::charges::{expect_truth, is_last, is_shown, standing};
use crate::cloud::{Event, Function};
use crate::people::{BAD, GOOD, Journey};
use crate::station::Station;
use crate::world::World;

/// Cards that are approved.
const CARDS: [&str; 3] = ["visa", "master", "debit"];

/// A request of a till for an amount at a terminal.
#[derive(Clone, Debug)]
struct Asked {
    terminal: String,
    key: Option<String>,
    body: Value,
}

impl Station {
    /// Sends an amount to a terminal, until there is a definite answer.
    async fn charge(&self, world: &Arc<World>, sale: &str, asked: &Asked) -> (u16, Value) {
        let parameters = [("station", self.id.as_str()), ("terminal", asked.terminal.as_str())];
        let key = asked.key.as_deref();
        let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", *key)).collect();
        let body = asked.body.to_string();
        let route = "/v1/stations/{station}/terminals/{terminal}/charges";
        let event = Event { headers: &headers, ..self.event("POST", route, &parameters, &body) };
        let (status, told) = self.insist(world, Function::PointTerminals, &event).await;
        expect_truth(world, self, sale, key, &told);
        world.count(&format!("charges answered {status}"));
        (status, told)
    }

    /// Looks at a charge.
    async fn see_charge(&self, world: &Arc<World>, sale: &str, charge: &str) -> Value {
        let parameters = [("station", self.id.as_str()), ("charge", charge)];
        let event = self.event("GET", "/v1/stations/{station}/charges/{charge}", &parameters, "");
        let (_, told) = self.insist(world, Function::PointTerminals, &event).await;
        expect_truth(world, self, sale, None, &told);
        told
    }

    /// Asks for a charge to be cancelled.
    async fn cancel_charge(&self, world: &Arc<World>, sale: &str, charge: &str) -> (u16, Value) {
        let parameters = [("station", self.id.as_str()), ("charge", charge)];
        let route = "/v1/stations/{station}/charges/{charge}/cancel";
        let event = self.event("POST", route, &parameters, "");
        let (status, told) = self.insist(world, Function::PointTerminals, &event).await;
        expect_truth(world, self, sale, None, &told);
        world.count(&format!("cancellations answered {status}"));
        (status, told)
    }
}

impl Journey {
    /// A sale that is paid at a terminal, or not.
    pub(crate) async fn at_a_terminal(self) {
        if self.world.chance.happens(250) {
            return self.free_amount().await;
        }
        match self.world.chance.between(0, 11) {
            0 => self.phone_and_card().await,
            1 => self.cash_while_shown(false).await,
            2 => self.cash_while_shown(true).await,
            3 => self.two_tills().await,
            _ => self.by_card().await,
        }
    }

    /// Something that no pump told of.
    async fn free_amount(self) {
        let journey = self.free(self.world.chance.between(1, 100_000));
        journey.clone().by_card().await;
        journey.ends_free().await;
    }

    fn free(&self, minor: u64) -> Self {
        let sale = format!("{}-free", self.sale);
        self.station.note(&sale, |known| known.minor = minor);
        Self { sale, ..self.clone() }
    }

    /// A sale that came to be has a reference, whether or not a charge of it was told.
    async fn ends_free(&self) {
        // A repeat of the first request may still be under way.
        self.world.pause(60_000, 90_000).await;
        let told = self.station.read(&self.world, &self.sale).await;
        match told["external_reference"].as_str() {
            Some(reference) => {
                self.station.note(&self.sale, |known| reference.clone_into(&mut known.reference));
            }
            None => self.station.forget(&self.sale),
        }
    }

    /// What becomes of one buyer with a card.
    async fn by_card(self) {
        match self.world.chance.between(0, 11) {
            0 => self.rejected_card().await,
            1 => self.nobody_pays().await,
            2 | 3 => self.cancelled_while_paid().await,
            4 => self.cancelled_at_the_terminal().await,
            5 => self.without_network().await,
            6 => self.stuck().await,
            7 => self.misplaced().await,
            8 | 9 => self.card_refunded().await,
            _ => self.card().await,
        }
    }

    fn terminal(&self) -> String {
        let all: Vec<&String> = self.station.terminals.iter().collect();
        self.world.chance.one_of(&all).clone()
    }

    /// A request for the sale's amount; with a key of its own, or without one.
    fn asks(&self, terminal: &str) -> Asked {
        let (id, amount) =
            (&self.sale, self.station.note(&self.sale, |known| self.station.amount(known.minor)));
        let is_free = self.sale.ends_with("-free");
        let body = if is_free || self.world.chance.happens(300) {
            json!({"sale_id": id, "amount": amount})
        } else {
            json!({"sale_id": id})
        };
        let key =
            self.world.chance.happens(700).then(|| format!("{id}-{}", self.world.chance.between(0, 1 << 40)));
        Asked { terminal: terminal.to_owned(), key, body }
    }

    /// Sends the amount to a terminal, again while something else holds it; the charge. The same request may come twice
    /// at once.
    async fn send(&self, terminal: &str) -> Option<String> {
        for _ in 0..6 {
            let asked = self.asks(terminal);
            if self.world.chance.happens(250) {
                let (journey, asked) = (self.clone(), asked.clone());
                tokio::spawn(async move {
                    journey.world.pause(1, 20_000).await;
                    journey.station.charge(&journey.world, &journey.sale, &asked).await;
                });
            }
            let (status, told) = self.station.charge(&self.world, &self.sale, &asked).await;
            match status {
                200..=202 => return told["charge_id"].as_str().map(str::to_owned),
                409 => self.world.pause(5_000, 120_000).await,
                _ => return None,
            }
        }
        None
    }

    /// The till looks until the charge has an end.
    async fn watch(&self, charge: &str) -> ChargeStanding {
        for _ in 0..30 {
            let told = self.station.see_charge(&self.world, &self.sale, charge).await;
            match standing(&told["status"]) {
                ChargeStanding::AtWork => self.world.pause(1_000, 60_000).await,
                end => return end,
            }
        }
        ChargeStanding::AtWork
    }

    /// A card is held to the terminal, if it waits for one for this charge.
    fn hold(&self, terminal: &str, charge: &str, means: &str) -> bool {
        if !is_shown(&self.world, terminal, charge) {
            return false;
        }
        // Only orders tell a tip.
        let tips = self.station.by_orders && CARDS.contains(&means);
        let tip = (tips && self.world.chance.happens(50)).then(|| self.world.chance.between(1, 5_000));
        let card =
            CardRead { means: means.to_owned(), tip: tip.map(|tip| self.station.amount(tip)), late: false };
        self.read(terminal, charge, &card, tip)
    }

    fn read(&self, terminal: &str, charge: &str, card: &CardRead, tip: Option<u64>) -> bool {
        let read = self.world.mercado_pago().read_card(terminal, card);
        self.world.tell(|| {
            let end = read.as_ref().map(|view| view.charge.as_ref().and_then(|charge| charge.payment));
            format!("{} at {terminal} for {charge}: {end:?}", card.means)
        });
        let Ok(read) = read else { return false };
        if let (Some(tip), Some(payment)) = (tip, read.charge.and_then(|charge| charge.payment)) {
            self.station.note(&self.sale, |known| known.tips.insert(payment.to_string(), tip));
        }
        true
    }

    fn hold_after(&self, terminal: &str, charge: &str, (shortest, longest): (u64, u64)) {
        let (journey, terminal, charge) = (self.clone(), terminal.to_owned(), charge.to_owned());
        tokio::spawn(async move {
            journey.world.pause(shortest, longest).await;
            let means = journey.world.chance.one_of(&CARDS);
            journey.hold(&terminal, &charge, means);
        });
    }

    async fn card(self) {
        self.begins("card");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        self.world.pause(1_000, 40_000).await;
        self.hold(&terminal, &charge, self.world.chance.one_of(&GOOD));
        self.watch(&charge).await;
    }

    async fn rejected_card(self) {
        self.begins("rejected card");
        let terminal = self.terminal();
        for means in [self.world.chance.one_of(&BAD), "visa"] {
            let Some(charge) = self.send(&terminal).await else { return };
            self.world.pause(1_000, 40_000).await;
            self.hold(&terminal, &charge, means);
            self.watch(&charge).await;
        }
    }

    /// The amount is shown until it expires, or never; a phone may pay then.
    async fn nobody_pays(self) {
        self.begins("nobody pays at the terminal");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        if self.world.chance.happens(700) {
            let _ = self.world.mercado_pago().receive(&terminal);
        }
        self.watch(&charge).await;
        if self.world.chance.happens(500) && !self.sale.ends_with("-free") {
            self.station.dispose(&self.world, &self.sale, false).await;
        }
    }

    /// The till cancels while the buyer pays. What came to nothing is paid otherwise, and may have been paid all the same.
    async fn cancelled_while_paid(self) {
        self.begins("cancelled while paid");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        if self.world.chance.happens(700) {
            self.hold_after(&terminal, &charge, (1, 6_000));
        }
        self.world.pause(1, 6_000).await;
        let (status, _) = self.station.cancel_charge(&self.world, &self.sale, &charge).await;
        if status == 409 && is_shown(&self.world, &terminal, &charge) && self.world.chance.happens(500) {
            let _ = self.world.mercado_pago().cancel_at_terminal(&terminal);
        }
        if self.watch(&charge).await != ChargeStanding::Over {
            return;
        }
        if self.world.chance.happens(500) && !self.sale.ends_with("-free") {
            self.station.dispose(&self.world, &self.sale, false).await;
        } else if self.world.chance.happens(300) {
            let Some(again) = self.send(&terminal).await else { return };
            self.hold_after(&terminal, &again, (1, 20_000));
            self.watch(&again).await;
            return;
        }
        if self.world.chance.happens(500) && is_last(&self.world, &terminal, &charge) {
            self.station.note(&self.sale, |known| known.late.insert(charge.clone()));
            let card = CardRead { means: "visa".to_owned(), tip: None, late: true };
            self.world.count("charges paid though over");
            self.read(&terminal, &charge, &card, None);
        }
    }

    async fn cancelled_at_the_terminal(self) {
        self.begins("cancelled at the terminal");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        self.world.pause(1_000, 60_000).await;
        if is_shown(&self.world, &terminal, &charge) {
            let mercado_pago = self.world.mercado_pago();
            let _ = if self.world.chance.happens(300) {
                mercado_pago.fail_at_terminal(&terminal)
            } else {
                mercado_pago.cancel_at_terminal(&terminal)
            };
        }
        // The cashier repeats the request that he made, and then charges anew.
        self.watch(&charge).await;
        let asked = self.asks(&terminal);
        for _ in 0..2 {
            self.station.charge(&self.world, &self.sale, &asked).await;
            self.world.pause(1_000, 20_000).await;
            let newest = self.station.note(&self.sale, |known| known.charges.last().cloned());
            if let Some(newest) = newest {
                self.hold(&terminal, &newest, self.world.chance.one_of(&["visa", "rejected_funds"]));
                self.watch(&newest).await;
            }
        }
    }

    async fn without_network(self) {
        self.begins("terminal without network");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        self.world.pause(500, 20_000).await;
        if !is_shown(&self.world, &terminal, &charge) {
            return;
        }
        let mercado_pago = self.world.mercado_pago();
        let _ = mercado_pago.receive(&terminal);
        let card = self.world.chance.happens(600).then(|| self.world.chance.one_of(&CARDS).to_owned());
        let loss = NetworkLoss { card, now: self.world.chance.happens(400) };
        let done = mercado_pago.lose_network(&terminal, &loss).is_ok();
        self.world.tell(|| format!("{terminal} loses its network with {charge}: {loss:?} {done}"));
        let journey = self.clone();
        let restored = terminal.clone();
        let back = tokio::spawn(async move {
            journey.world.pause(1_000, 180_000).await;
            let _ = journey.world.mercado_pago().restore_network(&restored);
            journey.world.tell(|| format!("{restored} has its network again"));
        });
        let end = self.watch(&charge).await;
        let _ = back.await;
        if end == ChargeStanding::InDoubt {
            self.world.count("charges in doubt");
            // The cashier looked at the terminal, or did not, and charges again.
            self.world.pause(1_000, 300_000).await;
            let Some(again) = self.send(&terminal).await else { return };
            self.world.pause(1_000, 20_000).await;
            self.hold(&terminal, &again, "visa");
            self.watch(&again).await;
        }
    }

    async fn stuck(self) {
        self.begins("stuck terminal");
        let terminal = self.terminal();
        let charge = self.send(&terminal).await;
        let _ = self.world.mercado_pago().get_stuck(&terminal);
        self.world.tell(|| format!("{terminal} is stuck"));
        self.world.pause(10_000, 900_000).await;
        let _ = self.world.mercado_pago().free(&terminal);
        self.world.tell(|| format!("{terminal} works again"));
        let Some(charge) = charge else { return };
        self.hold(&terminal, &charge, "visa");
        self.watch(&charge).await;
    }

    /// Mercado Pago says that the money was taken at another terminal.
    async fn misplaced(self) {
        self.begins("another terminal");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        self.station.note(&self.sale, |known| known.odd.insert("another terminal"));
        self.world.misplace(&charge);
        self.world.pause(1_000, 20_000).await;
        self.hold(&terminal, &charge, "visa");
        self.watch(&charge).await;
    }

    async fn card_refunded(self) {
        self.begins("card and refunds");
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        self.world.pause(1_000, 20_000).await;
        self.hold(&terminal, &charge, self.world.chance.one_of(&CARDS));
        if self.watch(&charge).await == ChargeStanding::Paid {
            self.ask_for_refunds().await;
        }
    }

    /// One buyer, a phone and a card.
    async fn phone_and_card(self) {
        self.begins("phone and card");
        let terminal = self.terminal();
        let Some(scan) = self.scan().await else { return };
        let Some(charge) = self.send(&terminal).await else { return };
        self.pays_after(scan, (1, 60_000), &GOOD);
        self.hold_after(&terminal, &charge, (1, 60_000));
        self.world.pause(1_000, 60_000).await;
        self.watch(&charge).await;
    }

    /// Other money is taken, or the sale withdrawn, while the terminal shows the amount.
    async fn cash_while_shown(self, void: bool) {
        self.begins(if void { "card and void" } else { "card and cash" });
        let terminal = self.terminal();
        let Some(charge) = self.send(&terminal).await else { return };
        if self.world.chance.happens(600) {
            let _ = self.world.mercado_pago().receive(&terminal);
        }
        if self.world.chance.happens(700) {
            self.hold_after(&terminal, &charge, (1, 60_000));
        }
        self.world.pause(1, 30_000).await;
        self.station.dispose(&self.world, &self.sale, void).await;
        self.watch(&charge).await;
    }

    /// Two tills send the same sale, each to a terminal of its own, or each a sale of its own to the same terminal.
    async fn two_tills(self) {
        self.begins("two tills");
        let same = self.world.chance.happens(500);
        let other = if same { self.free(self.world.chance.between(1_000, 50_000)) } else { self.clone() };
        let other = tokio::spawn(async move {
            other.till(&other.station.terminals[0]).await;
            if same {
                other.ends_free().await;
            }
        });
        self.till(&self.station.terminals[usize::from(!same)]).await;
        let _ = other.await;
    }

    async fn till(&self, terminal: &str) {
        self.world.pause(1, 2_000).await;
        let asked = self.asks(terminal);
        let (_, told) = self.station.charge(&self.world, &self.sale, &asked).await;
        let Some(charge) = told["charge_id"].as_str() else { return };
        self.world.pause(1_000, 40_000).await;
        self.hold(terminal, charge, self.world.chance.one_of(&["visa", "master", "rejected_other"]));
        self.watch(charge).await;
    }
}

/// In the end every terminal takes a charge: none is held for ever.
pub async fn try_each_terminal(world: &Arc<World>, stations: &[Arc<Station>]) {
    for station in stations {
        for (number, terminal) in station.terminals.iter().enumerate() {
            let sale = format!("{}last{number}-free", station.id);
            station.note(&sale, |known| known.minor = 1_000);
            let body = json!({"sale_id": sale, "amount": station.amount(1_000)});
            let asked = Asked { terminal: terminal.clone(), key: Some(format!("{sale}-key")), body };
            let (status, told) = station.charge(world, &sale, &asked).await;
            if status != 201 {
                let what = format!("{terminal} takes no charge in the end: {status} {told}");
                world.violated(Difference { about: vec![terminal.clone()], what });
            }
            let told = station.read(world, &sale).await;
            let reference = told["external_reference"].as_str().unwrap_or_default().to_owned();
            station.note(&sale, |known| known.reference = reference);
            let _ = world.mercado_pago().cancel_at_terminal(terminal);
        }
    }
}
