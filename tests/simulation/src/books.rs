//! After the dust settled: what the pumps delivered, our ledger, and Mercado Pago's accounts are three books of the same
//! money, and must tell the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use surtidor::id::ExternalReference;
use surtidor::payment::Standing;
use surtidor::sale::{
    Attempt, CommandKind, Observation, Refund, RefundOrigin, RefundStatus, Refusal, Sale, SaleStatus,
};

use crate::charges;
use crate::station::{Delivered, Station};
use crate::world::{World, lock};

/// A payment as Mercado Pago has it.
#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) reference: String,
    status: String,
    /// Whether the money is in one of our accounts.
    ours: bool,
    /// Minor units.
    amount: u64,
    /// Minor units of approved refunds.
    refunded: u64,
    /// Mercado Pago's refunds: id to status and minor units.
    refunds: BTreeMap<String, (String, u64)>,
}

impl Payment {
    /// What it names, without the number of a charge.
    fn sale(&self) -> &str {
        self.reference.split('-').next().unwrap_or_default()
    }

    /// Minor units that the seller still has of it.
    pub(crate) fn kept(&self) -> u64 {
        match self.status.as_str() {
            "approved" | "in_mediation" if self.ours => self.amount - self.refunded,
            _ => 0,
        }
    }

    pub(crate) fn moved_money(&self) -> bool {
        matches!(self.status.as_str(), "approved" | "in_mediation" | "refunded" | "charged_back")
    }
}

/// A difference between the books: the sale it is about, and what differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Words by which the story of it is found: references, sale ids, payment ids.
    pub about: Vec<String>,
    /// What differs.
    pub what: String,
}

/// Compares the books; an empty list is what everything is done for.
#[must_use]
pub fn compare(world: &World, stations: &[std::sync::Arc<Station>]) -> Vec<Difference> {
    let (sales, strays) = ledger(world);
    let payments = payments(world);
    let mut differences = world.violations();
    let mut told = BTreeSet::new();
    for station in stations {
        for (name, delivered) in &lock(&station.till).sales {
            told.insert(delivered.reference.clone());
            let paid: Vec<_> = payments
                .iter()
                .filter(|payment| payment.sale().eq_ignore_ascii_case(&delivered.reference))
                .collect();
            let mut found = |what: String| {
                let mut about = vec![name.clone(), delivered.reference.clone()];
                about.extend(paid.iter().map(|payment| payment.id.clone()));
                differences.push(Difference { about, what: format!("{name}: {what}") });
            };
            match sales.get(&delivered.reference) {
                None => found("was delivered and is not in the ledger".to_owned()),
                Some(sale) => {
                    check(sale, delivered, &paid, &mut found);
                    charges::check(world, sale, delivered, &paid, &mut found);
                }
            }
        }
    }
    for reference in sales.keys().filter(|reference| !told.contains(*reference)) {
        differences.push(Difference {
            about: vec![reference.clone()],
            what: format!("{reference} is in the ledger and was never delivered"),
        });
    }
    for payment in payments.iter().filter(|payment| !told.contains(payment.sale())) {
        let ours = ExternalReference::of_payment(&payment.reference).is_ok();
        if ours && payment.moved_money() && !strays.contains(&payment.id) {
            differences.push(Difference {
                about: vec![payment.id.clone(), payment.reference.clone()],
                what: format!("payment {} names a sale that never was, and nobody is told", payment.id),
            });
        }
    }
    differences
}

/// When Mercado Pago is asked to give money back, the intent stands in the ledger already, under the key of the call.
pub fn expect_intent(world: &World, key: &str) {
    let reference = key.split('-').next().unwrap_or_default();
    let stands = |sale: &Sale| sale.refunds.iter().any(|refund| refund.id == key);
    if !sale_of(world, reference).as_ref().is_some_and(stands) {
        let what = format!("a refund is asked for with the key {key:?}, which is not in the ledger");
        world.violated(Difference { about: vec![reference.to_owned()], what });
    }
}

