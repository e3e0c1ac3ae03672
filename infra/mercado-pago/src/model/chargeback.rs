//! Chargebacks.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::json::{Json, object};
use crate::site::Site;

/// A cardholder's claim with the bank against a payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chargeback {
    /// Mercado Pago's id.
    pub id: String,
    /// The seller.
    pub owner: u64,
    /// The payment.
    pub payment: u64,
    /// Minor units.
    pub amount: i64,
    /// The country.
    pub site: Site,
    /// When it was made.
    pub created: Moment,
    /// Where the seller's documents stand: Mercado Pago's word, or one that nobody has heard of.
    #[serde(default = "waited_for")]
    pub documentation_status: String,
    /// When it last changed; none when it never did.
    #[serde(default)]
    pub updated: Option<Moment>,
}

/// Where documents stand at first.
pub fn waited_for() -> String {
    "pending".to_owned()
}

impl Chargeback {
    /// The chargeback as the reference shows it. The SDKs' other shape names the payment `payment_id`: a client that can
    /// read both is fine with either, so both are given.
    pub fn render(&self, live_mode: bool) -> Json {
        object! {
            "id": self.id.as_str(),
            "payments": vec![self.payment],
            "payment_id": self.payment,
            "currency": self.site.currency(),
            "amount": self.site.number(self.amount),
            "reason": "general",
            "coverage_applied": Json::Null,
            "coverage_elegible": false,
            "documentation_required": true,
            "documentation_status": self.documentation_status.as_str(),
            "documentation": Json::List(Vec::new()),
            "date_documentation_deadline": self.created.plus(time::Duration::days(10)),
            "date_created": self.created,
            "date_last_updated": self.updated.unwrap_or(self.created),
            "live_mode": live_mode,
        }
    }
}
