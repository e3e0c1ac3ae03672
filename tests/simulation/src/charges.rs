//! Charges at terminals in the books: what must hold when Mercado Pago is asked for one, when a till is told of one, and
//! in the end.

use serde_json::Value;
use surtidor::sale::{Charge, ChargeStanding, ChargeStatus, Sale};

use crate::books::{Difference, Payment, item, sale_of};
use crate::station::{Delivered, Station};
use crate::world::World;

/// A charge as Mercado Pago has it in a terminal's slot.
struct InSlot {
    terminal: String,
    reference: String,
    at_work: bool,
}

impl InSlot {
    /// Whether the ledger can know that it is at work: the answer that made it was heard, and no card was approved of which
    /// the terminal has not heard.
    fn is_known(&self, world: &World) -> bool {
        let sale = self.reference.split('-').next().unwrap_or_default();
        let is_heard_of = sale_of(world, sale)
            .and_then(|sale| sale.charge(&self.reference).map(|charge| charge.mercado_pago_id.is_some()));
        is_heard_of == Some(true) && !was_paid(world, &self.reference)
    }
}

fn slots(world: &World) -> impl Iterator<Item = InSlot> {
    world.mercado_pago().terminals().into_iter().filter_map(|terminal| {
        let charge = terminal.charge?;
        let words = ["created", "at_terminal", "OPEN", "ON_TERMINAL", "PROCESSING"];
        Some(InSlot {
            terminal: terminal.id,
            reference: charge.external_reference?,
            at_work: words.contains(&charge.status),
        })
    })
}

/// Whether a terminal waits for a card for a charge.
#[must_use]
pub fn is_shown(world: &World, terminal: &str, charge: &str) -> bool {
    slots(world).any(|slot| slot.at_work && slot.terminal == terminal && slot.reference == charge)
}

/// Whether a charge was the last at a terminal.
#[must_use]
pub fn is_last(world: &World, terminal: &str, charge: &str) -> bool {
    slots(world).any(|slot| !slot.at_work && slot.terminal == terminal && slot.reference == charge)
}

/// When Mercado Pago is asked for a charge, the charge stands in the ledger under the key of the call and holds its
/// terminal, and no other one of the sale is at work.
pub fn expect_intent(world: &World, key: &str, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = [&body["external_reference"], &body["additional_info"]["external_reference"]];
    let reference = named.into_iter().find_map(Value::as_str).unwrap_or_default();
    let of_sale = reference.split('-').next().unwrap_or_default();
    let violated = |what: String| world.violated(Difference { about: vec![of_sale.to_owned()], what });
    let sale = sale_of(world, of_sale);
    let charge = sale.as_ref().and_then(|sale| sale.charge(reference).map(|charge| (sale, charge)));
    match charge.filter(|_| key == reference) {
        None => violated(format!(
            "the charge {reference:?} is asked for with the key {key:?}, and is not in the ledger so"
        )),
        Some((sale, charge)) => {
            let pk = format!("terminal#{}#{}", sale.account, charge.terminal);
            let holder = item(world, &pk, "terminal").unwrap_or_default()["holder"].take();
            // One that was made already is not made again.
            if holder != *reference && charge.is_unconfirmed() {
                violated(format!("the charge {reference} is asked for, and {holder} holds its terminal"));
            }
        }
    }
    let is_other = |slot: &InSlot| {
        slot.at_work
            && slot.reference != reference
            && slot.reference.starts_with(of_sale)
            && slot.is_known(world)
    };
    if let Some(other) = slots(world).find(is_other) {
        violated(format!("the charge {reference} is asked for while {} is at work", other.reference));
    }
}

/// A terminal is claimed for a charge only while no other one is at work there: what is wrong with a claim if it succeeds.
#[must_use]
pub fn claim(world: &World, update: &[u8]) -> Option<Difference> {
    let update: Value = serde_json::from_slice(update).ok()?;
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    let values = &update["ExpressionAttributeValues"];
    let (pk, claims) = (text(&update["Key"]["pk"]), text(&values[":holder"]));
    let holder = item(world, &pk, "terminal").unwrap_or_default()["holder"].take();
    let holder = holder.as_str().filter(|holder| !claims.is_empty() && *holder != claims)?;
    let terminal = text(&values[":terminal"]);
    let held = |slot: InSlot| {
        slot.at_work && slot.terminal == terminal && slot.reference == holder && slot.is_known(world)
    };
    slots(world).any(held).then(|| {
        let what = format!("the charge {claims} took the terminal of {holder}, which is at work");
        Difference { about: vec![claims, holder.to_owned()], what }
    })
}

