//! Time as Mercado Pago tells it.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::json::Json;

/// `2021-11-24T13:58:49.312-04:00`
const SHAPE: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
);

/// Mercado Pago's offset, not the store's.
const OFFSET: UtcOffset = offset!(-4);

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(#[serde(with = "time::serde::rfc3339")] OffsetDateTime);

impl Moment {
    /// Reads an ISO 8601 date with time and offset.
    pub fn parse(text: &str) -> Option<Moment> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Moment)
    }

    /// Reads a bound of a search: a date, or one relative to now (`NOW`, `NOW-30DAYS`).
    #[must_use]
    pub fn parse_bound(text: &str, now: Moment) -> Option<Moment> {
        let Some(rest) = text.strip_prefix("NOW") else { return Self::parse(text) };
        let (sign, rest) = match rest.as_bytes().first() {
            None => return Some(now),
            Some(b'-') => (-1, &rest[1..]),
            // A client that forgets to escape `+` sends a space.
            Some(b'+' | b' ') => (1, &rest[1..]),
            Some(_) => return None,
        };
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, unit) = rest.split_at(unit);
        let count = i64::from(count.parse::<u16>().ok()?) * sign;
        let span = match unit.trim_end_matches('S') {
            "MINUTE" => Duration::minutes(count),
            "HOUR" => Duration::hours(count),
            "DAY" => Duration::days(count),
            "WEEK" => Duration::weeks(count),
            "MONTH" => Duration::days(count * 30),
            "YEAR" => Duration::days(count * 365),
            _ => return None,
        };
        Some(now.plus(span))
    }

    /// This moment moved by a span.
    #[must_use]
    pub fn plus(self, span: Duration) -> Moment {
        Moment(self.0.saturating_add(span))
    }

    /// The span since an earlier moment.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        self.0 - earlier.0
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn unix_milliseconds(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// The text of the Orders API: `2025-05-12T22:46:59.635Z`.
    #[must_use]
    pub fn utc(self) -> String {
        let text = self.0.to_offset(UtcOffset::UTC).format(SHAPE).unwrap_or_default();
        text.replace("+00:00", "Z")
    }

    /// The text of an intent's event: `2022-06-27T10:10:10Z`.
    #[must_use]
    pub fn seconds(self) -> String {
        let text = self.0.to_offset(UtcOffset::UTC).replace_nanosecond(0).map(|at| at.format(&Rfc3339));
        text.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// The text of an intent's Webhook, `2021-11-29 17:10:37`. That it is Mercado Pago's own time is inferred.
    #[must_use]
    pub fn without_zone(self) -> String {
        self.text().get(..19).unwrap_or_default().replace('T', " ")
    }

    /// The text that Mercado Pago writes.
    #[must_use]
    pub fn text(self) -> String {
        self.0.to_offset(OFFSET).format(SHAPE).unwrap_or_default()
    }
}

impl From<Moment> for Json {
    fn from(moment: Moment) -> Self {
        Json::Text(moment.text())
    }
}

/// The simulator's clock. It can be moved forward, and no two readings are equal: clients order what they read by its
/// update time, which has milliseconds.
pub struct Clock {
    source: Box<dyn Fn() -> OffsetDateTime + Send + Sync>,
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    ahead: Duration,
    last: Option<OffsetDateTime>,
}

impl Default for Clock {
    /// The system's.
    fn default() -> Self {
        Self::of(OffsetDateTime::now_utc)
    }
}

impl Clock {
    /// One that asks somebody else for the time. It runs ahead of that time while it is read more often than once a
    /// millisecond.
    pub fn of(time: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self { source: Box::new(time), reading: Mutex::default() }
    }

    /// The time now.
    pub fn now(&self) -> Moment {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.source)().saturating_add(reading.ahead);
        let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
        let tick = |last: OffsetDateTime| last.saturating_add(Duration::MILLISECOND);
        let now = reading.last.map_or(now, |last| now.max(tick(last)));
        reading.last = Some(now);
        Moment(now)
    }

    /// Moves the clock forward, counted from the last reading, so that what was read to be due after that span is due.
    pub fn advance(&self, span: Duration) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let span = span.max(Duration::ZERO);
        reading.ahead = reading.ahead.saturating_add(span);
        reading.last = reading.last.map(|last| last.saturating_add(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_mercado_pago_does() {
        let moment = Moment::parse("2021-11-24T17:58:49.312Z").unwrap();
        assert_eq!(moment.text(), "2021-11-24T13:58:49.312-04:00");
        assert_eq!(Moment::parse(&moment.text()), Some(moment));
    }

    #[test]
    fn bounds_may_be_relative() {
        let now = Moment::parse("2026-01-31T00:00:00Z").unwrap();
        assert_eq!(Moment::parse_bound("NOW", now), Some(now));
        assert_eq!(Moment::parse_bound("NOW-30DAYS", now), Moment::parse("2026-01-01T00:00:00Z"));
        assert_eq!(Moment::parse_bound("NOW-1HOURS", now), Moment::parse("2026-01-30T23:00:00Z"));
        for wrong in ["NOW-", "NOW-DAYS", "NOW-3", "NOW-3LIGHTYEARS", "yesterday", "2026-01-31"] {
            assert_eq!(Moment::parse_bound(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn no_two_readings_are_equal() {
        let clock = Clock::default();
        let first = clock.now();
        assert!(clock.now() > first);
        clock.advance(Duration::days(181));
        assert!(clock.now().since(first) > Duration::days(180));
    }

    #[test]
    fn the_time_may_come_from_elsewhere() {
        let clock = Clock::of(|| OffsetDateTime::UNIX_EPOCH);
        assert_eq!(clock.now().unix_milliseconds(), 0);
        assert_eq!(clock.now().unix_milliseconds(), 1, "no two readings are equal");
        clock.advance(Duration::HOUR);
        assert_eq!(clock.now().unix_milliseconds(), 3_600_002, "an hour after what was read last");
    }
}
