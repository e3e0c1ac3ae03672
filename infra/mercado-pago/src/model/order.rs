//! Merchant orders: what a scan that reached the checkout leaves behind.

use serde::{Deserialize, Serialize};

use super::payment::Payment;
use crate::account::Account;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::site::Site;

/// An order with the payments that were tried for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MerchantOrder {
    /// Mercado Pago's id.
    pub id: u64,
    /// The seller.
    pub owner: u64,
    /// The seller's country.
    pub site: Site,
    /// The id of the checkout.
    pub preference: String,
    /// The point of sale.
    pub pos: Option<u64>,
    /// Minor units.
    pub total: i64,
    /// Items, as Mercado Pago shows them.
    pub items: Vec<Json>,
    /// The first item's title.
    pub title: String,
    /// The seller's own reference.
    pub external_reference: String,
    /// Where its news goes.
    pub notification_url: String,
    /// The integrator.
    pub sponsor_id: Option<u64>,
    /// Every attempt, rejected ones included, oldest first.
    pub payments: Vec<u64>,
    /// Once closed it stays closed, whatever becomes of the payments.
    pub closed: bool,
    /// When it was made.
    pub created: Moment,
    /// When it or one of its payments last changed.
    pub updated: Moment,
}

impl MerchantOrder {
    /// `opened` or `closed`. An unattended order has no documented expiry.
    pub const fn status(&self) -> &'static str {
        if self.closed { "closed" } else { "opened" }
    }

    /// The order as the API shows it. `payments` are its own, in its order.
    pub fn render(&self, seller: &Account, payments: &[&Payment]) -> Json {
        let number = |minor| self.site.number(minor);
        let shown: Vec<Json> = payments.iter().map(|payment| entry(payment)).collect();
        let paid: i64 = approved(payments);
        let refunded: i64 = payments.iter().map(|payment| payment.refunded()).sum();
        let payer = if payments.is_empty() {
            Json::Null
        } else {
            object! {"id": super::payment::BUYER, "email": "", "nickname": "TESTBUYER"}
        };
        object! {
            "id": self.id,
            "status": self.status(),
            "external_reference": self.external_reference.as_str(),
            "preference_id": self.preference.as_str(),
            "payments": shown,
            "shipments": Json::List(Vec::new()),
            "payouts": Json::List(Vec::new()),
            "collector": object! {
                "id": seller.collector_id, "email": seller.email(), "nickname": seller.nickname.as_str(),
            },
            "marketplace": "NONE",
            "notification_url": self.notification_url.as_str(),
            "date_created": self.created,
            "last_updated": self.updated,
            "sponsor_id": self.sponsor_id.map(|id| id.to_string()),
            "shipping_cost": 0,
            "total_amount": number(self.total),
            "site_id": self.site.id(),
            "paid_amount": number(paid),
            "refunded_amount": number(refunded),
            "payer": payer,
            "items": self.items.clone(),
            "cancelled": false,
            "additional_info": "",
            "application_id": Json::Null,
            "is_test": !seller.live_mode,
            "order_status": order_status(payments, self.total),
        }
    }
}

/// The sum of the approved payments: the documented test of "paid".
pub fn approved(payments: &[&Payment]) -> i64 {
    payments.iter().filter(|payment| payment.status == "approved").map(|payment| payment.amount).sum()
}

/// `order_status`, by the meanings that the merchant-order reference lists. Their precedence is inferred: what was
/// reverted is said first, because a reverted payment may still be among those that covered the total.
fn order_status(payments: &[&Payment], total: i64) -> &'static str {
    let gone = |payment: &&&Payment| matches!(payment.status.as_str(), "refunded" | "charged_back");
    let credited: Vec<&Payment> = payments
        .iter()
        .filter(|payment| payment.is_credited() || payment.status == "refunded")
        .copied()
        .collect();
    let reverted = credited.iter().filter(gone).count();
    let covered: i64 =
        credited.iter().filter(|payment| payment.is_credited()).map(|payment| payment.amount).sum();
    if reverted > 0 && reverted == credited.len() {
        "reverted"
    } else if reverted > 0 || credited.iter().any(|payment| payment.refunded() > 0) {
        "partially_reverted"
    } else if covered >= total {
        "paid"
    } else if covered > 0 {
        "partially_paid"
    } else if payments
        .iter()
        .any(|payment| matches!(payment.status.as_str(), "in_process" | "pending" | "authorized"))
    {
        "payment_in_process"
    } else {
        "payment_required"
    }
}

/// A payment inside an order.
fn entry(payment: &Payment) -> Json {
    let number = |minor| payment.site.number(minor);
    object! {
        "id": payment.id,
        "transaction_amount": number(payment.amount),
        "total_paid_amount": number(payment.amount),
        "shipping_cost": 0,
        "currency_id": payment.currency.as_str(),
        "status": payment.status.as_str(),
        "status_detail": payment.status_detail.as_str(),
        "operation_type": "regular_payment",
        "date_approved": payment.approved,
        "date_created": payment.created,
        "last_modified": payment.updated,
        "amount_refunded": number(payment.refunded()),
    }
}