/// Every way in which the books of one sale may differ.
fn check(sale: &Sale, delivered: &Delivered, paid: &[&Payment], found: &mut impl FnMut(String)) {
    if sale.amount().minor() != delivered.minor {
        found(format!("the pump showed {}, the ledger has {}", delivered.minor, sale.amount().minor()));
    }
    payments_are_known(sale, paid, found);
    refunds_are_known(sale, paid, found);
    money_is_right(sale, delivered, paid, found);
    station_was_told(sale, delivered, found);
    answers_were_kept(sale, delivered, found);
    if sale.pending_refunds().next().is_some() {
        found("a refund has no end".to_owned());
    }
    if sale.status != sale.status_of_facts() {
        found(format!("the status {} is not what the facts add up to", sale.status));
    }
}

fn payments_are_known(sale: &Sale, paid: &[&Payment], found: &mut impl FnMut(String)) {
    for payment in paid {
        let attempt = sale.attempts.iter().find(|attempt| attempt.payment_id.as_str() == payment.id);
        match attempt {
            None if payment.moved_money() => found(format!("payment {} is paid and unknown", payment.id)),
            None => {}
            Some(attempt) => {
                let latest = attempt.latest().map(|latest| latest.status.0.clone()).unwrap_or_default();
                if latest != payment.status {
                    found(format!("payment {} is {} and we think {latest}", payment.id, payment.status));
                }
                if payment.moved_money() && attempt.refunded_minor() != payment.refunded {
                    found(format!(
                        "of payment {} {} went back and we think {}",
                        payment.id,
                        payment.refunded,
                        attempt.refunded_minor()
                    ));
                }
            }
        }
    }
    for attempt in &sale.attempts {
        if !paid.iter().any(|payment| payment.id == attempt.payment_id.as_str()) {
            found(format!("payment {} is in the ledger and not at Mercado Pago", attempt.payment_id));
        }
    }
}

fn refunds_are_known(sale: &Sale, paid: &[&Payment], found: &mut impl FnMut(String)) {
    for payment in paid {
        for (id, (status, amount)) in &payment.refunds {
            let ours: Vec<_> =
                sale.refunds.iter().filter(|refund| refund.mercado_pago_id.as_deref() == Some(id)).collect();
            let [ours] = ours.as_slice() else {
                found(format!(
                    "refund {id} of payment {} stands {} times in the ledger",
                    payment.id,
                    ours.len()
                ));
                continue;
            };
            let agrees = match status.as_str() {
                "approved" => ours.status == RefundStatus::Approved,
                "rejected" => ours.status == RefundStatus::Rejected,
                _ => ours.status == RefundStatus::Pending,
            };
            if !agrees || ours.amount.minor() != *amount {
                found(format!(
                    "refund {id} is {status} of {amount} and we think {:?} of {}",
                    ours.status, ours.amount
                ));
            }
        }
    }
    for refund in sale.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved) {
        let id = refund.mercado_pago_id.clone().unwrap_or_default();
        if !paid.iter().any(|payment| payment.refunds.contains_key(&id)) {
            found(format!("refund {} is in the ledger and not at Mercado Pago", refund.id));
        }
    }
}

/// What the seller keeps is what the sale's state says, and no sale is paid twice.
fn money_is_right(sale: &Sale, delivered: &Delivered, paid: &[&Payment], found: &mut impl FnMut(String)) {
    let kept: u64 = paid.iter().map(|payment| payment.kept()).sum();
    let tip = sale.winner().and_then(|winner| delivered.tips.get(winner.payment_id.as_str())).copied();
    let owed = sale.amount().minor() + tip.unwrap_or(0);
    let refunded = sale.winner().map_or(0, |winner| sale.given_back(winner).minor());
    let right = match sale.status {
        SaleStatus::Paid => kept == owed && refunded == 0,
        SaleStatus::PartiallyRefunded => kept == owed - refunded && refunded > 0 && refunded < owed,
        SaleStatus::InMediation => kept == owed - refunded,
        SaleStatus::Pending
        | SaleStatus::Deferred
        | SaleStatus::SettledElsewhere
        | SaleStatus::Void
        | SaleStatus::Refunded
        | SaleStatus::ChargedBack => kept == 0,
        // A person decides; but there must be something to decide.
        SaleStatus::NeedsReview => true,
    };
    if !right {
        found(format!(
            "the sale of {owed} is {} (gave back {refunded}), and the seller keeps {kept}",
            sale.status
        ));
    }
    if sale.status == SaleStatus::NeedsReview {
        // As it was played: for want of balance, a refund that was in process and ended badly, somebody else's refund of
        // the payment that was faster, or a dispute, during which Mercado Pago refunds nothing.
        let refused = sale.refunds.iter().any(|refund| {
            let other = |other: &Refund| other.id != refund.id && other.payment_id == refund.payment_id;
            let disputed = |attempt: &Attempt| {
                let seen = |seen: &Observation| seen.status.standing() == Standing::InMediation;
                attempt.payment_id == refund.payment_id && attempt.history.iter().any(seen)
            };
            refund.origin == RefundOrigin::System
                && refund.status == RefundStatus::Rejected
                && (refund.refusal == Some(Refusal::NoBalance)
                    || refund.refusal == Some(Refusal::WrongState) && sale.attempts.iter().any(disputed)
                    || refund.mercado_pago_id.is_some()
                    || sale.refunds.iter().any(other))
        });
        if sale.review_reasons().is_empty() {
            found("is under review without a reason".to_owned());
        } else if delivered.odd.is_empty() && !refused {
            found(format!("is under review for nothing: {:?}", sale.review_reasons()));
        }
    }
    if (delivered.settled || delivered.void) && kept > 0 && sale.status != SaleStatus::NeedsReview {
        found(format!(
            "other money was taken or the sale withdrawn, and the seller keeps {kept} of the phone's"
        ));
    }
}

