//! The one road: a hint, from wherever, becomes facts, and facts settle a sale.

mod changes;
mod chargebacks;
mod charges;
mod connection;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::change::change;
use crate::charging::{self, Looked};
use crate::id::{ExternalReference, PaymentId};
use crate::mercado_pago::{ApiError, MercadoPago, Payment};
use crate::payment::{PaymentFact, Standing};
use crate::queue::{Hint, Queue, QueueError, Resource};
use crate::refunding::{self, Try};
use crate::sale::{ChargeFact, ChargeStanding, Chargeback, Refund, RefundOrigin, Sale};
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
    /// How a link with a seller stands is being written by somebody else, or was so lately that the token may be older.
    #[error("the account's tokens were renewed a moment ago")]
    Renewed,
}

impl From<Looked> for ReconcileError {
    fn from(error: Looked) -> Self {
        match error {
            Looked::Api(error) => Self::Api(error),
            Looked::Document(field) => Self::Document(field),
        }
    }
}

/// What a look at Mercado Pago found.
#[derive(Clone, Debug, Default)]
struct Findings {
    payments: Vec<PaymentFact>,
    charges: Vec<ChargeFact>,
    chargebacks: Vec<Chargeback>,
}

impl From<Vec<PaymentFact>> for Findings {
    fn from(payments: Vec<PaymentFact>) -> Self {
        Self { payments, ..Self::default() }
    }
}

impl Reconciler {
    /// Works off one hint: one fetch, and if it names a sale, one read and at most one write of it.
    pub async fn reconcile(&self, hint: &Hint, now: OffsetDateTime) -> Result<(), ReconcileError> {
        let account = self.accounts.get(&hint.account).await?.ok_or(ReconcileError::UnknownAccount)?;
        match &hint.resource {
            Resource::Changes(changes) => return self.look_back(hint, &account, changes, now).await,
            Resource::Connection(seller) => {
                return self.look_at_connection(hint, &account, seller, now).await;
            }
            _ => {}
        }
        let found = self.fetch(&account, &hint.resource).await?;
        let (mut sales, others) = by_sale(found);
        if others > 0 {
            tracing::info!(event = "not_ours", resource = ?hint.resource, others, "Payments name no sale of this system");
        }
        if let Resource::Sale(reference) = &hint.resource {
            sales.entry(reference.clone()).or_default();
        }
        for (reference, found) in sales {
            self.settle_sale(hint, &account, &reference, found, now).await?;
        }
        Ok(())
    }

    /// What Mercado Pago says of a resource: its payments, and the chargeback or charge if it is one.
    async fn fetch(&self, account: &Account, resource: &Resource) -> Result<Findings, ReconcileError> {
        let (api, token) = (&self.mercado_pago, &account.access_token);
        let payments = match resource {
            Resource::Payment(id) => self.payments(account, std::slice::from_ref(id)).await?,
            Resource::MerchantOrder(id) => {
                api.merchant_order(token, id).await?.facts().map_err(ReconcileError::Document)?
            }
            Resource::Order(id) => {
                let order = api.order(token, id).await?;
                let Some((charge, mut payments)) = charging::read_order(api, account, id, &order).await?
                else {
                    return Ok(self.payments(account, &order.payments()).await?.into());
                };
                let is_paid = charge.status.standing() == ChargeStanding::Paid;
                if let (true, true, Some(reference)) = (is_paid, payments.is_empty(), order.reference()) {
                    // Its payment has an id of its own only, as those of online orders do.
                    payments = self.payments_of(account, reference).await?;
                }
                return Ok(Findings { payments, charges: vec![charge], ..Findings::default() });
            }
            Resource::PaymentIntent(id) => {
                let intent = api.payment_intent(token, id).await?;
                let (charge, payments) = charging::read_intent(api, account, id, &intent).await?;
                return Ok(Findings { payments, charges: vec![charge], ..Findings::default() });
            }
            Resource::Chargeback(id) => {
                let chargeback = api.chargeback(token, id).await?.fact(id.clone());
                let payments = self.payments(account, &chargeback.payments).await?;
                return Ok(Findings { payments, chargebacks: vec![chargeback], ..Findings::default() });
            }
            Resource::Sale(reference) => self.payments_of(account, reference.as_str()).await?,
            // Each has a way of its own: `look_back` and `look_at_connection`.
            Resource::Changes(_) | Resource::Connection(_) => Vec::new(),
        };
        Ok(payments.into())
    }

