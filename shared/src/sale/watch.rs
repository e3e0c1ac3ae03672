//! When a sale must be looked at again, whether or not anybody tells of it.

use time::{Duration, OffsetDateTime};

use super::Sale;
use crate::payment::Standing;

/// Ages of a sale at which it is looked at, in minutes: soon while a phone may show its checkout, then slower, then daily
/// for a week. A checkout of an unattended QR has no documented end; after a week the settlement report tells.
const LOOKS: [i64; 14] = [1, 2, 4, 8, 15, 30, 60, 360, 1_440, 2_880, 4_320, 5_760, 7_200, 10_080];

impl Sale {
    /// The next time to look, after `now`; `None` when there is nothing to find out.
    #[must_use]
    pub fn next_look(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        if self.pending_refunds().next().is_some() {
            // The queue carries it; this is the net under the queue.
            return Some(now.saturating_add(Duration::minutes(30)));
        }
        let undecided = self.attempts.iter().any(|attempt| attempt.standing() == Standing::Waiting);
        if !self.status.is_owed() && !undecided {
            return None;
        }
        let age = (now - self.received_at).whole_minutes();
        let next = LOOKS.into_iter().find(|look| *look > age)?;
        Some(self.received_at.saturating_add(Duration::minutes(next)))
    }
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
        assert_eq!(looks, LOOKS);
    }

    #[test]
    fn what_is_settled_is_not_looked_at() {
        for status in SaleStatus::ALL {
            let sale = Sale { status, ..sale(50_000) };
            assert_eq!(sale.next_look(NOON).is_some(), status.is_owed(), "{status}");
        }
    }
}
