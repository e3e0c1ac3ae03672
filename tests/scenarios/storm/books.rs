//! Compares the books over HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use surtidor_tests::World;

use super::Storm;
use super::till::{Asked, Delivered};

/// Every payment as Mercado Pago shows it.
pub(super) fn payments(world: &World) -> Vec<Value> {
    let read = |payment: simulated_mercado_pago::Json| {
        serde_json::from_str(&payment.to_string()).expect("a payment")
    };
    world.mercado_pago.payments().into_iter().map(read).collect()
}

/// Where the books differ, in words.
pub(super) async fn compare(storm: &Storm) -> Vec<String> {
    let mut differences = Vec::new();
    let payments = payments(&storm.world);
    for station in storm.stations() {
        let names: Vec<_> =
            storm.till.sales().keys().filter(|name| name.starts_with(station.id)).cloned().collect();
        for name in names {
            let answer = station.get(&format!("/sales/{name}")).await;
            let sale = answer.json;
            let of_sale = |payment: &&Value| payment["external_reference"] == sale["external_reference"];
            let payments: Vec<_> = payments.iter().filter(of_sale).collect();
            let mut found = Vec::new();
            if answer.status == 200 {
                storm
                    .till
                    .note(&name, |known| Books { sale: &sale, payments: &payments, known }.check(&mut found));
            } else {
                found.push(format!("was delivered and is lost: {}", answer.text));
            }
            if !found.is_empty() {
                let known = storm.till.note(&name, |known| format!("{known:?}"));
                let payments = json!(payments);
                differences.extend(found.iter().map(|what| format!("{name}: {what}")));
                differences.push(format!("  ledger: {sale}\n  Mercado Pago: {payments}\n  till: {known}"));
            }
        }
    }
    differences
}

/// What is known of one sale.
struct Books<'a> {
    sale: &'a Value,
    payments: &'a [&'a Value],
    known: &'a Delivered,
}

