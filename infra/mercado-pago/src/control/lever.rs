//! Levers: what a tester does to the simulated Mercado Pago directly.

use std::sync::Arc;

use serde::Deserialize;

use crate::account::Account;
use crate::app::{App, lock};
use crate::buyer::means::Method;
use crate::buyer::purchase::{bare_payment, settled};
use crate::buyer::scan::find_pos;
use crate::clock::Moment;
use crate::faults::Faults;
use crate::json::Json;
use crate::model::refund::{Refund, RefundStatus};
use crate::world::{Attempt, Change, World};

/// Why a lever does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeverError {
    /// What it is about does not exist.
    #[error("{0}")]
    Unknown(String),
    /// The values do not fit.
    #[error("{0}")]
    Refused(String),
}

impl LeverError {
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::Unknown(message.into())
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }
}

/// A payment without a scan.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentDraft {
    /// The seller's collector id.
    pub account: u64,
    /// A number in major units.
    pub amount: Json,
    /// Another currency than the seller's.
    pub currency: Option<String>,
    /// The sale's reference.
    pub external_reference: Option<String>,
    /// `approved` when not given.
    pub status: Option<String>,
    /// What usually comes with the status when not given.
    pub status_detail: Option<String>,
    /// What names a point of sale.
    pub pos: Option<String>,
    /// The merchant order that it is tried for.
    pub order: Option<u64>,
    /// Where its news goes, like an order's.
    pub notification_url: Option<String>,
    /// The day it was made and, if so, approved; now when not given.
    pub date_created: Option<String>,
    /// Tells nobody.
    pub silent: bool,
}

/// Another status for a payment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentChange {
    /// Mercado Pago's word, or one that nobody has heard of. `refunded` also makes the refund, as the panel does.
    pub status: String,
    /// What usually comes with the status when not given.
    #[serde(default)]
    pub status_detail: Option<String>,
    /// Tells nobody.
    #[serde(default)]
    pub silent: bool,
}

/// Another state of a chargeback's documents.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargebackChange {
    /// Mercado Pago's word, or one that nobody has heard of.
    pub documentation_status: String,
    /// Tells nobody.
    #[serde(default)]
    pub silent: bool,
}

impl World {
    /// Another seller that already has this one's token.
    pub fn token_clash(&self, account: &Account) -> Option<u64> {
        let other = self.seller(&account.access_token)?.collector_id;
        (other != account.collector_id).then_some(other)
    }
}

impl App {
    /// Adds or changes a seller.
    pub fn put_account(self: &Arc<Self>, account: Account) -> Result<(), LeverError> {
        if account.access_token.is_empty() {
            return Err(LeverError::refused("access_token must not be empty"));
        }
        self.change(|world| {
            let outcome = if let Some(other) = world.token_clash(&account) {
                Err(LeverError::refused(format!("the seller {other} has the same access token")))
            } else {
                world.accounts.insert(account.collector_id, account);
                Ok(())
            };
            (outcome, Vec::new())
        })
    }

    /// Sets the switches.
    pub fn set_faults(&self, faults: Faults) -> Result<(), LeverError> {
        faults.check().map_err(LeverError::Refused)?;
        *lock(&self.faults) = faults;
        Ok(())
    }

    /// Makes a payment without a scan.
    pub fn create_payment(self: &Arc<Self>, draft: &PaymentDraft) -> Result<u64, LeverError> {
        let now = self.clock.now();
        let payment = {
            let world = self.world();
            let seller = world.accounts.get(&draft.account);
            let seller = seller
                .ok_or_else(|| LeverError::unknown(format!("there is no account {}", draft.account)))?;
            let amount = seller.site.amount(&draft.amount);
            let amount = amount.map_err(|error| LeverError::refused(format!("amount {error}")))?;
            let created = match &draft.date_created {
                Some(text) => Moment::parse_bound(text, now),
                None => Some(now),
            };
            let created = created.ok_or_else(|| LeverError::refused("date_created is not a date"))?;
            let pos = draft.pos.as_deref().map(|name| find_pos(&world, name)).transpose();
            let pos = pos.map_err(|error| LeverError::unknown(error.to_string()))?;
            let mut payment =
                bare_payment(seller.collector_id, seller.site, (amount, Method::AccountMoney), created);
            let order = match draft.order {
                Some(id) => Some(
                    world
                        .orders
                        .get(&id)
                        .ok_or_else(|| LeverError::unknown(format!("there is no order {id}")))?,
                ),
                None => None,
            };
            payment.pos = pos.map(|pos| pos.id).or(order.and_then(|order| order.pos));
            payment.store = pos.map(|pos| pos.store_id);
            payment.external_reference =
                draft.external_reference.clone().or(order.map(|order| order.external_reference.clone()));
            payment.notification_url =
                draft.notification_url.clone().or(order.map(|order| order.notification_url.clone()));
            payment.currency = draft.currency.clone().unwrap_or(payment.currency);
            let status = draft.status.as_deref().unwrap_or("approved");
            let detail = draft.status_detail.as_deref().unwrap_or(crate::world::usual_detail(status));
            settled(payment, status, detail)
        };
        let attempt = Attempt { payment, order: draft.order };
        Ok(self.change(|world| heard(world.pay(attempt), draft.silent)))
    }

