//! The sale, the seller and the time that every input meets. The corpus knows them.

use surtidor::id::{AccountId, PositionId, SaleId, SaleOrder, StationId};
use surtidor::lookup::{Generation, Position, PositionState};
use surtidor::money::{Currency, Money};
use surtidor::sale::{Delivery, Place, Sale};
use surtidor::settlement::Seller;
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

pub(crate) fn seller() -> Seller {
    Seller { collector_id: "178106235".to_owned(), live: true }
}

/// A sale of 500 pesos. Its reference is `46232110mwrsbk00ev3pzxu`.
pub(crate) fn sale() -> Sale {
    let delivery = Delivery::new(
        SaleId::parse("45ea80da").expect("an id"),
        PositionId::parse("1").expect("an id"),
        Money::from_minor(50_000, Currency::ARS).expect("an amount"),
    );
    sale_of(delivery)
}

pub(crate) fn sale_of(delivery: Delivery) -> Sale {
    let (station, account) = (position(Generation::V1).station, position(Generation::V1).account);
    let place = Place { order: SaleOrder::at(NOON), late: false };
    let mut sale = Sale::new(station, account, delivery, place, NOON);
    sale.check_claim(&position(Generation::V1), NOON);
    sale
}

pub(crate) fn position(generation: Generation) -> Position {
    Position {
        station: StationId::parse("6232").expect("an id"),
        position: PositionId::parse("1").expect("an id"),
        account: AccountId::parse("demo").expect("an id"),
        collector_id: 178_106_235,
        sponsor_id: Some(334_249_281),
        currency: Currency::ARS,
        generation,
        client_id: None,
        site_id: None,
        loyalty: None,
        lookup_key: "k".to_owned(),
        notification_url: "https://example.com/notifications/demo?key=k".to_owned(),
        silence_limit: 0,
        state: PositionState::Idle,
        state_at: NOON,
        seen_at: NOON,
    }
}
