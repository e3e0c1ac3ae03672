//! Chargebacks: what they may do to the sale whose payment they take back.

use surtidor::id::{PaymentId, ResourceId};
use surtidor::mercado_pago::{Chargeback, ChargebackSearch, Payment};
use surtidor::sale::{self, Sale};
use surtidor::settlement::settle;

use crate::payments::kept_and_shown;
use crate::sample::{NOON, sale, seller};

/// A chargeback or a search, for the sample sale whose payment 420101010101 was taken back.
pub fn chargebacks(input: &[u8]) {
    let before = taken_back();
    let payment = PaymentId::parse("420101010101").expect("an id");
    let mut facts: Vec<sale::Chargeback> = Vec::new();
    if let Ok(found) = serde_json::from_slice::<ChargebackSearch>(input) {
        facts.extend(found.of(&payment));
        assert!(facts.iter().all(|fact| fact.payments.contains(&payment)));
    }
    if let Ok(told) = serde_json::from_slice::<Chargeback>(input) {
        assert!(told.payments().iter().all(|id| id.as_str().bytes().all(|byte| byte.is_ascii_digit())));
        facts.push(told.fact(ResourceId::parse("217000061").expect("an id")));
    }
    let mut after = before.clone();
    after.see_chargebacks(&facts, NOON);
    assert_eq!((after.status, after.status_of_facts()), (before.status, before.status));
    assert!(after.chargebacks.iter().all(|known| known.payments.contains(&payment)));
    let told = facts.iter().any(|fact| fact.payments.contains(&payment));
    assert_eq!(after.chargebacks.is_empty(), !told, "one of this sale is never dropped");

    let mut again = after.clone();
    again.see_chargebacks(&facts, NOON);
    assert_eq!(again, after, "the same facts again are no news");
    let mut backwards = before;
    facts.reverse();
    backwards.see_chargebacks(&facts, NOON);
    assert_eq!(backwards.chargebacks, after.chargebacks, "the order of fetches counts");
    kept_and_shown(&after);
}

fn taken_back() -> Sale {
    let sale = sale();
    let payment = format!(
        r#"{{"id":420101010101,"status":"charged_back","currency_id":"ARS","transaction_amount":500,"collector_id":178106235,
            "external_reference":"{}","date_approved":"2026-11-22T09:00:02.000-04:00"}}"#,
        sale.reference
    );
    let payment: Payment = serde_json::from_str(&payment).expect("a payment");
    settle(&sale, &seller(), &[payment.fact().expect("its facts")], NOON)
}
