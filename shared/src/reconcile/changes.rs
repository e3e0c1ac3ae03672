//! Looking back: an account is asked for every payment that changed within a while, so that what no notification told of
//! is known all the same: a second phone's payment of a settled sale, a refund made in Mercado Pago's panel, a dispute.
//! It costs one search for a page of payments, where a look at each sale would cost one for each.

use time::{Duration, OffsetDateTime};

use super::{ReconcileError, Reconciler, by_sale};
use crate::mercado_pago::{PAGE, Payment};
use crate::payment::PaymentFact;
use crate::queue::{Changes, Hint, Resource};
use crate::secrets::Account;

/// Mercado Pago's search goes no further than this ("Payments", search, `offset`).
const FURTHEST: u32 = 10_000;
/// The span of one search, before it is found to hold too much.
const SPAN: Duration = Duration::hours(2);
/// How far ahead of ours Mercado Pago's clock may be: what changed by its clock a moment after our now is looked for too.
const LEAD: Duration = Duration::minutes(5);
/// A span is not halved below this.
const SHORTEST: Duration = Duration::minutes(1);

impl Reconciler {
    /// Puts a look back over some time on the queue, for every account.
    pub async fn begin_look_back(&self, over: Duration, now: OffsetDateTime) -> Result<(), ReconcileError> {
        for account in self.accounts.accounts().await? {
            let mut until = now + LEAD;
            while until > now - over {
                let from = (until - SPAN).max(now - over);
                let changes = Changes { from, until, offset: 0 };
                self.queue.send(&Hint::new(account.clone(), Resource::Changes(changes), now)).await?;
                until = from;
            }
        }
        Ok(())
    }

    /// One page of what changed. The next page is on the queue before this one is worked off, and a sale that cannot be
    /// settled now goes there by itself: one of them never stops the others.
    pub(super) async fn look_back(
        &self,
        hint: &Hint,
        account: &Account,
        changes: &Changes,
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        let found = self.mercado_pago.payments_changed(&account.access_token, changes).await?;
        let again = |changes| Hint::new(hint.account.clone(), Resource::Changes(changes), now);
        let span = changes.until - changes.from;
        if found.total().is_some_and(|total| total > FURTHEST) && span > SHORTEST {
            let middle = changes.from.saturating_add(span.checked_div(2).unwrap_or(SHORTEST));
            self.queue.send(&again(Changes { until: middle, offset: 0, ..*changes })).await?;
            return Ok(self.queue.send(&again(Changes { from: middle, offset: 0, ..*changes })).await?);
        }
        let offset = changes.offset.saturating_add(PAGE);
        if found.results.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX) && offset < FURTHEST {
            self.queue.send(&again(Changes { offset, ..*changes })).await?;
        }
        let fact = |payment: Payment| match payment.fact() {
            Ok(fact) => Some(fact),
            Err(field) => {
                tracing::warn!(
                    event = "payment_unreadable",
                    field,
                    "A payment of a search lacks what it must have"
                );
                None
            }
        };
        let facts: Vec<PaymentFact> = found.results.into_iter().filter_map(fact).collect();
        let (sales, _) = by_sale(facts.into());
        for (reference, found) in sales {
            if let Err(error) = self.settle_sale(hint, account, &reference, found, now).await {
                tracing::warn!(event = "sale_postponed", sale = %reference, %error, "A sale of a look back is looked at by itself");
                let alone = Hint::new(hint.account.clone(), Resource::Sale(reference), now);
                self.queue.send(&alone).await?;
            }
        }
        Ok(())
    }
}
