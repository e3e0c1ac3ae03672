//! The one road: a hint, from wherever, becomes facts, and facts settle a sale.

mod changes;
mod chargebacks;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::change::change;
use crate::id::{ExternalReference, PaymentId};
use crate::mercado_pago::{ApiError, MercadoPago, Payment};
use crate::payment::{PaymentFact, Standing};
use crate::queue::{Hint, Queue, QueueError, Resource};
use crate::refunding::{self, Try};
use crate::sale::{Chargeback, Refund, RefundOrigin, Sale};
use crate::secrets::{Account, Book, SecretError};
use crate::settlement::{Seller, settle};
use crate::store::{Store, StoreError};

/// What reconciling takes.
#[derive(Debug)]
pub struct Reconciler {
    /// The ledger.
    pub store: Store,
    /// Where the truth is.
    pub mercado_pago: MercadoPago,
    /// Whose token asks.
    pub accounts: Book<Account>,
    /// Where a sale goes back to while a refund of it is open.
    pub queue: Queue,
}

/// Why a hint was not worked off: it stays on the queue.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Mercado Pago did not tell.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The ledger did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The accounts could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The queue did not take a hint.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The account of the hint is not one of this deployment.
    #[error("the account is not known")]
    UnknownAccount,
    /// A document lacks what it must have.
    #[error("Mercado Pago's document lacks {0}")]
    Document(&'static str),
}

impl Reconciler {
    /// Works off one hint: one fetch, and if it names a sale, one read and at most one write of it.
    pub async fn reconcile(&self, hint: &Hint, now: OffsetDateTime) -> Result<(), ReconcileError> {
        let account = self.accounts.get(&hint.account).await?.ok_or(ReconcileError::UnknownAccount)?;
        if let Resource::Changes(changes) = &hint.resource {
            return self.look_back(hint, &account, changes, now).await;
        }
        let (facts, chargebacks) = self.fetch(&account, &hint.resource).await?;
        let mut sales = references_in(&facts);
        let named: usize = sales.values().map(Vec::len).sum();
        if named < facts.len() {
            let others = facts.len().saturating_sub(named);
            tracing::info!(event = "not_ours", resource = ?hint.resource, others, "Payments name no sale of this system");
        }
        if let Resource::Sale(reference) = &hint.resource {
            sales.entry(reference.clone()).or_default();
        }
        for (reference, facts) in sales {
            self.settle_sale(hint, &account, &reference, (&facts, &chargebacks), now).await?;
        }
        Ok(())
    }

    /// What Mercado Pago says of a resource's payments, and of the chargeback if it is one.
    async fn fetch(
        &self,
        account: &Account,
        resource: &Resource,
    ) -> Result<(Vec<PaymentFact>, Vec<Chargeback>), ReconcileError> {
        let (api, token) = (&self.mercado_pago, &account.access_token);
        let payments = match resource {
            Resource::Payment(id) => self.payments(account, std::slice::from_ref(id)).await,
            Resource::MerchantOrder(id) => {
                api.merchant_order(token, id).await?.facts().map_err(ReconcileError::Document)
            }
            Resource::Order(id) => self.payments(account, &api.order(token, id).await?.payments()).await,
            Resource::PaymentIntent(id) => {
                self.payments(account, &api.payment_intent(token, id).await?.payments()).await
            }
            Resource::Chargeback(id) => {
                let chargeback = api.chargeback(token, id).await?.fact(id.clone());
                let payments = self.payments(account, &chargeback.payments).await?;
                return Ok((payments, vec![chargeback]));
            }
            Resource::Sale(reference) => {
                let found = api.payments_of(token, reference).await?;
                let facts = found.results.into_iter().map(Payment::fact);
                facts.collect::<Result<_, _>>().map_err(ReconcileError::Document)
            }
            // It has pages, each with its own way: `look_back`.
            Resource::Changes(_) => Ok(Vec::new()),
            Resource::Connection(seller) => {
                tracing::warn!(event = "connection", %seller, "A seller linked or unlinked this application");
                Ok(Vec::new())
            }
        };
        payments.map(|payments| (payments, Vec::new()))
    }

    async fn payments(
        &self,
        account: &Account,
        ids: &[PaymentId],
    ) -> Result<Vec<PaymentFact>, ReconcileError> {
        let mut facts = Vec::with_capacity(ids.len());
        for id in ids {
            let payment = self.mercado_pago.payment(&account.access_token, id).await?;
            facts.push(payment.fact().map_err(ReconcileError::Document)?);
        }
        Ok(facts)
    }