fn station_was_told(sale: &Sale, delivered: &Delivered, found: &mut impl FnMut(String)) {
    let told = |kind: CommandKind| -> Vec<&Value> {
        delivered.told.values().filter(|command| command["kind"] == kind.word()).collect()
    };
    if let Some(open) = sale.open_commands().next() {
        found(format!("the command {} was never acknowledged", open.id));
    }
    for command in &sale.commands {
        if !delivered.told.contains_key(&command.id) {
            found(format!("the station was never told {}", command.id));
        }
    }
    let paid = told(CommandKind::Paid);
    let standing =
        matches!(sale.status, SaleStatus::Paid | SaleStatus::PartiallyRefunded | SaleStatus::InMediation);
    let winner = sale.winner().map(|winner| winner.payment_id.to_string());
    if standing && !paid.iter().any(|command| command["payment_id"].as_str() == winner.as_deref()) {
        found("is paid and the station was not told".to_owned());
    }
    let withdrawn = told(CommandKind::Withdrawn).len();
    for command in &paid {
        let payment = command["payment_id"].as_str().unwrap_or_default();
        let went_back = sale.attempts.iter().any(|attempt| {
            attempt.payment_id.as_str() == payment && Some(sale.given_back(attempt)) == attempt.amount()
        });
        let times = paid.iter().filter(|other| other["payment_id"] == *payment).count();
        if Some(payment) != winner.as_deref() && !went_back && sale.status != SaleStatus::NeedsReview {
            found(format!("the station was told that payment {payment} paid it, and it did not"));
        }
        if times > 1 + withdrawn {
            found(format!("the station was told {times} times that payment {payment} paid it"));
        }
    }
    for command in paid.iter().filter(|command| command["answer"] == "paid_elsewhere") {
        let payment = command["payment_id"].as_str().unwrap_or_default();
        let stays = sale.attempts.iter().find(|attempt| attempt.payment_id.as_str() == payment).is_some_and(
            |attempt| attempt.is_approved() && Some(sale.given_back(attempt)) != attempt.amount(),
        );
        if stays && sale.status != SaleStatus::NeedsReview {
            found(format!("the station had taken other money, and payment {payment} stays"));
        }
    }
    let refunds = sale.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved).count();
    if told(CommandKind::Refunded).len() != refunds {
        found(format!(
            "{refunds} refunds, and the station was told of {}",
            told(CommandKind::Refunded).len()
        ));
    }
}

/// What the station and the back office were answered still holds.
fn answers_were_kept(sale: &Sale, delivered: &Delivered, found: &mut impl FnMut(String)) {
    for (key, (status, answer)) in &delivered.refunds {
        let ours: Vec<_> = sale
            .refunds
            .iter()
            .filter(
                |refund| matches!(&refund.origin, RefundOrigin::Request { key: known, .. } if known == key),
            )
            .collect();
        match (status, ours.as_slice()) {
            (201, [refund]) if refund.status == RefundStatus::Approved => {
                if answer["amount"] != json!(refund.amount.to_string()) {
                    found(format!(
                        "the refund {key} was answered {} and is {}",
                        answer["amount"], refund.amount
                    ));
                }
            }
            (202 | 409 | 422, [_]) | (400..=499, []) => {}
            (status, ours) => {
                found(format!("the refund {key} was answered {status}, and there are {ours:?}"));
            }
        }
    }
}