    /// Changes a payment's status.
    pub fn change_payment(self: &Arc<Self>, id: u64, change: &PaymentChange) -> Result<(), LeverError> {
        let now = self.clock.now();
        self.change(|world| {
            match world.set_payment(id, &change.status, change.status_detail.as_deref(), now) {
                Some(changes) => heard((Ok(()), changes), change.silent),
                None => (Err(LeverError::unknown(format!("there is no payment {id}"))), Vec::new()),
            }
        })
    }

    /// Ends a refund that is in process.
    pub fn complete_refund(self: &Arc<Self>, id: u64, status: RefundStatus) -> Result<(), LeverError> {
        let now = self.clock.now();
        self.change(|world| match world.complete_refund(id, status, now) {
            Some(changes) => (Ok(()), changes),
            None => (Err(LeverError::unknown(format!("there is no refund {id} in process"))), Vec::new()),
        })
    }

    /// Gives minor units of an approved payment back at the seller's panel.
    pub fn refund_in_panel(self: &Arc<Self>, payment: u64, amount: i64) -> Result<u64, LeverError> {
        let refund = Refund {
            id: 0,
            payment,
            amount,
            status: RefundStatus::Approved,
            source: "operator".to_owned(),
            created: self.clock.now(),
        };
        self.change(|world| match refund_by_hand(world, refund) {
            Ok((refund, changes)) => (Ok(refund.id), changes),
            Err(error) => (Err(error), Vec::new()),
        })
    }

    /// Makes a chargeback of minor units, or of all, of a payment.
    pub fn charge_back(self: &Arc<Self>, payment: u64, amount: Option<i64>) -> Result<String, LeverError> {
        let now = self.clock.now();
        self.change(|world| match world.charge_back(payment, amount, now) {
            Some((id, changes)) => (Ok(id), changes),
            None => (Err(LeverError::unknown(format!("there is no payment {payment}"))), Vec::new()),
        })
    }

    /// Says of a chargeback where its documents stand.
    pub fn change_chargeback(
        self: &Arc<Self>,
        id: &str,
        change: &ChargebackChange,
    ) -> Result<(), LeverError> {
        let now = self.clock.now();
        self.change(|world| match world.judge_documents(id, &change.documentation_status, now) {
            Some(changes) => heard((Ok(()), changes), change.silent),
            None => (Err(LeverError::unknown(format!("there is no chargeback {id}"))), Vec::new()),
        })
    }
}

fn refund_by_hand(world: &mut World, refund: Refund) -> Result<(Refund, Vec<Change>), LeverError> {
    let unknown = || LeverError::unknown(format!("there is no payment {}", refund.payment));
    let payment = world.payments.get(&refund.payment).ok_or_else(unknown)?;
    if payment.status != "approved" {
        return Err(LeverError::refused(format!("a payment that is {} is not refunded", payment.status)));
    }
    if !(1..=payment.refundable()).contains(&refund.amount) {
        return Err(LeverError::refused("the amount must be positive and no more than what is left"));
    }
    let unknown = unknown();
    world.refund(refund).ok_or(unknown)
}

fn heard<T>((outcome, changes): (T, Vec<Change>), silent: bool) -> (T, Vec<Change>) {
    (outcome, if silent { Vec::new() } else { changes })
}