    async fn settle_sale(
        &self,
        hint: &Hint,
        account: &Account,
        reference: &ExternalReference,
        (facts, chargebacks): (&[PaymentFact], &[Chargeback]),
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        let mut seller = account.seller();
        let Some(standing) = self.store.sale(reference).await? else {
            return self.without_sale(hint, facts, now).await;
        };
        if standing.account != hint.account {
            // The money is in another account than the sale's: no collector can be right.
            seller = Seller { collector_id: String::new(), ..seller };
        }
        let version = standing.version;
        let take_in = |sale: &mut Sale| {
            *sale = settle(sale, &seller, facts, now);
            sale.see_chargebacks(chargebacks, now);
            Ok::<_, ReconcileError>(())
        };
        let (sale, ()) = change(&self.store, standing, now, take_in).await?;
        let changed = sale.version != version;
        if changed {
            tracing::info!(event = "settled", sale = %reference, status = %sale.status, "Facts were taken in");
        }
        if let (Resource::Sale(_), Some(since)) = (&hint.resource, sale.waits_for_station(now)) {
            let station = &sale.station;
            tracing::error!(event = "command_waits", %station, sale = %reference, %since, "A station does not say that it did what it was told");
        }
        let sale = self.list_refunds(account, sale, now).await?;
        let sale = self.carry_out_refunds(hint, account, sale, now).await?;
        self.follow_chargebacks(hint, account, sale, changed, now).await
    }

    /// Money that names a sale of ours which we do not have: a case for a person. Without money it is nothing.
    async fn without_sale(
        &self,
        hint: &Hint,
        facts: &[PaymentFact],
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        for fact in facts {
            let no_money = matches!(fact.status.standing(), Standing::Waiting | Standing::Failed);
            if !no_money && self.store.put_under_review(&hint.account, fact, now).await? {
                tracing::error!(event = "needs_review", payment = %fact.id, "A payment names a sale that does not exist");
            }
        }
        Ok(())
    }

    /// Where Mercado Pago's sum says that more went back than we know of, as merchant orders do, asks which refunds
    /// they were.
    async fn list_refunds(
        &self,
        account: &Account,
        mut sale: Sale,
        now: OffsetDateTime,
    ) -> Result<Sale, ReconcileError> {
        let payments: Vec<_> = sale.with_unlisted_refunds().cloned().collect();
        for payment in payments {
            let facts = match refunding::listed(&self.mercado_pago, account, &sale, &payment).await {
                Ok(facts) => facts,
                Err(error) => {
                    // The sum is in the books; the list comes with the next look.
                    tracing::warn!(event = "refunds_not_listed", %payment, %error, "The refunds of a payment are not known one by one");
                    continue;
                }
            };
            sale = refunding::see(&self.store, sale, &payment, &facts, now).await?;
        }
        Ok(sale)
    }

    /// Carries out what the sale holds of refunds. Those that somebody asked for are in the hands of the function that
    /// took the request; they are taken up here when a hint for the sale itself says that it let go of them. While one is
    /// open, the sale goes back to the queue. Gives the sale as it stands.
    async fn carry_out_refunds(
        &self,
        hint: &Hint,
        account: &Account,
        mut sale: Sale,
        now: OffsetDateTime,
    ) -> Result<Sale, ReconcileError> {
        let let_go = matches!(hint.resource, Resource::Sale(_));
        let ours = |refund: &&Refund| match refund.origin {
            RefundOrigin::System => let_go || refund.created_at == now,
            RefundOrigin::Request { .. } => let_go,
            RefundOrigin::MercadoPago => let_go && refund.mercado_pago_id.is_some(),
        };
        let due: Vec<_> = sale.pending_refunds().filter(ours).cloned().collect();
        if due.is_empty() {
            return Ok(sale);
        }
        // The way back is on the queue before Mercado Pago is asked, whatever dies in between.
        let oldest = due.iter().map(|refund| now - refund.created_at).max().unwrap_or_default();
        let again = Hint::new(hint.account.clone(), Resource::Sale(sale.reference.clone()), now);
        self.queue.send_after(&again, pause_before_next_look(oldest)).await?;
        for refund in due {
            let first = if refund.created_at == now { Try::First } else { Try::Again };
            match refunding::carry_out(&self.mercado_pago, account, &sale, &refund, first).await {
                Ok(outcome) => {
                    sale = refunding::conclude(&self.store, sale, &refund.id, &outcome, now).await?;
                }
                Err(error) => {
                    tracing::warn!(event = "refund_unknown", sale = %sale.reference, %error, "A refund's outcome is not known yet");
                }
            }
        }
        Ok(sale)
    }
}

/// Facts by the sale that they name. What names none is another system's payment in the same account, and none of our
/// business.
fn references_in(facts: &[PaymentFact]) -> BTreeMap<ExternalReference, Vec<PaymentFact>> {
    let mut sales: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for fact in facts {
        if let Some(Ok(reference)) = fact.reference.as_deref().map(ExternalReference::parse) {
            sales.entry(reference).or_default().push(fact.clone());
        }
    }
    sales
}

/// Seconds until an open refund is looked at again: soon while somebody may wait for it, then as long as SQS allows.
fn pause_before_next_look(age: time::Duration) -> i32 {
    match age.whole_minutes() {
        ..=5 => 60,
        6..=60 => 300,
        _ => 900,
    }
}