/// One sale.
pub(crate) fn sale_of(world: &World, reference: &str) -> Option<Sale> {
    let reference = ExternalReference::parse(reference).ok()?;
    let pk = format!("position#{}#{}", reference.station(), reference.position());
    let sk = format!("sale#{}", reference.within_position());
    serde_json::from_value(item(world, &pk, &sk)?).ok()
}

/// One item of the table.
pub(crate) fn item(world: &World, pk: &str, sk: &str) -> Option<Value> {
    let table = world.aws.resource("Table")?;
    let request = json!({"TableName": table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}});
    let (_, answer) = world.aws.call("DynamoDB_20120810.GetItem", request.to_string().as_bytes());
    let answer: Value = serde_json::from_str(&answer).ok()?;
    Some(plain(&answer["Item"]))
}

/// Every sale by its reference, and the payments that were written down for want of a sale.
fn ledger(world: &World) -> (BTreeMap<String, Sale>, BTreeSet<String>) {
    let table = world.aws.resource("Table").unwrap_or_default();
    let (mut sales, mut strays) = (BTreeMap::new(), BTreeSet::new());
    let mut start = Value::Null;
    loop {
        let mut request = json!({"TableName": table});
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let (_, page) = world.aws.call("DynamoDB_20120810.Scan", request.to_string().as_bytes());
        let mut page: Value = serde_json::from_str(&page).unwrap_or_default();
        for item in page["Items"].as_array().into_iter().flatten() {
            let text = |key: &str| item[key]["S"].as_str().unwrap_or_default();
            if text("pk").starts_with("payment#") {
                strays.insert(text("payment_id").to_owned());
            }
            if text("pk").starts_with("position#") && text("sk").starts_with("sale#") {
                let sale: Sale = serde_json::from_value(plain(item)).expect("an item that is a sale");
                sales.insert(sale.reference.to_string(), sale);
            }
        }
        start = page["LastEvaluatedKey"].take();
        if start.is_null() {
            return (sales, strays);
        }
    }
}

/// DynamoDB's JSON without its types.
fn plain(item: &Value) -> Value {
    fn value(typed: &Value) -> Value {
        let Some((kind, inner)) = typed.as_object().and_then(|typed| typed.iter().next()) else {
            return Value::Null;
        };
        match kind.as_str() {
            "N" => inner.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            "L" => inner.as_array().into_iter().flatten().map(value).collect(),
            "M" => plain(inner),
            "NULL" => Value::Null,
            _ => inner.clone(),
        }
    }
    item.as_object()
        .into_iter()
        .flatten()
        .map(|(name, typed)| (name.clone(), value(typed)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn payments(world: &World) -> Vec<Payment> {
    let minor = |value: &Value, currency: &str| {
        let currency = surtidor::money::Currency::parse(currency).expect("a currency");
        surtidor::money::Money::from_wire(&value.to_string(), currency).expect("an amount").minor()
    };
    let read = |payment: simulated_mercado_pago::Json| {
        let payment: Value = serde_json::from_str(&payment.to_string()).expect("a payment");
        let currency = payment["currency_id"].as_str().unwrap_or_default().to_owned();
        let refund = |refund: &Value| {
            let status = refund["status"].as_str().unwrap_or_default().to_owned();
            (refund["id"].to_string(), (status, minor(&refund["amount"], &currency)))
        };
        let refunds: BTreeMap<_, _> =
            payment["refunds"].as_array().into_iter().flatten().map(refund).collect();
        Payment {
            id: payment["id"].to_string(),
            reference: payment["external_reference"].as_str().unwrap_or_default().to_owned(),
            status: payment["status"].as_str().unwrap_or_default().to_owned(),
            ours: crate::setting::is_ours(payment["collector_id"].as_u64().unwrap_or_default()),
            amount: minor(&payment["transaction_amount"], &currency),
            refunded: refunds
                .values()
                .filter(|(status, _)| status == "approved")
                .map(|(_, amount)| amount)
                .sum(),
            refunds,
        }
    };
    world.mercado_pago().payments().into_iter().map(read).collect()
}
