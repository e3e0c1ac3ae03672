//! Log lines: one JSON object each, as Lambda's JSON log format wants them, so that a metric filter finds
//! `$.fields.event`. Bodies, keys, tokens and personal data are never fields of one.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Starts logging at the level of `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from `ApplicationLogLevel`.
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|_| "INFO".to_owned());
    // The SDK and the HTTP clients tell addresses and headers at finer levels: they stay at WARN.
    let filter = EnvFilter::new(format!("WARN,surtidor={level}"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_current_span(false)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .init();
}
