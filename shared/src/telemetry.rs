//! Log lines: one JSON object each, as Lambda's JSON log format wants them, so that a metric filter finds
//! `$.fields.event`. Bodies, keys, tokens and personal data are never fields of one.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::sale::{Sale, SaleStatus};

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
