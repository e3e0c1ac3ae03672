//! What a pump side owes. Pure: the position, its newest sale and the time give the answer.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::id::{AccountId, PositionId, StationId};
use crate::money::Currency;
use crate::sale::{Sale, SaleStatus};

/// What the station last said of a pump side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionState {
    /// Nozzle in place.
    Idle,
    /// Nozzle up, authorised, delivering or paused.
    InUse,
    /// Cannot deliver.
    OutOfOrder,
}

impl PositionState {
    /// The words of our API.
    pub const WORDS: [(&'static str, Self); 3] =
        [("idle", Self::Idle), ("in_use", Self::InUse), ("out_of_order", Self::OutOfOrder)];

    /// The word in our API.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, state)| *state == self).map_or("idle", |(word, _)| word)
    }
}

/// Which protocol Mercado Pago speaks with a position's lookup. It is agreed with Mercado Pago per account or POS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// "Not ready" is 400 (petroleras guide).
    #[default]
    V1,
    /// "Not ready" is 202, and the order says `order-version: 2`.
    V2,
}

/// A pump side: all that a lookup needs beside the sale, so that it asks for nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its station.
    pub station: StationId,
    /// Its id within the station.
    pub position: PositionId,
    /// Whose money is taken here.
    pub account: AccountId,
    /// The account's user id at Mercado Pago.
    pub collector_id: u64,
    /// The integrator's user id, one per brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sponsor_id: Option<u64>,
    /// The account's currency.
    pub currency: Currency,
    /// Protocol of the lookup.
    #[serde(default)]
    pub generation: Generation,
    /// The `client-id` header of v2, only for who acts through OAuth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The brand's number of the site (APIES, `SiteID`), at most five digits, where it is not the station's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<String>,
    /// The loyalty programme of the station, if it has one: `serviclub`, `CTC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loyalty: Option<String>,
    /// The unguessable part of the lookup URL.
    pub lookup_key: String,
    /// Where Mercado Pago notifies orders of this position.
    pub notification_url: String,
    /// Seconds that the station may be silent; 0 for any time.
    #[serde(default = "default_silence_limit")]
    pub silence_limit: u32,
    /// What the station last said.
    pub state: PositionState,
    /// When it said so.
    #[serde(with = "time::serde::rfc3339")]
    pub state_at: OffsetDateTime,
    /// When the station last gave a sign of life.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
}

/// The silence that is allowed where none is set, in seconds.
pub const DEFAULT_SILENCE_LIMIT: u32 = 600;

pub(crate) fn default_silence_limit() -> u32 {
    DEFAULT_SILENCE_LIMIT
}

/// For how long a settled sale is news to a phone that asks again. After that the next driver asks.
const SETTLED_IS_NEWS: Duration = Duration::minutes(15);

/// The answer to "what does this pump owe?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// This sale.
    Order(&'a Position, &'a Sale),
    /// A delivery is going on, its amount is not known yet.
    InProcess(Generation),
    /// Nothing is owed, nothing was.
    NothingOwed(Generation),
    /// The last sale is paid or settled otherwise.
    NothingToPay(Generation),
    /// No such station, side or key.
    Invalid,
    /// The station or our store cannot be reached.
    Timeout,
}

