//! What an answer of the seller's server means for the buyer's screen.
//!
//! Sources: the petroleras guide and the "unattended QR, part b" pages. The first generation says "not ready" with 400 and
//! an error type, the second with 202 and a status detail. Which screen an error type leads to is inferred from the
//! guide's six scenarios.

use serde::{Deserialize, Serialize};

use super::document::{self, OrderDocument};
use crate::json::Json;
use crate::model::pos::Pos;

/// What the buyer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// Just scanned; the server has not been asked yet.
    Scanned,
    /// Nothing to pay yet: tell the attendant, and wait.
    Waiting,
    /// Fuel is being dispensed; payment comes afterwards.
    Dispensing,
    /// The station cannot operate with this means of payment.
    CannotOperate,
    /// Something went wrong.
    Error,
    /// The amount, and the means of payment to choose from.
    Checkout,
    /// The payment is being reviewed.
    Pending,
    /// The payment was rejected; another means may be tried.
    Rejected,
    /// The receipt.
    Paid,
    /// The buyer walked away.
    Abandoned,
}

impl Screen {
    /// Whether the app goes on asking by itself.
    #[must_use]
    pub const fn keeps_asking(self) -> bool {
        matches!(self, Self::Scanned | Self::Waiting | Self::Dispensing)
    }

    /// Whether an order is on the screen, to be paid.
    #[must_use]
    pub const fn can_pay(self) -> bool {
        matches!(self, Self::Checkout | Self::Rejected)
    }

    /// Whether the server may still be asked for the order.
    #[must_use]
    pub const fn can_ask(self) -> bool {
        self.keeps_asking() || matches!(self, Self::CannotOperate | Self::Error)
    }
}

/// An answer, as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `order-version`.
    pub order_version: Option<String>,
    /// Whether `client-id` was there.
    pub client_id: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer means.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The screen.
    pub screen: Screen,
    /// The generation of the protocol that the answer is in.
    pub generation: Option<u8>,
    /// Why this screen: what the server said, or what is wrong with what it said.
    pub details: Vec<String>,
    /// The order to pay.
    pub order: Option<OrderDocument>,
}

impl Reading {
    fn of(screen: Screen, generation: Option<u8>, details: Vec<String>) -> Self {
        Self { screen, generation, details, order: None }
    }

    /// Something that the contract does not allow.
    fn broken(detail: impl Into<String>) -> Self {
        Self::of(Screen::Error, None, vec![detail.into()])
    }

    /// No answer at all.
    pub fn unreachable(detail: impl Into<String>) -> Self {
        Self::of(Screen::CannotOperate, None, vec![detail.into()])
    }
}

/// Reads an answer for a point of sale.
pub fn read(answer: &Answer, pos: &Pos) -> Reading {
    let status = answer.status;
    if status >= 500 {
        return Reading::unreachable(format!("the server answered HTTP {status}"));
    }
    if !matches!(status, 200 | 202 | 400) {
        return Reading::broken(format!("HTTP {status} is not part of the contract (200, 202 or 400)"));
    }
    let media = answer.content_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Reading::broken(format!("Content-Type must be application/json and is {media:?}"));
    }
    let body = match Json::parse(&answer.body) {
        Ok(body) => body,
        Err(error) => return Reading::broken(format!("the body is not JSON: {error}")),
    };
    match status {
        200 => order(answer, &body, pos),
        202 => not_ready_second(&body),
        _ => not_ready_first(&body),
    }
}

/// `{"error":{"type":"in_process","message":"..."}}`
fn not_ready_first(body: &Json) -> Reading {
    let error = body.get("error");
    let screen = match error.get("type").text() {
        Some("unavailable") => Screen::Waiting,
        Some("in_process") => Screen::Dispensing,
        Some("invalid") => Screen::Error,
        Some("timeout") => Screen::CannotOperate,
        Some(other) => return Reading::broken(format!("error.type {other:?} is not documented")),
        None => return Reading::broken("a 400 must carry error.type"),
    };
    said(screen, 1, error.get("type"), error.get("message"))
}

/// `{"status":{"status_detail":"in_process","message":"..."}}`; the spellings are Mercado Pago's.
fn not_ready_second(body: &Json) -> Reading {
    let status = body.get("status");
    let screen = match status.get("status_detail").text() {
        Some("notihing_to_pay" | "Waiting_for_order") => Screen::Waiting,
        Some("in_process") => Screen::Dispensing,
        Some(other) => return Reading::broken(format!("status_detail {other:?} is not documented")),
        None => return Reading::broken("a 202 must carry status.status_detail"),
    };
    said(screen, 2, status.get("status_detail"), status.get("message"))
}

fn said(screen: Screen, generation: u8, word: &Json, message: &Json) -> Reading {
    if !message.is_null() && message.text().is_none() {
        return Reading::broken("message must be a string");
    }
    let details = [word, message].into_iter().filter_map(Json::text).map(str::to_owned).collect();
    Reading::of(screen, Some(generation), details)
}

fn order(answer: &Answer, body: &Json, pos: &Pos) -> Reading {
    let (generation, read) = match answer.order_version.as_deref() {
        None => (1, document::first(body, pos)),
        Some("2") => (2, document::second(body, pos, answer.client_id)),
        Some(other) => return Reading::broken(format!("order-version {other:?} is not known")),
    };
    match read {
        Ok(order) => Reading {
            screen: Screen::Checkout,
            generation: Some(generation),
            details: Vec::new(),
            order: Some(order),
        },
        Err(wrong) => Reading::of(Screen::Error, Some(generation), wrong),
    }
}
