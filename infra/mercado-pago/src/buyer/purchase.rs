//! Paying what is on the screen.

use std::sync::Arc;

use super::means::{self, Method};
use super::reading::Screen;
use super::scan::{Scan, ScanError};
use crate::app::{App, lock};
use crate::clock::Moment;
use crate::faults::Twist;
use crate::model::payment::Payment;
use crate::site::Site;
use crate::world::Attempt;

impl App {
    /// The buyer pays with a means of payment of that name.
    pub fn pay(self: &Arc<Self>, id: u64, means: &str) -> Result<Scan, ScanError> {
        let means = means::find(means).ok_or_else(|| ScanError::UnknownMeans(means.to_owned()))?;
        let mut scans = lock(&self.scans);
        let scan = scans.0.get_mut(&id).ok_or(ScanError::UnknownScan(id))?;
        self.follow_review(scan);
        let order = scan.merchant_order.filter(|_| scan.screen.can_pay());
        let Some(order) = order.and_then(|order| self.world().orders.get(&order).cloned()) else {
            return Err(ScanError::WrongScreen(scan.screen));
        };
        let twist = lock(&self.faults).next_payment.take().unwrap_or_default();
        let now = self.clock.now();
        let store = order.pos.and_then(|pos| self.world().points.get(&pos).map(|pos| pos.store_id));
        let payment = Payment {
            pos: order.pos,
            store,
            description: order.title.clone(),
            sponsor_id: order.sponsor_id,
            notification_url: Some(order.notification_url.clone()),
            external_reference: Some(order.external_reference.clone()),
            ..bare_payment(order.owner, order.site, (order.total, means.method), now)
        };
        let payment = twisted(settled(payment, means.status, means.detail), twist);
        let attempt = Attempt { payment, order: Some(order.id) };
        scan.payment = Some(self.change(|world| world.pay(attempt)));
        scan.status_detail = Some(means.detail.to_owned());
        scan.screen = outcome(means.status);
        Ok(scan.clone())
    }

    /// A payment under review ends some day, and the phone shows how.
    pub(super) fn follow_review(&self, scan: &mut Scan) {
        if scan.screen != Screen::Pending {
            return;
        }
        let world = self.world();
        if let Some(payment) = scan.payment.and_then(|id| world.payments.get(&id)) {
            scan.screen = outcome(&payment.status);
            scan.status_detail = Some(payment.status_detail.clone());
        }
    }
}

/// The screen that a payment's status leads to.
fn outcome(status: &str) -> Screen {
    match status {
        "approved" => Screen::Paid,
        "rejected" | "cancelled" => Screen::Rejected,
        _ => Screen::Pending,
    }
}

/// A payment of that amount without anything around it, still pending.
pub fn bare_payment(owner: u64, site: Site, (amount, method): (i64, Method), now: Moment) -> Payment {
    Payment {
        id: 0,
        owner,
        collector_id: owner,
        site,
        currency: site.currency().to_owned(),
        amount,
        status: "pending".to_owned(),
        status_detail: "pending_contingency".to_owned(),
        method,
        description: String::new(),
        external_reference: None,
        order: None,
        pos: None,
        store: None,
        sponsor_id: None,
        notification_url: None,
        refunds: Vec::new(),
        charge: None,
        created: now,
        approved: None,
        updated: now,
    }
}

/// The payment with its outcome.
pub fn settled(payment: Payment, status: &str, detail: &str) -> Payment {
    let approved = (status == "approved").then_some(payment.created);
    Payment { status: status.to_owned(), status_detail: detail.to_owned(), approved, ..payment }
}

/// The payment with what a fault makes it say.
pub fn twisted(payment: Payment, twist: Twist) -> Payment {
    Payment {
        collector_id: twist.collector_id.unwrap_or(payment.collector_id),
        amount: payment.site.amount(&twist.amount).unwrap_or(payment.amount),
        currency: twist.currency.unwrap_or(payment.currency),
        external_reference: twist.external_reference.or(payment.external_reference),
        ..payment
    }
}
