//! Payments.

use serde::{Deserialize, Serialize};

use super::refund::{Refund, RefundStatus};
use crate::account::Account;
use crate::buyer::means::Method;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::site::Site;

/// A movement of money from a buyer to a seller, or the attempt of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payment {
    /// Mercado Pago's id.
    pub id: u64,
    /// The seller whose token may read it.
    pub owner: u64,
    /// The seller that the document names: another one only when a fault says so.
    pub collector_id: u64,
    /// The seller's country.
    pub site: Site,
    /// The currency that the document names: another one only when a fault says so.
    pub currency: String,
    /// Minor units.
    pub amount: i64,
    /// Mercado Pago's word, which may be one that nobody has heard of.
    pub status: String,
    /// More about the status.
    pub status_detail: String,
    /// How it was paid.
    pub method: Method,
    /// What is paid.
    pub description: String,
    /// The seller's own reference.
    pub external_reference: Option<String>,
    /// The merchant order.
    pub order: Option<u64>,
    /// The point of sale.
    pub pos: Option<u64>,
    /// The store.
    pub store: Option<u64>,
    /// The integrator.
    pub sponsor_id: Option<u64>,
    /// Where the order wanted to be notified.
    pub notification_url: Option<String>,
    /// Refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// The charge of a terminal that read the card.
    #[serde(default)]
    pub charge: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// When it was approved.
    pub approved: Option<Moment>,
    /// When it last changed.
    pub updated: Moment,
}

/// A fee of 1.5 % in basis points, as in a published sample of a QR payment.
const FEE: i64 = 150;

impl Payment {
    /// What has gone back to the buyer.
    pub fn refunded(&self) -> i64 {
        self.sum(|status| status == RefundStatus::Approved)
    }

    /// What may still be refunded; a refund in process already holds its part.
    pub fn refundable(&self) -> i64 {
        self.amount - self.sum(|status| status != RefundStatus::Rejected)
    }

    fn sum(&self, counts: impl Fn(RefundStatus) -> bool) -> i64 {
        self.refunds.iter().filter(|refund| counts(refund.status)).map(|refund| refund.amount).sum()
    }

    /// Whether the seller has the money, disputed or not.
    pub fn is_credited(&self) -> bool {
        matches!(self.status.as_str(), "approved" | "in_mediation" | "charged_back")
    }

    fn fee(&self) -> i64 {
        if self.approved.is_some() { (self.amount * FEE + 5_000) / 10_000 } else { 0 }
    }

    /// The payment as the API shows it.
    pub fn render(&self, seller: &Account) -> Json {
        let number = |minor| self.site.number(minor);
        let fee = self.fee();
        let net = if self.approved.is_some() { self.amount - fee - self.refunded() } else { 0 };
        let fees = if fee == 0 {
            Vec::new()
        } else {
            vec![object! {"type": "mercadopago_fee", "amount": number(fee), "fee_payer": "collector"}]
        };
        let refunds: Vec<Json> = self
            .refunds
            .iter()
            .map(|refund| refund.render(seller.collector_id, &seller.nickname, self.site))
            .collect();
        let released = self.approved.map(|approved| approved.plus(time::Duration::days(14)));
        object! {
            "id": self.id,
            "date_created": self.created,
            "date_approved": self.approved,
            "date_last_updated": self.updated,
            "date_of_expiration": Json::Null,
            "money_release_date": released,
            "money_release_status": "pending",
            "operation_type": "regular_payment",
            "issuer_id": self.method.issuer(),
            "payment_method_id": self.method.id(),
            "payment_type_id": self.method.kind(),
            "payment_method": object! {
                "id": self.method.id(), "type": self.method.kind(), "issuer_id": self.method.issuer(),
            },
            "status": self.status.as_str(),
            "status_detail": self.status_detail.as_str(),
            "currency_id": self.currency.as_str(),
            "description": self.description.as_str(),
            "live_mode": seller.live_mode,
            "sponsor_id": self.sponsor_id,
            "integrator_id": Json::Null,
            "platform_id": Json::Null,
            "corporation_id": Json::Null,
            "authorization_code": self.method.authorization_code(),
            "money_release_schema": Json::Null,
            "taxes_amount": 0,
            "counter_currency": Json::Null,
            "brand_id": Json::Null,
            "shipping_amount": 0,
            "build_version": "3.1",
            "pos_id": self.pos.map(|id| id.to_string()),
            "store_id": self.store.map(|id| id.to_string()),
            "collector_id": self.collector_id,
            "payer": object! {
                "id": BUYER.to_string(),
                "email": BUYER_EMAIL,
                "identification": object! {"type": "DNI", "number": BUYER_DOCUMENT},
                "type": "guest",
            },
            "marketplace_owner": Json::Null,
            "metadata": object! {},
            "additional_info": object! {},
            "order": self.order.map_or_else(
                || object! {},
                |id| object! {"id": id.to_string(), "type": "mercadopago"},
            ),
            "external_reference": self.external_reference.clone(),
            "transaction_amount": number(self.amount),
            "transaction_amount_refunded": number(self.refunded()),
            "coupon_amount": 0,
            "differential_pricing_id": Json::Null,
            "deduction_schema": Json::Null,
            "transaction_details": object! {
                "payment_method_reference_id": Json::Null,
                "acquirer_reference": Json::Null,
                "net_received_amount": number(net),
                "total_paid_amount": number(self.amount),
                "overpaid_amount": 0,
                "external_resource_url": Json::Null,
                "installment_amount": if self.method.is_card() { number(self.amount) } else { 0.into() },
                "financial_institution": Json::Null,
                "payable_deferral_period": Json::Null,
                "transaction_id": Json::Null,
            },
            "fee_details": fees,
            "charges_details": Json::List(Vec::new()),
            "captured": self.status != "authorized",
            "binary_mode": false,
            "call_for_authorize_id": Json::Null,
            "statement_descriptor": if self.method.is_card() { Json::from("MERPAGO") } else { Json::Null },
            "installments": 1,
            "card": self.method.card(),
            "notification_url": self.notification_url.clone(),
            "refunds": refunds,
            "processing_mode": "aggregator",
            "merchant_account_id": Json::Null,
            "merchant_number": Json::Null,
            "acquirer_reconciliation": Json::List(Vec::new()),
            "point_of_interaction": self.method.point_of_interaction(self.charge.is_some()),
        }
    }
}

/// The user id of the one buyer.
pub const BUYER: u64 = 710_000_001;
/// The buyer's address, in every payment: whoever logs payments can be found out by it.
pub const BUYER_EMAIL: &str = "test_user_buyer@example.com";
/// The number of the buyer's identity document, likewise.
pub const BUYER_DOCUMENT: &str = "27555444333";
