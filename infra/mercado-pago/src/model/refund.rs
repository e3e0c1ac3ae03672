//! Refunds.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::json::{Json, object};
use crate::site::Site;

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The money went back.
    #[default]
    Approved,
    /// It has to be read again later.
    InProcess,
    /// The money stayed.
    Rejected,
}

impl RefundStatus {
    /// Mercado Pago's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::InProcess => "in_process",
            Self::Rejected => "rejected",
        }
    }
}

/// A refund of a payment, or of a part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    /// Mercado Pago's id.
    pub id: u64,
    /// The payment.
    pub payment: u64,
    /// Minor units.
    pub amount: i64,
    /// What became of it.
    pub status: RefundStatus,
    /// Whether the seller's software (`collector`) or somebody at a panel (`operator`) asked for it.
    pub source: String,
    /// When it was made.
    pub created: Moment,
}

impl Refund {
    /// The refund as the API shows it.
    pub fn render(&self, seller: u64, nickname: &str, site: Site) -> Json {
        object! {
            "id": self.id,
            "payment_id": self.payment,
            "amount": site.number(self.amount),
            "metadata": object! {},
            "source": object! {"id": seller.to_string(), "name": nickname, "type": self.source.as_str()},
            "date_created": self.created,
            "unique_sequence_number": Json::Null,
            "refund_mode": "standard",
            "adjustment_amount": 0,
            "status": self.status.word(),
            "reason": Json::Null,
            "labels": Json::List(Vec::new()),
            "amount_refunded_to_payer": site.number(self.amount),
            "additional_data": Json::Null,
            "partition_details": Json::List(Vec::new()),
        }
    }
}