/// What a till is told of a charge is true: one that is over was not paid, and one key means one charge.
pub fn expect_truth(world: &World, station: &Station, sale: &str, key: Option<&str>, told: &Value) {
    let Some(charge) = told["charge_id"].as_str() else { return };
    let (other, late) = station.note(sale, |known| {
        known.charges.insert(charge.to_owned());
        let first =
            key.map(|key| known.keys.entry(key.to_owned()).or_insert_with(|| charge.to_owned()).clone());
        (first.filter(|first| first != charge), known.late.contains(charge))
    });
    let violated = |what: String| world.violated(Difference { about: vec![charge.to_owned()], what });
    // What Mercado Pago refused to make does not use a key up.
    let was_made = |other: &String| {
        let sale = sale_of(world, other.split('-').next().unwrap_or_default());
        sale.and_then(|sale| sale.charge(other).map(|charge| !charge.was_never_made())).unwrap_or(true)
    };
    if let Some(other) = other.filter(was_made) {
        violated(format!("one key gave the charge {other} first, and then {charge}"));
    }
    // What was never confirmed is told as such.
    let unconfirmed = told["status_detail"] == "not_confirmed";
    if late || unconfirmed || standing(&told["status"]) != ChargeStanding::Over {
        return;
    }
    let is_paid = was_paid(world, charge);
    let at_work = slots(world).any(|slot| slot.at_work && slot.reference == charge && slot.is_known(world));
    if is_paid || at_work {
        let truth = if is_paid { "paid" } else { "at work" };
        violated(format!("the till is told that {charge} is {}, and it is {truth}", told["status"]));
    }
}

/// Whether a card was ever approved for a charge.
fn was_paid(world: &World, charge: &str) -> bool {
    world.mercado_pago().payments().into_iter().any(|payment| {
        let payment: Value = serde_json::from_str(&payment.to_string()).unwrap_or_default();
        payment["external_reference"] == charge && payment["date_approved"].is_string()
    })
}

/// What a word of the API means.
#[must_use]
pub fn standing(status: &Value) -> ChargeStanding {
    ChargeStatus(status.as_str().unwrap_or_default().to_owned()).standing()
}

/// Every charge of a sale has an end, and the right one.
pub(crate) fn check(
    world: &World,
    sale: &Sale,
    delivered: &Delivered,
    paid: &[&Payment],
    found: &mut impl FnMut(String),
) {
    for charge in delivered.charges.iter().filter(|charge| sale.charge(charge).is_none()) {
        found(format!("the till was told of the charge {charge}, and it is not in the ledger"));
    }
    for charge in &sale.charges {
        has_its_end(world, sale, charge, paid, found);
        let misplaced = world.was_misplaced(&charge.id);
        let kept = paid.iter().any(|payment| payment.reference == charge.id && payment.kept() > 0);
        if misplaced && kept && !sale.review_reasons().contains(&surtidor::sale::ReviewReason::Terminal) {
            found(format!("the charge {} was taken at another terminal, and nobody is told", charge.id));
        }
    }
}

/// A charge as Mercado Pago shows it.
fn at_mercado_pago(world: &World, charge: &Charge) -> Value {
    let shown = charge.mercado_pago_id.as_ref().and_then(|id| world.mercado_pago().order(id.as_str()));
    shown.and_then(|charge| serde_json::from_str(&charge.to_string()).ok()).unwrap_or_default()
}

fn has_its_end(
    world: &World,
    sale: &Sale,
    charge: &Charge,
    paid: &[&Payment],
    found: &mut impl FnMut(String),
) {
    let id = &charge.id;
    let (status, _) = sale.charge_status(charge, world.now());
    let was_paid = paid.iter().any(|payment| payment.reference == *id && payment.moved_money());
    let shown = at_mercado_pago(world, charge);
    let told = [&shown["status"], &shown["state"]].into_iter().find_map(Value::as_str);
    let in_doubt = matches!(told, Some("action_required" | "CONFIRMATION_REQUIRED"));
    match status.standing() {
        ChargeStanding::AtWork => found(format!("the charge {id} has no end: {}, {told:?}", status.0)),
        ChargeStanding::Paid if !was_paid => {
            found(format!("the charge {id} is {} and nobody paid it", status.0));
        }
        ChargeStanding::Over | ChargeStanding::InDoubt if was_paid => {
            found(format!("the charge {id} was paid and is {}", status.0));
        }
        ChargeStanding::InDoubt if !in_doubt => {
            found(format!("the charge {id} is {}, and was {told:?}", status.0));
        }
        _ => {}
    }
}
