//! Mercado Pago's other documents, and its errors.

use serde::de::DeserializeOwned;
use surtidor::id::{PaymentId, ResourceId, TerminalId};
use surtidor::mercado_pago::{ApiError, Order, PaymentIntent, Pos, RefundBody, Store};
use surtidor::money::{Currency, Money};
use surtidor::sale::{ChargeFact, ChargeRequest, ChargeRequested, PointApi, Sale};

use crate::line;
use crate::sample::{NOON, sale};

fn read<T: DeserializeOwned>(input: &[u8]) -> Option<T> {
    serde_json::from_slice(input).ok()
}

/// Documents that lead to payments, lists of refunds, stores and points of sale.
pub fn documents(input: &[u8]) {
    let mut payments: Vec<PaymentId> = Vec::new();
    payments.extend(read::<Order>(input).iter().flat_map(Order::payments));
    payments.extend(read::<PaymentIntent>(input).iter().flat_map(PaymentIntent::payments));
    let id = ResourceId::parse("ORD01").expect("an id");
    let of_orders = read::<Order>(input).and_then(|order| order.charge(id.clone()));
    let of_intents = read::<PaymentIntent>(input).map(|intent| intent.charge(id, &[]));
    charged(&of_orders.into_iter().chain(of_intents).collect::<Vec<_>>());
    for payment in payments {
        // It becomes part of a URL.
        assert!(payment.as_str().bytes().all(|byte| byte.is_ascii_digit()), "{payment}");
    }
    let asked = Money::from_minor(50_000, Currency::ARS).expect("an amount");
    let one = read::<RefundBody>(input).into_iter();
    for refund in one.chain(read::<Vec<RefundBody>>(input).into_iter().flatten()) {
        let told = refund.clone().fact_in(Currency::ARS, None);
        let fact = refund.fact_in(Currency::ARS, Some(asked));
        if let Some(told) = told {
            assert_eq!(fact, Some(told), "what Mercado Pago says counts, not what was asked for");
        } else if let Some(fact) = fact {
            assert_eq!(fact.amount, asked);
        }
    }
    if let Some(store) = read::<Store>(input) {
        let _ = (store.id(), store.external_id());
    }
    if let Some(pos) = read::<Pos>(input) {
        let _ = (pos.id(), pos.external_id(), pos.url());
    }
}

/// What a terminal is said to have taken goes into a sale that was charged there, in any order to the same end, and
/// whatever it says the sale can be kept.
fn charged(facts: &[ChargeFact]) {
    let mut sale = sale();
    let request = ChargeRequest {
        terminal: TerminalId::parse("A__1").expect("a terminal"),
        api: PointApi::Orders,
        key: None,
        caller: "till".to_owned(),
    };
    let asked = sale.request_charge(request, NOON);
    let Ok(ChargeRequested::New(charge)) = asked else { panic!("a new charge, not {asked:?}") };
    let named: Vec<ChargeFact> =
        facts.iter().map(|fact| ChargeFact { reference: Some(charge.id.clone()), ..fact.clone() }).collect();
    let mut backwards = sale.clone();
    sale.see_charges(&named, NOON);
    backwards.see_charges(&named.iter().rev().cloned().collect::<Vec<_>>(), NOON);
    assert_eq!(sale.charges[0].status, backwards.charges[0].status);
    let item: serde_dynamo::Item = serde_dynamo::to_item(&sale).expect("a sale is an item");
    assert_eq!(serde_dynamo::from_item::<_, Sale>(item).ok().as_ref(), Some(&sale));
    let again = sale.clone();
    sale.see_charges(&named, NOON);
    assert_eq!(sale, again, "the same readings again are no news");
}

/// The first line is the HTTP status, the rest the body.
pub fn error_body(input: &[u8]) {
    let (status, body) = line(input);
    let status = std::str::from_utf8(status).ok().and_then(|status| status.trim().parse().ok());
    let status: u16 = status.unwrap_or(400);
    let error = ApiError::from_answer(status, body);
    // Some conflicts are final, by their code.
    let busy = matches!(error, ApiError::Busy { .. });
    let by_status = matches!(status, 408 | 423 | 425 | 429) || status >= 500;
    assert_eq!(busy, by_status || (status == 409 && busy));
    assert!(!busy || error.is_passing(), "what is busy may be asked again");
    // What is another seller's is told with codes of its own, under several statuses.
    assert!(!error.is_not_found() || matches!(error, ApiError::Refused { .. }));
    assert!(!error.is_unauthorised() || matches!(status, 401 | 403));
    let _ = error.refusal();
    // An error is logged, so it tells codes and nothing else of what came.
    let log = error.to_string();
    assert!(log.len() < 2_048, "a line of {} bytes", log.len());
    if let ApiError::Refused { codes, .. } = &error {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        assert!(codes.iter().all(|code| code.len() <= 64 && code.bytes().all(word)), "{log}");
    }
}
