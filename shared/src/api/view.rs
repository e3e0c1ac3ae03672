//! Answers as the station's software gets them.

use serde::Serialize;
use time::OffsetDateTime;

use crate::id::{ExternalReference, PaymentId, PositionId, ResourceId, SaleId, TerminalId};
use crate::loyalty::Fault;
use crate::mercado_pago;
use crate::money::Currency;
use crate::payment::Channel;
use crate::sale::{
    Attempt, Charge, Chargeback, Command, Document, Language, LoyaltyClaim, Product, Refund, RefundStatus,
    Sale, SaleStatus,
};
use crate::store;

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// A cursor to hand back as `?after=`; null on the last page.
    pub next: Option<String>,
}

/// A cursor as text.
#[must_use]
pub fn cursor_text(place: &(String, ExternalReference)) -> String {
    format!("{}_{}", place.0, place.1)
}

/// A sale: what the station said, and what became of it.
#[derive(Debug, Serialize)]
pub struct SaleView<'a> {
    sale_id: &'a SaleId,
    position: &'a PositionId,
    amount: String,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    delivered_at: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attendant: Option<&'a Document>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    products: &'a [Product],
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<&'a LoyaltyClaim>,
    external_reference: &'a ExternalReference,
    status: SaleStatus,
    /// Why a person must look at it; empty unless the status is `needs_review`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    review: Vec<&'static str>,
    /// What of it is left undone, although it was taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
    version: u64,
    #[serde(with = "time::serde::rfc3339")]
    received_at: OffsetDateTime,
    charges: Vec<ChargeView<'a>>,
    attempts: Vec<AttemptView<'a>>,
    refunds: Vec<RefundView<'a>>,
    chargebacks: Vec<ChargebackView<'a>>,
    timeline: Vec<EntryView>,
}

/// A field that was not right, and what comes of it.
#[derive(Debug, Serialize)]
struct WarningView {
    field: String,
    detail: String,
}

/// One payment that named the sale, in Mercado Pago's own words.
#[derive(Debug, Serialize)]
struct AttemptView<'a> {
    payment_id: &'a PaymentId,
    channel: Channel,
    status: &'a str,
    status_detail: Option<&'a str>,
    amount: Option<String>,
    currency: Option<Currency>,
    method: Option<&'a str>,
    updated_at: Option<String>,
}

/// A refund.
#[derive(Debug, Serialize)]
pub struct RefundView<'a> {
    refund_id: &'a str,
    status: RefundStatus,
    amount: String,
    currency: Currency,
    reason: &'a str,
    payment_id: &'a PaymentId,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// What to do, when it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

/// A chargeback, in Mercado Pago's own words.
#[derive(Debug, Serialize)]
struct ChargebackView<'a> {
    chargeback_id: &'a ResourceId,
    payment_id: &'a PaymentId,
    amount: Option<String>,
    currency: Option<Currency>,
    reason: Option<&'a str>,
    documentation_required: Option<bool>,
    documentation_status: Option<&'a str>,
    documentation_deadline: Option<String>,
    updated_at: Option<String>,
}

/// A line of the timeline.
#[derive(Debug, Serialize)]
struct EntryView {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    text: String,
}

impl<'a> SaleView<'a> {
    /// A sale with its timeline in a language.
    #[must_use]
    pub fn new(sale: &'a Sale, language: Language, now: OffsetDateTime) -> Self {
        let delivery = &sale.delivery;
        Self {
            sale_id: &delivery.sale_id,
            position: &delivery.position,
            amount: delivery.amount.to_string(),
            currency: delivery.amount.currency(),
            description: delivery.description.as_deref(),
            delivered_at: delivery.delivered_at,
            invoice_number: delivery.invoice_number.as_deref(),
            shift: delivery.shift.as_deref(),
            period: delivery.period.as_deref(),
            attendant: delivery.attendant.as_ref(),
            products: &delivery.products,
            loyalty: delivery.loyalty.as_ref(),
            external_reference: &sale.reference,
            status: sale.status,
            review: sale.review_reasons().into_iter().map(crate::sale::ReviewReason::word).collect(),
            warnings: sale
                .claim_faults()
                .unwrap_or_default()
                .iter()
                .map(|fault| WarningView::new(fault, language))
                .collect(),
            version: sale.version,
            received_at: sale.received_at,
            charges: sale.charges.iter().map(|charge| ChargeView::new(sale, charge, language, now)).collect(),
            attempts: sale.attempts.iter().map(AttemptView::new).collect(),
            refunds: sale.refunds.iter().map(|refund| RefundView::new(refund, language)).collect(),
            chargebacks: sale
                .chargebacks
                .iter()
                .filter_map(|chargeback| {
                    Some(ChargebackView::new(chargeback, sale.charged_back_payment(chargeback)?))
                })
                .collect(),
            timeline: sale
                .timeline
                .iter()
                .map(|entry| EntryView { at: entry.at, text: entry.event.words(language) })
                .collect(),
        }
    }
}

