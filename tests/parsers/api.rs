//! Bodies that the station's software sends.

use serde::de::DeserializeOwned;
use serde_json::Value;
use surtidor::api::{
    Acknowledge, ChargeBody, Heartbeat, LONGEST_BODY, LinkBody, ModeBody, RefundBody, SaleBody, SaleView,
    SetState, Settle, digest, nothing, parse,
};
use surtidor::lookup::{Generation, answer};
use surtidor::money::Currency;
use surtidor::order::document;
use surtidor::problem::Problem;
use surtidor::sale::{Language, Sale};

use crate::sample::{NOON, position, sale_of};

/// A body of any route: it is read, or refused with an answer that says why.
pub fn station_api(input: &[u8]) {
    told::<SetState>(input);
    told::<Acknowledge>(input);
    if let Some(settle) = told::<Settle>(input) {
        let _ = settle.tender().map_err(refused);
    }
    if let Some(heartbeat) = told::<Heartbeat>(input)
        && let Ok(clock) = heartbeat.clock().map_err(refused)
    {
        assert_eq!(NOON + (clock - NOON), clock);
    }
    let _ = nothing(input).map_err(refused);
    if let Some(link) = told::<LinkBody>(input)
        && let Ok((position, till)) = link.place().map_err(refused)
    {
        assert_ne!(position.is_some(), till.is_some());
    }
    if let Some(mode) = told::<ModeBody>(input) {
        let _ = mode.operating_mode().map_err(refused);
    }
    if let Some(charge) = told::<ChargeBody>(input) {
        let _ = (charge.sale_id(None).map_err(refused), charge.description().map_err(refused));
        assert!(charge.sale_id(Some("key")).map_err(refused).is_ok() || charge.sale_id(None).is_err());
    }
    for code in ["ARS", "CLP"] {
        let currency = Currency::parse(code).expect("a currency");
        if let Some(charge) = told::<ChargeBody>(input) {
            let _ = charge.amount(currency).map_err(refused);
        }
        if let Some(refund) = told::<RefundBody>(input) {
            let _ = refund.read(currency).map_err(refused);
        }
        let Some(sale) = told::<SaleBody>(input) else { continue };
        let position = sale.position();
        match sale.delivery(currency) {
            Ok(delivery) => {
                assert_eq!(position.as_ref(), Ok(&delivery.position));
                assert!(!delivery.amount.is_zero());
                delivered(&sale_of(delivery));
            }
            Err(problem) => refused(problem),
        }
    }
}

/// A sale that is taken can be kept, shown, and offered to a phone: a document that is no JSON would block the pump.
fn delivered(sale: &Sale) {
    let item: serde_dynamo::Item = serde_dynamo::to_item(sale).expect("a sale is an item");
    assert_eq!(serde_dynamo::from_item::<_, Sale>(item).ok().as_ref(), Some(sale));
    assert_eq!(digest(&sale.delivery), digest(&sale.delivery.clone()));
    serde_json::to_string(&SaleView::new(sale, Language::Es, NOON)).expect("a sale can be shown");
    for generation in [Generation::V1, Generation::V2] {
        let position = position(generation);
        let offered = document(&answer(&position, Some(sale), NOON));
        let body: Value = serde_json::from_str(&offered.body).expect("an order is JSON");
        let amount = match generation {
            Generation::V1 => "items",
            Generation::V2 => "total_amount",
        };
        assert!(offered.status == 200 && !body[amount].is_null(), "{}", offered.body);
        assert!(offered.body.contains(&format!(":{}", sale.amount())), "{}", offered.body);
        assert_eq!(body["external_reference"], sale.reference.as_str());
        let has_points = sale.delivery.loyalty.is_some() && sale.claim_faults().is_none();
        assert_eq!(body["loyalty"].is_object(), has_points && generation == Generation::V1);
    }
}

fn told<T: DeserializeOwned>(input: &[u8]) -> Option<T> {
    parse(input).map_err(refused).ok().filter(|_| input.len() <= LONGEST_BODY)
}

fn refused(problem: Problem) {
    assert!(matches!(problem.status, 400 | 413 | 422), "{problem:?}");
    assert_eq!(problem.status == 422, problem.field.is_some(), "{problem:?}");
    let status = problem.status;
    let response = problem.into_response();
    assert_eq!(response.status().as_u16(), status);
    assert!(!response.body().is_empty(), "an answer without a word");
}