impl Books<'_> {
    fn check(&self, found: &mut Vec<String>) {
        if minor(&self.sale["amount"]) != self.known.minor {
            found.push(format!("the pump showed {}", self.known.minor));
        }
        self.money(found);
        self.payments_and_refunds(found);
        self.answers(found);
        self.commands(found);
    }

    /// The status says how much of the phones' money the seller keeps.
    fn money(&self, found: &mut Vec<String>) {
        let kept: u64 = self.payments.iter().map(|payment| kept(payment)).sum();
        let moved = self.payments.iter().any(|payment| is_paid(payment));
        let expected = match (self.known.agreed, kept) {
            (Some(agreed), 0) => agreed,
            (None, _) if kept == self.known.minor => "paid",
            (None, 1..) if kept < self.known.minor => "partially_refunded",
            (None, 0) if moved => "refunded",
            _ => "something that keeps less",
        };
        if self.sale["status"] != expected {
            let (agreed, status) = (self.known.agreed, &self.sale["status"]);
            found.push(format!(
                "the seller keeps {kept} (agreed: {agreed:?}): it should be {expected}, not {status}"
            ));
        }
    }

    fn payments_and_refunds(&self, found: &mut Vec<String>) {
        let told = |list: &Value, id: &str| -> BTreeMap<String, Value> {
            let items = list.as_array().into_iter().flatten();
            items
                .map(|item| (item[id].as_str().unwrap_or_default().to_owned(), item["status"].clone()))
                .collect()
        };
        let ours = told(&self.sale["attempts"], "payment_id");
        let theirs: BTreeMap<_, _> = self
            .payments
            .iter()
            .map(|payment| (payment["id"].to_string(), payment["status"].clone()))
            .collect();
        let unknown = theirs.iter().any(|(id, status)| ours.get(id) != Some(status) && status != "rejected");
        if unknown || ours.keys().any(|id| !theirs.contains_key(id)) {
            found.push(format!("payments are {theirs:?}, and the ledger has {ours:?}"));
        }
        let theirs = self.refunds_at_mercado_pago();
        let ours = list(&self.sale["refunds"], |refund| refund["status"] == "approved");
        if ours != theirs {
            found.push(format!("refunds are {theirs:?}, and the ledger has {ours:?}"));
        }
        if self.sale["refunds"].as_array().into_iter().flatten().any(|refund| refund["status"] == "pending") {
            found.push("a refund has no end".to_owned());
        }
        if self.sale.get("review").is_some() {
            found.push(format!("is under review: {}", self.sale["review"]));
        }
    }

    /// Payment and minor units of each refund.
    fn refunds_at_mercado_pago(&self) -> Vec<(String, u64)> {
        let of = |payment: &&Value| {
            let id = payment["id"].to_string();
            let refunds = payment["refunds"].as_array().cloned().unwrap_or_default();
            refunds.into_iter().map(move |refund| (id.clone(), minor(&refund["amount"])))
        };
        let mut refunds: Vec<_> = self.payments.iter().flat_map(of).collect();
        refunds.sort();
        refunds
    }

    /// What the office was answered holds; no key gave two refunds.
    fn answers(&self, found: &mut Vec<String>) {
        for asked in &self.known.asked {
            let all = self.sale["refunds"].as_array().into_iter().flatten();
            let ours: Vec<_> = all.filter(|refund| refund["reason"] == asked.key.as_str()).collect();
            // Of two requests with one key the first may have come before the payment was known, and the second after it.
            let accepted = |other: &Asked| other.key == asked.key && matches!(other.status, 201 | 202);
            let holds = match (asked.status, ours.as_slice()) {
                (201, [refund]) => refund["status"] == "approved" && refund["amount"] == asked.amount,
                (202, [refund]) => refund["status"] != "pending",
                (409 | 422, []) => true,
                (422, [refund]) if refund["status"] == "rejected" => true,
                (409 | 422, [_]) => self.known.asked.iter().any(accepted),
                _ => false,
            };
            if !holds {
                found.push(format!("{asked:?} came to {ours:?}"));
            }
        }
    }

    /// The station was told once of each payment that paid the sale, and once of each refund.
    fn commands(&self, found: &mut Vec<String>) {
        let told: Value = self.known.told.values().cloned().collect();
        let paid = list(&told, |command| command["kind"] == "paid");
        let refunded = list(&told, |command| command["kind"] == "refunded");
        if refunded != self.refunds_at_mercado_pago() {
            found.push(format!("the station was told of the refunds {refunded:?}"));
        }
        let holds = |payment: &&&Value| kept(payment) > 0;
        let holders: Vec<_> =
            self.payments.iter().filter(holds).map(|payment| payment["id"].to_string()).collect();
        let is_told = |holder: &String| {
            let same = |(id, minor): &&(String, u64)| id == holder && *minor == self.known.minor;
            paid.iter().filter(same).count() == 1
        };
        if !holders.iter().all(is_told) {
            found.push(format!("the station was told of the payments {paid:?}"));
        }
        // Of a payment that was too late it may have heard first; then it heard of its refund as well.
        let mut others = paid.iter().filter(|(id, _)| !holders.contains(id));
        let went_back = |id: &String| refunded.iter().any(|(payment, _)| payment == id);
        let distinct = paid.windows(2).all(|pair| pair[0] != pair[1]);
        if !distinct
            || !others.all(|(id, _)| went_back(id))
            || (self.known.agreed.is_some() && !paid.is_empty())
        {
            found.push(format!("the station was told of the payments {paid:?} and the refunds {refunded:?}"));
        }
    }
}

/// Payment and minor units of those items that count, sorted.
fn list(items: &Value, counts: impl Fn(&Value) -> bool) -> Vec<(String, u64)> {
    let items = items.as_array().into_iter().flatten().filter(|item| counts(item));
    let pair =
        |item: &Value| (item["payment_id"].as_str().unwrap_or_default().to_owned(), minor(&item["amount"]));
    let mut pairs: Vec<_> = items.map(pair).collect();
    pairs.sort();
    pairs
}

fn is_paid(payment: &Value) -> bool {
    payment["status"] == "approved" || payment["status"] == "refunded"
}

/// Minor units of a payment that the seller still has.
fn kept(payment: &Value) -> u64 {
    if payment["status"] != "approved" {
        return 0;
    }
    minor(&payment["transaction_amount"]) - minor(&payment["transaction_amount_refunded"])
}

/// Minor units of an amount, be it a number or a string.
fn minor(amount: &Value) -> u64 {
    let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
    surtidor::money::Money::from_wire(&text, surtidor::money::Currency::ARS).expect("an amount").minor()
}
