//! What a terminal shows.

use serde::Serialize;

use crate::clock::Moment;
use crate::json::Json;
use crate::model::charge::{Charge, Standing};
use crate::model::terminal::{OperatingMode, Terminal};
use crate::world::World;

/// What is on a terminal's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalScreen {
    /// Nothing to pay. A charge may be queued that is not shown yet.
    Idle,
    /// An amount, and a card is waited for.
    Waiting,
    /// A card was read, and the terminal does not hear what came of it.
    Processing,
    /// The last charge was paid.
    Approved,
    /// The last card was rejected, or the terminal broke off.
    Rejected,
    /// The last charge was called off.
    Canceled,
    /// No network.
    Offline,
    /// The menu of a terminal that is used by hand.
    Standalone,
    /// Nothing moves.
    Stuck,
}

/// A terminal as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TerminalView {
    /// Model and serial number.
    pub id: String,
    /// The seller's collector id.
    pub account: u64,
    /// The seller's nickname.
    pub seller: String,
    /// The point of sale.
    pub pos: Option<u64>,
    /// The point of sale, by the seller's own id.
    pub external_pos_id: Option<String>,
    /// Who drives it.
    pub operating_mode: OperatingMode,
    /// Whether it reaches Mercado Pago.
    pub online: bool,
    /// Whether its slot stays taken whatever happens.
    pub stuck: bool,
    /// Whether a print action takes its slot.
    pub printing: bool,
    /// What it shows.
    pub screen: TerminalScreen,
    /// The charge that it has, else the last one while the screen is about that.
    pub charge: Option<ChargeView>,
    /// The site's currency.
    pub currency: &'static str,
}

/// A charge for the eye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeView {
    /// The order's id, when it is one.
    pub order: Option<String>,
    /// The intent's id, when it is one.
    pub intent: Option<String>,
    /// `status` of an order, `state` of an intent.
    pub status: &'static str,
    /// Major units without the tip, as a number.
    pub amount: Json,
    /// Major units, as a number.
    pub tip: Json,
    /// What is bought.
    pub description: Option<String>,
    /// The seller's own reference.
    pub external_reference: Option<String>,
    /// The payment that a card made, whether the API shows it or not.
    pub payment: Option<u64>,
    /// That payment's status detail.
    pub status_detail: Option<String>,
    /// Whether the API asked for it to be let go.
    pub cancel_asked: bool,
    /// When it expires.
    pub expires: Moment,
    /// When it last changed.
    pub updated: Moment,
}

impl World {
    /// An order or an intent as the API shows it.
    pub fn render_charge(&self, charge: &Charge) -> Json {
        let payment = charge.payment.and_then(|id| self.payments.get(&id));
        match self.accounts.get(&charge.owner) {
            Some(seller) if charge.is_order() => charge.render_order(seller, payment),
            _ => charge.render_intent(charge.standing),
        }
    }

    /// The orders of all sellers as the API shows them, oldest first.
    pub fn render_point_orders(&self) -> Vec<Json> {
        let mut orders: Vec<&Charge> = self.charges.values().filter(|charge| charge.is_order()).collect();
        orders.sort_by_key(|charge| charge.number);
        orders.into_iter().map(|charge| self.render_charge(charge)).collect()
    }

    /// A terminal as it is now.
    pub fn view_terminal(&self, terminal: &Terminal) -> Option<TerminalView> {
        let seller = self.accounts.get(&terminal.owner)?;
        let charge = terminal.slot.as_ref().and_then(|id| self.charges.get(id));
        let last = terminal.last.as_ref().and_then(|id| self.charges.get(id));
        let screen = screen(terminal, charge, last);
        let about_last =
            matches!(screen, TerminalScreen::Approved | TerminalScreen::Rejected | TerminalScreen::Canceled);
        let pos = terminal.pos.and_then(|pos| self.points.get(&pos));
        Some(TerminalView {
            id: terminal.id.clone(),
            account: terminal.owner,
            seller: seller.nickname.clone(),
            pos: pos.map(|pos| pos.id),
            external_pos_id: pos.and_then(|pos| pos.external_id.clone()),
            operating_mode: terminal.mode,
            online: terminal.online,
            stuck: terminal.stuck,
            printing: terminal.printing,
            screen,
            charge: charge.or(last.filter(|_| about_last)).map(|charge| self.view_charge(charge)),
            currency: seller.site.currency(),
        })
    }

    /// A charge for the eye.
    pub fn view_charge(&self, charge: &Charge) -> ChargeView {
        let payment = charge.payment.and_then(|id| self.payments.get(&id));
        let is_order = charge.is_order();
        ChargeView {
            order: is_order.then(|| charge.id.clone()),
            intent: (!is_order).then(|| charge.id.clone()),
            status: if is_order { charge.order_status(payment).0 } else { charge.standing.intent_word() },
            amount: charge.site.number(charge.amount),
            tip: charge.site.number(charge.tip),
            description: charge.description.clone(),
            external_reference: charge.external_reference.clone(),
            payment: charge.payment,
            status_detail: payment.map(|payment| payment.status_detail.clone()),
            cancel_asked: charge.cancel_asked.is_some() && !charge.standing.is_over(),
            expires: charge.expires,
            updated: charge.updated,
        }
    }

    /// The newest charges of a terminal that came to an end.
    pub fn receipts(&self, terminal: &str, count: usize) -> Vec<ChargeView> {
        let mut over: Vec<&Charge> = self
            .charges
            .values()
            .filter(|charge| charge.terminal == terminal && charge.standing.is_over())
            .collect();
        over.sort_by_key(|charge| std::cmp::Reverse(charge.number));
        over.into_iter().take(count).map(|charge| self.view_charge(charge)).collect()
    }
}

fn screen(terminal: &Terminal, charge: Option<&Charge>, last: Option<&Charge>) -> TerminalScreen {
    let standing = charge.map(|charge| charge.standing);
    if terminal.stuck || terminal.printing {
        TerminalScreen::Stuck
    } else if standing == Some(Standing::Processing) {
        TerminalScreen::Processing
    } else if !terminal.online {
        TerminalScreen::Offline
    } else if terminal.mode != OperatingMode::Pdv {
        TerminalScreen::Standalone
    } else if standing == Some(Standing::AtTerminal) {
        TerminalScreen::Waiting
    } else if standing.is_some() {
        TerminalScreen::Idle
    } else {
        match last.map(|charge| charge.standing) {
            Some(Standing::Processed) => TerminalScreen::Approved,
            Some(Standing::Failed | Standing::Broken) => TerminalScreen::Rejected,
            Some(Standing::Canceled) => TerminalScreen::Canceled,
            _ => TerminalScreen::Idle,
        }
    }
}
