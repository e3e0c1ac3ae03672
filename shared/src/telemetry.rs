//! Log lines: one JSON object each, as Lambda's JSON log format wants them, so that a metric filter finds
//! `$.fields.event`. Bodies, keys, tokens and personal data are never fields of one.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::sale::{Sale, SaleStatus};

/// Starts logging for a binary (`env!("CARGO_CRATE_NAME")`) at the level of `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets
/// from `ApplicationLogLevel`.
pub fn init(binary: &str) {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|_| "INFO".to_owned());
    // The SDK and the HTTP clients tell addresses and headers at finer levels: they stay at WARN.
    let filter = EnvFilter::new(format!("WARN,surtidor={level},{binary}={level}"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_current_span(false)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .init();
}

/// Rings for a person when a sale went to `needs_review` between two versions: an alarm counts these lines.
pub fn tell_of_review(before: &Sale, after: &Sale) {
    if after.status == SaleStatus::NeedsReview && before.status != SaleStatus::NeedsReview {
        let reasons = after.review_reasons();
        tracing::error!(event = "needs_review", sale = %after.reference, ?reasons, "A sale needs review");
    }
}
