//! Everything that the simulated Mercado Pago knows, and what may happen to it.
//!
//! A change of the world returns the [`Change`]s that somebody has to be told of; telling is done elsewhere, outside the
//! lock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::clock::Moment;
use crate::json::Json;
use crate::model::charge::{Charge, Standing};
use crate::model::chargeback::{self, Chargeback};
use crate::model::order::{MerchantOrder, approved};
use crate::model::payment::Payment;
use crate::model::pos::Pos;
use crate::model::refund::{Refund, RefundStatus};
use crate::model::store::Store;
use crate::model::terminal::Terminal;
use crate::oauth::Oauth;

/// The state, as it is kept across restarts.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct World {
    /// Sellers by user id.
    pub accounts: BTreeMap<u64, Account>,
    /// Stores by id.
    pub stores: BTreeMap<u64, Store>,
    /// Points of sale by id.
    pub points: BTreeMap<u64, Pos>,
    /// Merchant orders by id.
    pub orders: BTreeMap<u64, MerchantOrder>,
    /// Payments by id.
    pub payments: BTreeMap<u64, Payment>,
    /// Chargebacks by id.
    pub chargebacks: BTreeMap<String, Chargeback>,
    /// What was asked with each `X-Idempotency-Key` of a refund, by seller and key.
    pub refund_keys: BTreeMap<String, RefundKey>,
    /// Terminals by id.
    pub terminals: BTreeMap<String, Terminal>,
    /// Orders and payment intents of terminals by id.
    pub charges: BTreeMap<String, Charge>,
    /// What was asked and answered with each `X-Idempotency-Key` of the Orders API, by seller and key.
    pub order_keys: BTreeMap<String, OrderKey>,
    /// Applications that act for sellers, and their tokens.
    pub oauth: Oauth,
    /// How many things were created, for their ids.
    pub created: u64,
}

/// A refund request that was carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundKey {
    /// The payment of the request.
    pub payment: u64,
    /// The amount of the request; none for a full refund.
    pub amount: Option<i64>,
    /// The refund that answered it.
    pub refund: u64,
}

/// A request of the Orders API that was carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderKey {
    /// When.
    pub at: Moment,
    /// What was asked of what.
    pub route: String,
    /// The body of the request.
    pub body: Json,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Json,
}

/// What is told of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It was paid.
    Processed,
    /// It was called off.
    Canceled,
    /// Money went back, or its going back came to something.
    Refunded,
    /// Somebody must look at the terminal.
    ActionRequired,
    /// The card was rejected or the terminal broke off.
    Failed,
    /// Nobody paid in time.
    Expired,
}

/// Something happened that is notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A merchant order was opened.
    OrderCreated(u64),
    /// A merchant order changed.
    OrderUpdated(u64),
    /// A payment was made.
    PaymentCreated(u64),
    /// A payment changed.
    PaymentUpdated(u64),
    /// A chargeback was made, or its documents were looked at.
    Chargeback(String),
    /// A charge of a terminal changed in a way that is told.
    Charge(String, Told),
    /// A seller let an application act.
    Authorized {
        /// The application.
        application: u64,
        /// The seller.
        seller: u64,
    },
    /// A seller took that back.
    Deauthorized {
        /// The application.
        application: u64,
        /// The seller.
        seller: u64,
    },
}

/// The kinds of ids, by the number they start from: digits as long as Mercado Pago's.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub enum Kind {
    /// Stores.
    Store = 60_000_000,
    /// Points of sale.
    Pos = 90_000_000,
    /// Merchant orders.
    Order = 31_000_000_000,
    /// Payments.
    Payment = 130_000_000_000,
    /// Refunds.
    Refund = 2_100_000_000,
    /// Chargebacks.
    Chargeback = 217_000_000_000_000,
}

/// What a payment is made of that the caller decides.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The payment, complete but for its id and its order.
    pub payment: Payment,
    /// The merchant order that it is tried for.
    pub order: Option<u64>,
}

