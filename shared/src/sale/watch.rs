//! When a sale must be looked at again, whether or not anybody tells of it.

use time::{Duration, OffsetDateTime};

use super::Sale;
use crate::payment::Standing;

/// Ages at which something is looked at, in minutes: soon while a phone may show the checkout, then slower, then daily for
/// 30 days, after which Mercado Pago lets a payment that nobody finished expire ("Payments", cancellation).
fn ages() -> impl Iterator<Item = i64> {
    [1, 2, 4, 8, 15, 30, 60, 360].into_iter().chain((1..=30).map(|day| Duration::days(day).whole_minutes()))
}

/// How long a station may take to acknowledge a command before somebody is told.
pub const LONG_UNACKNOWLEDGED: Duration = Duration::minutes(15);

/// Days of a dispute on which the sale is looked at: daily while documents are taken as a rule, then weekly for as long as
/// a case lasts (about five months) and a month more.
fn days_of_a_dispute() -> impl Iterator<Item = i64> {
    (1..=10).chain((17..=180).step_by(7))
}

impl Sale {
    /// The next time to look, after `now`; `None` when there is nothing to find out.
    #[must_use]
    pub fn next_look(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        if self.pending_refunds().next().is_some() {
            // The queue carries it; this is the net under the queue.
            return Some(now.saturating_add(Duration::minutes(30)));
        }
        let of_debt = self.next_look_for_payments(now);
        let of_dispute = self.next_look_at_dispute(now);
        let of_station = self.next_look_at_commands(now);
        let of_terminal = self.charged_since(now).and_then(|since| next_after(since, now));
        of_debt.into_iter().chain(of_dispute).chain(of_station).chain(of_terminal).min()
    }

    fn next_look_for_payments(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let undecided = self.attempts.iter().any(|attempt| attempt.standing() == Standing::Waiting);
        if !self.status.is_owed() && !undecided {
            return None;
        }
        next_after(self.received_at, now)
    }

    /// A command that waits for its station: from when it has waited for long.
    fn next_look_at_commands(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let oldest = self.open_commands().next()?.created_at;
        // Not before it has waited for long.
        let begin = LONG_UNACKNOWLEDGED.saturating_sub(Duration::MINUTE);
        next_after(oldest, now.max(oldest.saturating_add(begin)))
    }

    /// Since when the station has let the sale's oldest command wait, if that is long.
    #[must_use]
    pub fn waits_for_station(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let oldest = self.open_commands().next()?.created_at;
        (now - oldest >= LONG_UNACKNOWLEDGED).then_some(oldest)
    }

    /// How a dispute ends may be told months later, and then be lost.
    fn next_look_at_dispute(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        if !self.status.is_disputed() {
            return None;
        }
        let age = (now - self.status_since).whole_days();
        let next = days_of_a_dispute().find(|day| *day > age)?;
        Some(self.status_since.saturating_add(Duration::days(next)))
    }
}

/// The first of the ages of something that began then which is after now.
fn next_after(beginning: OffsetDateTime, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let age = (now - beginning).whole_minutes();
    let next = ages().find(|look| *look > age)?;
    Some(beginning.saturating_add(Duration::minutes(next)))
}

#[cfg(test)]
mod tests {
    use super::super::SaleStatus;
    use super::super::tests::{NOON, sale};
    use super::*;

    #[test]
    fn what_is_owed_is_looked_at_soon_then_slower_then_no_more() {
        let owed = sale(50_000);
        let mut looks = Vec::new();
        let mut now = NOON;
        while let Some(next) = owed.next_look(now) {
            assert!(next > now);
            looks.push((next - NOON).whole_minutes());
            now = next;
        }
        assert_eq!(looks, ages().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_settled_is_not_looked_at() {
        for status in SaleStatus::ALL {
            let sale = Sale { status, ..sale(50_000) };
            let open = status.is_owed() || status.is_disputed();
            assert_eq!(sale.next_look(NOON).is_some(), open, "{status}");
        }
    }

    #[test]
    fn a_dispute_is_looked_at_daily_for_ten_days_and_then_weekly_for_half_a_year() {
        for status in [SaleStatus::InMediation, SaleStatus::ChargedBack] {
            let since = NOON + Duration::days(30);
            let disputed = Sale { status, status_since: since, ..sale(50_000) };
            let mut looks = Vec::new();
            let mut now = since;
            while let Some(next) = disputed.next_look(now) {
                assert!(next > now);
                looks.push((next - since).whole_days());
                now = next;
            }
            assert_eq!(looks[..13], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 24, 31]);
            assert_eq!((looks.len(), looks.last()), (34, Some(&178)));
        }
    }
}