/// What a position owes at a time. Only its newest sale counts: a new delivery hides what was owed before.
#[must_use]
pub fn answer<'a>(position: &'a Position, newest: Option<&'a Sale>, now: OffsetDateTime) -> Answer<'a> {
    let generation = position.generation;
    // What was told before a silence may be the bill of a driver who left.
    let seen_at = newest.map_or(position.seen_at, |sale| position.seen_at.max(sale.received_at));
    let limit = Duration::seconds(i64::from(position.silence_limit));
    if position.silence_limit > 0 && now - seen_at > limit {
        return Answer::Timeout;
    }
    let in_use = position.state == PositionState::InUse;
    match newest {
        // The nozzle was lifted after the sale was told: a new delivery has begun.
        Some(sale) if in_use && position.state_at > sale.received_at => Answer::InProcess(generation),
        None if in_use => Answer::InProcess(generation),
        Some(sale) if sale.status == SaleStatus::Pending => Answer::Order(position, sale),
        Some(sale) if now - sale.status_since <= SETTLED_IS_NEWS => Answer::NothingToPay(generation),
        _ => Answer::NothingOwed(generation),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sale::tests::{NOON, sale};

    pub(crate) fn position() -> Position {
        Position {
            station: StationId::parse("6232").unwrap(),
            position: PositionId::parse("1").unwrap(),
            account: AccountId::parse("demo").unwrap(),
            collector_id: 178_106_235,
            sponsor_id: Some(334_249_281),
            currency: Currency::ARS,
            generation: Generation::V1,
            client_id: None,
            site_id: None,
            loyalty: None,
            lookup_key: "k".to_owned(),
            notification_url: "https://example.com/notifications/demo?key=k".to_owned(),
            silence_limit: DEFAULT_SILENCE_LIMIT,
            state: PositionState::Idle,
            state_at: NOON,
            seen_at: NOON,
        }
    }

    fn minutes(count: i64) -> Duration {
        Duration::minutes(count)
    }

    #[test]
    fn every_row_of_the_table() {
        let idle = position();
        let owed = sale(50_000);
        let mut paid = owed.clone();
        paid.status = SaleStatus::Paid;
        assert_eq!(answer(&idle, None, NOON), Answer::NothingOwed(Generation::V1));
        assert_eq!(answer(&idle, Some(&owed), NOON), Answer::Order(&idle, &owed));
        assert_eq!(answer(&idle, Some(&paid), NOON), Answer::NothingToPay(Generation::V1));
        assert_eq!(answer(&idle, Some(&owed), NOON + minutes(11)), Answer::Timeout);
        for state in [PositionState::Idle, PositionState::OutOfOrder] {
            let position = Position { state, ..position() };
            assert_eq!(answer(&position, None, NOON), Answer::NothingOwed(Generation::V1));
            assert_eq!(
                answer(&position, Some(&owed), NOON),
                Answer::Order(&position, &owed),
                "owed all the same"
            );
        }
        for status in SaleStatus::ALL.into_iter().filter(|status| *status != SaleStatus::Pending) {
            let sale = Sale { status, ..owed.clone() };
            assert_eq!(answer(&idle, Some(&sale), NOON), Answer::NothingToPay(Generation::V1), "{status}");
        }
    }

    #[test]
    fn a_lifted_nozzle_hides_the_sale_before_it_and_not_the_one_after_it() {
        let owed = sale(50_000);
        let lifted = Position { state: PositionState::InUse, state_at: NOON + minutes(1), ..position() };
        assert_eq!(answer(&lifted, Some(&owed), NOON), Answer::InProcess(Generation::V1));
        assert_eq!(answer(&lifted, None, NOON), Answer::InProcess(Generation::V1));
        let delivered = Sale { received_at: NOON + minutes(2), ..owed };
        assert_eq!(answer(&lifted, Some(&delivered), NOON), Answer::Order(&lifted, &delivered));
    }

    #[test]
    fn a_settled_sale_is_news_for_a_while_and_a_silent_station_may_be_allowed() {
        let paid = Sale { status: SaleStatus::Paid, ..sale(50_000) };
        let patient = Position { silence_limit: 0, generation: Generation::V2, ..position() };
        let later = NOON + Duration::days(1);
        assert_eq!(answer(&patient, Some(&paid), NOON + minutes(15)), Answer::NothingToPay(Generation::V2));
        assert_eq!(answer(&patient, Some(&paid), later), Answer::NothingOwed(Generation::V2));
        let owed = sale(50_000);
        assert_eq!(answer(&patient, Some(&owed), later), Answer::Order(&patient, &owed));
    }

    #[test]
    fn a_sale_is_a_sign_of_life() {
        let owed = Sale { received_at: NOON + minutes(20), ..sale(50_000) };
        let position = position();
        assert_eq!(answer(&position, Some(&owed), NOON + minutes(25)), Answer::Order(&position, &owed));
    }
}