impl World {
    /// The next id of a kind. No two things have one id, whatever their kinds.
    pub fn next_id(&mut self, kind: Kind) -> u64 {
        self.created += 1;
        kind as u64 + self.created
    }

    /// The seller that a token belongs to.
    pub fn seller(&self, token: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.access_token == token)
    }

    /// An order's payments, in its order.
    pub fn payments_of(&self, order: &MerchantOrder) -> Vec<&Payment> {
        order.payments.iter().filter_map(|id| self.payments.get(id)).collect()
    }

    /// A merchant order as the API shows it.
    pub fn render_order(&self, order: &MerchantOrder) -> Json {
        match self.accounts.get(&order.owner) {
            Some(seller) => order.render(seller, &self.payments_of(order)),
            None => Json::Null,
        }
    }

    /// A payment as the API shows it.
    pub fn render_payment(&self, payment: &Payment) -> Json {
        self.accounts.get(&payment.owner).map_or(Json::Null, |seller| payment.render(seller))
    }

    /// A refund as the API shows it.
    pub fn render_refund(&self, payment: &Payment, refund: &Refund) -> Json {
        self.accounts
            .get(&payment.owner)
            .map_or(Json::Null, |seller| refund.render(seller.collector_id, &seller.nickname, payment.site))
    }

    /// Adds a merchant order; its id is chosen here.
    pub fn open_order(&mut self, mut order: MerchantOrder) -> (u64, Vec<Change>) {
        order.id = self.next_id(Kind::Order);
        let id = order.id;
        self.orders.insert(id, order);
        (id, vec![Change::OrderCreated(id)])
    }

    /// Adds a payment; its id is chosen here.
    pub fn pay(&mut self, attempt: Attempt) -> (u64, Vec<Change>) {
        let Attempt { mut payment, order } = attempt;
        let id = self.next_id(Kind::Payment);
        let now = payment.updated;
        payment.id = id;
        payment.order = order;
        self.payments.insert(id, payment);
        if let Some(order) = order.and_then(|order| self.orders.get_mut(&order)) {
            order.payments.push(id);
        }
        let mut changes = vec![Change::PaymentCreated(id)];
        changes.extend(self.touch_order_of(id, now));
        (id, changes)
    }

    /// Gives a payment another status, known or not.
    pub fn set_payment(
        &mut self,
        id: u64,
        status: &str,
        detail: Option<&str>,
        now: Moment,
    ) -> Option<Vec<Change>> {
        let refund = (status == "refunded").then(|| self.next_id(Kind::Refund));
        let payment = self.payments.get_mut(&id)?;
        if let Some(refund) = refund.filter(|_| payment.refundable() > 0) {
            // Refunded in full at the seller's panel.
            payment.refunds.push(Refund {
                id: refund,
                payment: id,
                amount: payment.refundable(),
                status: RefundStatus::Approved,
                source: "operator".to_owned(),
                created: now,
            });
        }
        status.clone_into(&mut payment.status);
        detail.unwrap_or_else(|| usual_detail(status)).clone_into(&mut payment.status_detail);
        if status == "approved" && payment.approved.is_none() {
            payment.approved = Some(now);
        }
        payment.updated = now;
        let mut changes = self.touched(id, now);
        if status == "refunded" {
            changes.extend(self.touch_charge_of(id, now));
        }
        Some(changes)
    }

    /// Adds a refund of a payment; its id is chosen here, whether it may be made was decided before.
    pub fn refund(&mut self, mut refund: Refund) -> Option<(Refund, Vec<Change>)> {
        refund.id = self.next_id(Kind::Refund);
        self.payments.get_mut(&refund.payment)?.refunds.push(refund.clone());
        let changes = self.refunds_changed(refund.payment, refund.created);
        Some((refund, changes))
    }

    /// Ends a refund that is in process.
    pub fn complete_refund(&mut self, id: u64, status: RefundStatus, now: Moment) -> Option<Vec<Change>> {
        let of = |payment: &mut Payment| {
            let refund = payment.refunds.iter_mut().find(|refund| refund.id == id)?;
            (refund.status == RefundStatus::InProcess).then(|| refund.status = status)?;
            Some(payment.id)
        };
        let payment = self.payments.values_mut().find_map(of)?;
        Some(self.refunds_changed(payment, now))
    }

    /// Adds a chargeback and marks its payment.
    pub fn charge_back(
        &mut self,
        payment: u64,
        amount: Option<i64>,
        now: Moment,
    ) -> Option<(String, Vec<Change>)> {
        let id = self.next_id(Kind::Chargeback).to_string();
        let (owner, site, whole) = {
            let payment = self.payments.get(&payment)?;
            (payment.owner, payment.site, payment.amount)
        };
        let amount = amount.unwrap_or(whole);
        let documentation_status = chargeback::waited_for();
        let made = Chargeback {
            id: id.clone(),
            owner,
            payment,
            amount,
            site,
            created: now,
            documentation_status,
            updated: None,
        };
        self.chargebacks.insert(id.clone(), made);
        let mut changes = self.set_payment(payment, "charged_back", Some("in_process"), now)?;
        changes.push(Change::Chargeback(id.clone()));
        Some((id, changes))
    }

    /// Says of a chargeback where its documents stand.
    pub fn judge_documents(&mut self, id: &str, status: &str, now: Moment) -> Option<Vec<Change>> {
        let chargeback = self.chargebacks.get_mut(id)?;
        status.clone_into(&mut chargeback.documentation_status);
        chargeback.updated = Some(now);
        Some(vec![Change::Chargeback(id.to_owned())])
    }

    /// A part that went back leaves a payment `approved` and `partially_refunded`; all of it makes it `refunded`.
    fn refunds_changed(&mut self, id: u64, now: Moment) -> Vec<Change> {
        if let Some(payment) = self.payments.get_mut(&id) {
            let refunded = payment.refunded();
            if refunded >= payment.amount {
                "refunded".clone_into(&mut payment.status);
                "refunded".clone_into(&mut payment.status_detail);
            } else if refunded > 0 {
                "partially_refunded".clone_into(&mut payment.status_detail);
            }
            payment.updated = now;
        }
        let mut changes = self.touched(id, now);
        changes.extend(self.touch_charge_of(id, now));
        changes
    }

    /// A charge that shows its payment changes with the payment's refunds.
    fn touch_charge_of(&mut self, payment: u64, now: Moment) -> Option<Change> {
        let id = self.payments.get(&payment)?.charge.clone()?;
        let charge = self.charges.get_mut(&id).filter(|charge| charge.standing == Standing::Processed)?;
        if charge.payment != Some(payment) {
            return None;
        }
        charge.version += 1;
        charge.updated = now;
        Some(Change::Charge(id, Told::Refunded))
    }

    fn touched(&mut self, payment: u64, now: Moment) -> Vec<Change> {
        let mut changes = vec![Change::PaymentUpdated(payment)];
        changes.extend(self.touch_order_of(payment, now));
        changes
    }

    /// A merchant order changes with its payments; approved ones that cover the total close it.
    fn touch_order_of(&mut self, payment: u64, now: Moment) -> Option<Change> {
        let id = self.payments.get(&payment)?.order?;
        let paid = approved(&self.payments_of(self.orders.get(&id)?));
        let order = self.orders.get_mut(&id)?;
        order.closed |= paid >= order.total;
        order.updated = now;
        Some(Change::OrderUpdated(id))
    }
}

/// The detail that a status usually comes with.
pub fn usual_detail(status: &str) -> &'static str {
    match status {
        "approved" => "accredited",
        "pending" | "in_process" => "pending_contingency",
        "authorized" => "pending_capture",
        "rejected" => "cc_rejected_other_reason",
        "cancelled" => "by_collector",
        "refunded" => "refunded",
        _ => "in_process",
    }
}