    /// The payments that Mercado Pago's search finds for a reference.
    async fn payments_of(
        &self,
        account: &Account,
        reference: &str,
    ) -> Result<Vec<PaymentFact>, ReconcileError> {
        let found = self.mercado_pago.payments_of(&account.access_token, reference).await?;
        let facts = found.results.into_iter().map(Payment::fact);
        facts.collect::<Result<_, _>>().map_err(ReconcileError::Document)
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
        mut found: Findings,
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        let mut seller = account.seller();
        let Some(standing) = self.store.sale(reference).await? else {
            return self.without_sale(hint, &found.payments, now).await;
        };
        if matches!(hint.resource, Resource::Sale(_)) {
            self.look_at_charges(account, &standing, &mut found, now).await?;
        }
        self.ask_about_charges(account, &standing, &mut found, now).await?;
        if standing.account != hint.account {
            // The money is in another account than the sale's: no collector can be right.
            seller = Seller { collector_id: String::new(), ..seller };
        }
        let version = standing.version;
        let take_in = |sale: &mut Sale| {
            sale.see_charges(&found.charges, now);
            if hint.signed {
                for charge in found.charges_named() {
                    sale.see_signed_news(charge, now);
                }
            }
            *sale = settle(sale, &seller, &found.payments, now);
            sale.see_chargebacks(&found.chargebacks, now);
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
        self.wait_for_news(hint, &found, now).await?;
        let sale = self.withdraw_charges(hint, account, sale, changed, now).await?;
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

impl Findings {
    /// The references that orders and payments of terminals bear: charges, if they are ours.
    fn charges_named(&self) -> impl Iterator<Item = &str> {
        let of_charges = self.charges.iter().filter_map(|charge| charge.reference.as_deref());
        of_charges.chain(self.payments.iter().filter_map(|payment| payment.reference.as_deref()))
    }
}

/// Findings by the sale that they name, and how many payments name none: those are another system's in the same account,
/// and none of our business. Chargebacks do not tell whose payment they take, so each sale gets them all.
fn by_sale(found: Findings) -> (BTreeMap<ExternalReference, Findings>, usize) {
    let mut sales: BTreeMap<_, Findings> = BTreeMap::new();
    let sale = |reference: Option<&str>| ExternalReference::of_payment(reference?).ok();
    let mut others = 0_usize;
    // What an order or intent of ours names as its payment is a matter of its sale, whatever the payment itself says.
    let of_charge = found.charges.iter().find_map(|charge| sale(charge.reference.as_deref()));
    for payment in found.payments {
        match of_charge.clone().or_else(|| sale(payment.reference.as_deref())) {
            Some(reference) => sales.entry(reference).or_default().payments.push(payment),
            None => others = others.saturating_add(1),
        }
    }
    for charge in found.charges {
        if let Some(reference) = sale(charge.reference.as_deref()) {
            sales.entry(reference).or_default().charges.push(charge);
        }
    }
    for of_sale in sales.values_mut() {
        of_sale.chargebacks.clone_from(&found.chargebacks);
    }
    (sales, others)
}

/// Seconds until an open refund is looked at again: soon while somebody may wait for it, then as long as SQS allows.
fn pause_before_next_look(age: time::Duration) -> i32 {
    match age.whole_minutes() {
        ..=5 => 60,
        6..=60 => 300,
        _ => 900,
    }
}
