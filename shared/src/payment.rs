//! What Mercado Pago says of a payment, reduced to the facts that settle a sale. Payer data has no place here.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::PaymentId;
use crate::money::Money;

/// Mercado Pago's word for the state of a payment, kept as it came: the list is open-ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentStatus(pub String);

/// Sorts by how far the payment has come: of two readings that bear one time, the further one is the later.
impl Ord for PaymentStatus {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.standing(), &self.0).cmp(&(other.standing(), &other.0))
    }
}

impl PartialOrd for PaymentStatus {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What a status means for the money, in the order in which a payment comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A word that is not in the documents. It is kept and never guessed at.
    Unknown,
    /// `pending`, `in_process`, `authorized`: wait, nothing is paid.
    Waiting,
    /// `rejected`, `cancelled`: this try is over, the sale stays open.
    Failed,
    /// `approved`.
    Approved,
    /// `in_mediation`: the buyer disputes, the money is held.
    InMediation,
    /// `refunded`: given back in full.
    Refunded,
    /// `charged_back`: taken back through the card.
    ChargedBack,
}

impl PaymentStatus {
    /// What the word means.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.0.as_str() {
            "pending" | "in_process" | "authorized" => Standing::Waiting,
            "rejected" | "cancelled" => Standing::Failed,
            "approved" => Standing::Approved,
            "in_mediation" => Standing::InMediation,
            "refunded" => Standing::Refunded,
            "charged_back" => Standing::ChargedBack,
            _ => Standing::Unknown,
        }
    }

    /// Whether Mercado Pago may go from this status to a later one. Statuses in between may never be seen, so
    /// this is the closure of the documented movements. Unknown words prove nothing.
    #[must_use]
    pub fn may_become(&self, later: &Self) -> bool {
        use Standing::{Approved, ChargedBack, Failed, InMediation, Refunded, Unknown, Waiting};
        match (self.standing(), later.standing()) {
            (Unknown | Waiting, _) | (_, Unknown) => true,
            (Failed, _) => self == later,
            (Approved, next) => !matches!(next, Waiting | Failed),
            (InMediation | ChargedBack, next) => {
                matches!(next, Approved | InMediation | Refunded | ChargedBack)
            }
            (Refunded, next) => matches!(next, Refunded | ChargedBack),
        }
    }
}

/// Where a payment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The QR of the pump.
    Qr,
    /// A Point terminal.
    Point,
    /// Anything else.
    Other,
}

/// One refund as Mercado Pago lists it in a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFact {
    /// Mercado Pago's id of the refund.
    pub id: String,
    /// How much of the payment it gives back.
    pub amount: Money,
    /// `approved`, `in_process`, `rejected`, or another word.
    pub status: String,
    /// When it was made.
    pub created_at: Option<OffsetDateTime>,
}

/// One payment as Mercado Pago told it when it was asked, from `/v1/payments` or from within a merchant order.
/// What a resource did not carry is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFact {
    /// The payment.
    pub id: PaymentId,
    /// User id of the seller who got the money.
    pub collector: Option<String>,
    /// What the payment says it pays.
    pub reference: Option<String>,
    /// `transaction_amount`; `None` when it cannot be read as money.
    pub amount: Option<Money>,
    /// `transaction_amount_refunded`.
    pub refunded: Option<Money>,
    /// Its state.
    pub status: PaymentStatus,
    /// The reason behind the state.
    pub status_detail: Option<String>,
    /// When the money moved.
    pub approved_at: Option<OffsetDateTime>,
    /// The resource's own time of its last change: what orders facts.
    pub updated_at: OffsetDateTime,
    /// Mercado Pago's mark for real money. True for test users as well, so only `false` says something.
    pub live_mode: Option<bool>,
    /// `payment_method_id`: `visa`, `account_money`, `interop_transfer`.
    pub method: Option<String>,
    /// Where it was made.
    pub channel: Channel,
    /// Its refunds one by one; `None` from resources that give only the sum.
    pub refunds: Option<Vec<RefundFact>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(word: &str) -> PaymentStatus {
        PaymentStatus(word.to_owned())
    }

    #[test]
    fn the_movements_of_a_payment() {
        let words =
            ["pending", "rejected", "cancelled", "approved", "in_mediation", "refunded", "charged_back"];
        let legal = [
            ("pending", "pending rejected cancelled approved in_mediation refunded charged_back"),
            ("rejected", "rejected"),
            ("cancelled", "cancelled"),
            ("approved", "approved in_mediation refunded charged_back"),
            ("in_mediation", "approved in_mediation refunded charged_back"),
            ("refunded", "refunded charged_back"),
            ("charged_back", "approved in_mediation refunded charged_back"),
        ];
        for (from, to) in legal {
            let to: Vec<_> = to.split(' ').collect();
            for word in words {
                assert_eq!(status(from).may_become(&status(word)), to.contains(&word), "{from} -> {word}");
            }
            assert!(status(from).may_become(&status("in_orbit")), "an unknown word proves nothing");
        }
    }
}