impl WarningView {
    fn new(fault: &Fault, language: Language) -> Self {
        let outcome = language.of(
            "no se acreditarán puntos",
            "pontos não serão creditados",
            "no points will be credited",
        );
        Self { field: fault.field(), detail: format!("{outcome}: {}", fault.words(language)) }
    }
}

impl<'a> AttemptView<'a> {
    fn new(attempt: &'a Attempt) -> Self {
        let latest = attempt.latest();
        Self {
            payment_id: &attempt.payment_id,
            channel: attempt.channel,
            status: latest.map_or("", |latest| &latest.status.0),
            status_detail: latest.and_then(|latest| latest.detail.as_deref()),
            amount: attempt.amount().map(|amount| amount.to_string()),
            currency: attempt.amount().map(crate::money::Money::currency),
            method: attempt.method.as_deref(),
            updated_at: latest.and_then(|latest| as_it_came(latest.at)),
        }
    }
}

impl<'a> RefundView<'a> {
    /// A refund, with advice in a language if it was rejected.
    #[must_use]
    pub fn new(refund: &'a Refund, language: Language) -> Self {
        Self {
            refund_id: &refund.id,
            status: refund.status,
            amount: refund.amount.to_string(),
            currency: refund.amount.currency(),
            reason: &refund.reason,
            payment_id: &refund.payment_id,
            created_at: refund.created_at,
            advice: refund.refusal.map(|refusal| refusal.advice(language)),
        }
    }
}

impl<'a> ChargebackView<'a> {
    fn new(chargeback: &'a Chargeback, payment: &'a PaymentId) -> Self {
        Self {
            chargeback_id: &chargeback.id,
            payment_id: payment,
            amount: chargeback.amount.map(|amount| amount.to_string()),
            currency: chargeback.amount.map(crate::money::Money::currency),
            reason: chargeback.reason.as_deref(),
            documentation_required: chargeback.documentation_required,
            documentation_status: chargeback.documentation_status.as_ref().map(|status| status.0.as_str()),
            documentation_deadline: chargeback.documentation_deadline.and_then(as_it_came),
            updated_at: as_it_came(chargeback.updated_at),
        }
    }
}

/// A time with the offset that it came with.
fn as_it_came(at: OffsetDateTime) -> Option<String> {
    at.format(&time::format_description::well_known::Rfc3339).ok()
}

/// An amount at a terminal, in Mercado Pago's own words.
#[derive(Debug, Serialize)]
pub struct ChargeView<'a> {
    charge_id: &'a str,
    sale_id: &'a SaleId,
    position: &'a PositionId,
    external_reference: &'a str,
    terminal: &'a TerminalId,
    status: String,
    status_detail: Option<String>,
    /// What the person at the till does now.
    advice: &'static str,
    amount: String,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    tip_amount: Option<String>,
    /// The payment, once a card was read.
    payment_id: Option<&'a PaymentId>,
    /// Where the whole sale stands: it may have been paid by other means.
    sale_status: SaleStatus,
    /// The order, or the payment intent, at Mercado Pago.
    mercado_pago_id: Option<&'a ResourceId>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl<'a> ChargeView<'a> {
    /// A charge of a sale as it stands now.
    #[must_use]
    pub fn new(sale: &'a Sale, charge: &'a Charge, language: Language, now: OffsetDateTime) -> Self {
        let (status, detail) = sale.charge_status(charge, now);
        Self {
            charge_id: &charge.id,
            sale_id: &sale.delivery.sale_id,
            position: &sale.delivery.position,
            external_reference: charge.reference(),
            terminal: &charge.terminal,
            advice: sale.charge_advice(charge, now, language),
            status: status.0,
            status_detail: detail,
            amount: charge.amount.to_string(),
            currency: charge.amount.currency(),
            tip_amount: charge.tip.map(|tip| tip.to_string()),
            payment_id: sale.payment_of(charge).map(|attempt| &attempt.payment_id),
            sale_status: sale.status,
            mercado_pago_id: charge.mercado_pago_id.as_ref(),
            created_at: charge.created_at,
            expires_at: charge.expires_at(),
        }
    }
}

