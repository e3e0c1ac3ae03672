//! One try to pay a sale: a Mercado Pago payment and everything it was seen to be.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::PaymentId;
use crate::money::Money;
use crate::payment::{Channel, PaymentFact, PaymentStatus, Standing};

/// Why a person must look at a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// Another seller got the money.
    Collector,
    /// Paid in another currency.
    Currency,
    /// More or less than is owed, or an amount that cannot be read.
    Amount,
    /// The payment names another sale, or none.
    Reference,
    /// Mercado Pago says that it was taken at another terminal than it was sent to.
    Terminal,
    /// A test payment for a live account.
    LiveMode,
    /// A status that the documents do not know, of a payment that had been approved.
    UnknownStatus,
    /// Mercado Pago told a sequence of statuses that cannot be.
    Contradiction,
    /// The station was told that the sale is paid, and does not know it.
    UnknownToStation,
    /// Money that must go back could not: Mercado Pago refused the system's own refund.
    RefundRefused,
}

impl ReviewReason {
    /// The word in our API and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Currency => "currency",
            Self::Amount => "amount",
            Self::Reference => "reference",
            Self::Terminal => "terminal",
            Self::LiveMode => "live_mode",
            Self::UnknownStatus => "unknown_status",
            Self::Contradiction => "contradiction",
            Self::UnknownToStation => "unknown_to_station",
            Self::RefundRefused => "refund_refused",
        }
    }
}

/// What a payment was at one time of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Observation {
    /// The resource's own time of that change.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Its state.
    pub status: PaymentStatus,
    /// Minor units given back by then, where the document told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refunded: Option<u64>,
    /// The reason behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// One payment that named a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The payment.
    pub payment_id: PaymentId,
    /// Where it was made.
    pub channel: Channel,
    /// How: `visa`, `account_money`. Merchant orders do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How much, in every way that it was told: one amount, unless documents contradict each other; none when Mercado
    /// Pago's text was no amount.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub amounts: Vec<Money>,
    /// The sellers who got the money, as it was told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub collectors: Vec<String>,
    /// What it says it pays, as it was told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub references: Vec<String>,
    /// Whether a document called it a test. Merchant orders do not tell.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_test: bool,
    /// Why it cannot settle the sale, as its latest settlement found.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub misfits: Vec<ReviewReason>,
    /// When the money moved, if it ever did.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub approved_at: Option<OffsetDateTime>,
    /// What it was, oldest first by Mercado Pago's own time. Never empty, never shortened.
    pub history: Vec<Observation>,
}

impl Attempt {
    /// A payment seen for the first time.
    #[must_use]
    pub fn first_seen(fact: &PaymentFact) -> Self {
        let mut attempt = Self {
            payment_id: fact.id.clone(),
            channel: fact.channel,
            method: None,
            amounts: Vec::new(),
            collectors: Vec::new(),
            references: Vec::new(),
            is_test: false,
            misfits: Vec::new(),
            approved_at: None,
            history: Vec::new(),
        };
        attempt.learn(fact);
        attempt
    }

    /// Takes in what a fetch told. What is learned does not depend on the order of fetches: the history is a set, sorted
    /// by the resource's own time, and what must not differ between documents is kept in every way that it was told.
    pub fn learn(&mut self, fact: &PaymentFact) {
        add(&mut self.amounts, fact.amount);
        add(&mut self.collectors, fact.collector.clone());
        add(&mut self.references, fact.reference.as_ref().map(|told| told.to_ascii_lowercase()));
        self.is_test |= fact.live_mode == Some(false);
        if self.method.is_none() {
            self.method.clone_from(&fact.method);
        }
        let observation = Observation {
            at: fact.updated_at,
            status: fact.status.clone(),
            refunded: fact.refunded.map(Money::minor),
            detail: fact.status_detail.clone(),
        };
        if let Err(place) = self.history.binary_search(&observation) {
            self.history.insert(place, observation);
        }
        // Approved once is approved at that time for ever; a resource without the date has that of its change.
        let approved = match fact.status.standing() {
            Standing::Waiting | Standing::Failed | Standing::Unknown => None,
            _ => Some(fact.approved_at.unwrap_or(fact.updated_at)),
        };
        self.approved_at = match (self.approved_at, approved) {
            (Some(known), Some(told)) => Some(known.min(told)),
            (known, told) => known.or(told),
        };
    }

    /// What it is now: the latest by Mercado Pago's own time.
    #[must_use]
    pub fn latest(&self) -> Option<&Observation> {
        self.history.last()
    }

    /// What that means for the money.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.latest().map_or(Standing::Unknown, |latest| latest.status.standing())
    }

    /// How much, if it was told and no document contradicts.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        match self.amounts.as_slice() {
            [amount] => Some(*amount),
            _ => None,
        }
    }

    /// Whether it can settle its sale.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.misfits.is_empty()
    }

    /// Whether the money is in the seller's account.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.standing() == Standing::Approved
    }

    /// Minor units that Mercado Pago says were given back. A merchant order gives no sum of refunds now and then; what was
    /// told before still holds.
    #[must_use]
    pub fn refunded_minor(&self) -> u64 {
        let told = self.latest().and_then(|latest| latest.refunded);
        told.or_else(|| self.history.iter().filter_map(|seen| seen.refunded).max()).unwrap_or(0)
    }

    /// Why a person must look at it, while its money is not back with the buyer.
    pub(crate) fn review_reasons(&self) -> impl Iterator<Item = ReviewReason> {
        let unknown = (self.standing() == Standing::Unknown).then_some(ReviewReason::UnknownStatus);
        let contradiction = self.contradicts_itself().then_some(ReviewReason::Contradiction);
        self.misfits.iter().copied().chain(unknown).chain(contradiction)
    }

    /// Whether its history has a step that cannot be, such as approved after refunded, or less given back than before.
    fn contradicts_itself(&self) -> bool {
        self.history.iter().enumerate().any(|(place, later)| {
            self.history.iter().take(place).any(|earlier| {
                let less = earlier.refunded.zip(later.refunded).is_some_and(|(before, after)| before > after);
                // Two readings of one instant have no order between them.
                earlier.at != later.at && (less || !earlier.status.may_become(&later.status))
            })
        })
    }
}

/// Adds to a sorted list what is not in it.
fn add<T: Ord>(known: &mut Vec<T>, told: Option<T>) {
    if let Some(told) = told
        && let Err(place) = known.binary_search(&told)
    {
        known.insert(place, told);
    }
}
