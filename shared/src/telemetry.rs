//! Log lines: one JSON object each, as Lambda's JSON log format wants them, so that a metric filter finds
//! `$.fields.event`. Bodies, keys, tokens and personal data are never fields of one.

use time::format_description::well_known::Rfc3339;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::id::PaymentId;
use crate::sale::{Chargeback, Sale, SaleStatus};

/// Starts logging for a binary (`env!("CARGO_CRATE_NAME")`) at the level of `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets
/// from `ApplicationLogLevel`.
pub fn init(binary: &str) {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    // The SDK and the HTTP clients tell addresses and headers at finer levels: they stay at WARN.
    let ours = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("surtidor", level)
        .with_target(binary, level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_current_span(false)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

/// Rings for a person when a sale went to `needs_review` between two versions: an alarm counts these lines.
pub fn tell_of_review(before: &Sale, after: &Sale) {
    if after.status == SaleStatus::NeedsReview && before.status != SaleStatus::NeedsReview {
        let reasons = after.review_reasons();
        tracing::error!(event = "needs_review", sale = %after.reference, ?reasons, "A sale needs review");
    }
}

/// Rings for a person when a payment was taken back between two versions, once with what is known of the chargeback: an
/// alarm counts these lines. Where nothing is known of it yet, the payment alone rings: the days for documents run already.
pub fn tell_of_chargebacks(before: &Sale, after: &Sale) {
    let known = |chargeback: &&Chargeback| before.chargebacks.iter().any(|known| known.id == chargeback.id);
    for new in after.chargebacks.iter().filter(|chargeback| !known(chargeback)) {
        let payment = after.charged_back_payment(new).map(PaymentId::as_str);
        let deadline = new.documentation_deadline.and_then(|deadline| deadline.format(&Rfc3339).ok());
        tracing::error!(event = "chargeback", sale = %after.reference, payment, chargeback = %new.id, deadline, "A payment is being taken back: documents may be wanted");
    }
    let told = |payment: &&PaymentId| before.without_chargeback().any(|other| other == *payment);
    for payment in after.without_chargeback().filter(|payment| !told(payment)) {
        tracing::error!(event = "chargeback", sale = %after.reference, %payment, "A payment was taken back, by a chargeback that is not known yet");
    }
}