/// A terminal: what Mercado Pago says of it, and what it is for here.
#[derive(Debug, Serialize)]
pub struct TerminalView {
    terminal: TerminalId,
    serial_number: String,
    operating_mode: String,
    store_id: Option<String>,
    pos_id: Option<String>,
    external_pos_id: Option<String>,
    position: Option<PositionId>,
    till: Option<PositionId>,
    /// Whether it is this station's; it is nobody's yet otherwise.
    linked: bool,
    /// The charge that it was last asked to take.
    last_charge: Option<String>,
}

impl TerminalView {
    /// A terminal with what is stored of it, if anything is.
    #[must_use]
    pub fn new(terminal: mercado_pago::Terminal, link: Option<store::Terminal>) -> Self {
        let linked = link.is_some();
        let (position, till, last_charge) =
            link.map(|link| (link.position, link.till, link.holder)).unwrap_or_default();
        Self {
            serial_number: terminal.id.serial().to_owned(),
            terminal: terminal.id,
            operating_mode: terminal.operating_mode,
            store_id: terminal.store_id,
            pos_id: terminal.pos_id,
            external_pos_id: terminal.external_pos_id,
            position,
            till,
            linked,
            last_charge,
        }
    }
}

/// What a look at one thing of a set-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It is right.
    Ok,
    /// It is wrong: the detail says what to do.
    Wrong,
    /// It cannot be told yet, or now: the detail says how to find out.
    Unknown,
}

/// One thing of a set-up.
#[derive(Debug, Serialize)]
pub struct Check {
    /// Which: `access_token`, `webhook_secret`, `terminal`.
    pub check: &'static str,
    /// Whether it is right.
    pub result: CheckResult,
    /// A stable name of what was found, to branch on.
    pub code: &'static str,
    /// What was found, and what to do.
    pub detail: String,
}

/// The whole of a set-up in one answer.
#[derive(Debug, Serialize)]
pub struct CheckView {
    /// Whether nothing is wrong.
    pub ready: bool,
    /// Each thing.
    pub checks: Vec<Check>,
}

/// A command.
#[derive(Debug, Serialize)]
pub struct CommandView {
    id: String,
    kind: crate::sale::CommandKind,
    sale_id: SaleId,
    position: PositionId,
    external_reference: ExternalReference,
    amount: String,
    currency: Currency,
    payment_id: PaymentId,
    method: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl CommandView {
    /// A command of a sale.
    #[must_use]
    pub fn new(command: Command, reference: &ExternalReference) -> Self {
        Self {
            id: command.id,
            kind: command.kind,
            sale_id: command.sale_id,
            position: reference.position().clone(),
            external_reference: reference.clone(),
            amount: command.amount.to_string(),
            currency: command.amount.currency(),
            payment_id: command.payment_id,
            method: command.method,
            created_at: command.created_at,
        }
    }
}

/// What a position owes.
#[derive(Debug, Serialize)]
pub struct PayableView {
    /// The sale.
    pub sale_id: SaleId,
    /// How much.
    pub amount: String,
}

/// A position, as `PUT` answers.
#[derive(Debug, Serialize)]
pub struct PositionView {
    /// Its id.
    pub position: PositionId,
    /// What the station said of it.
    pub state: &'static str,
    /// What the next scan is offered.
    pub payable: Option<PayableView>,
}

/// The answer to a heartbeat.
#[derive(Debug, Serialize)]
pub struct HeartbeatView {
    /// Our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub clock: OffsetDateTime,
    /// How far the station's clock is ahead of ours.
    pub drift_seconds: i64,
    /// Commands that wait for the station; at most a page of them is counted.
    pub open_commands: usize,
}
