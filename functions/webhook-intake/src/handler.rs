//! Authenticity first, then the cheapest durable thing, then the answer.

use lambda_http::http::HeaderValue;
use lambda_http::{Body, Request, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use surtidor::clock::Clock;
use surtidor::edge;
use surtidor::id::AccountId;
use surtidor::notification::{LONGEST_BODY, NotUnderstood, Notification, understand};
use surtidor::problem::{Problem, json};
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::secrets::{Book, Unverified, Webhooks};
use surtidor::signature::{SignatureError, Signed, verify};
use time::OffsetDateTime;

/// What taking news in takes.
#[derive(Debug)]
pub struct Intake {
    /// Where hints go.
    pub queue: Queue,
    /// What news are checked with.
    pub accounts: Book<Webhooks>,
    /// The time, against replays.
    pub clock: Clock,
}

/// Answers one notification.
pub async fn handle(intake: &Intake, request: Request) -> Response<Body> {
    match take_in(intake, &request).await {
        Ok(()) => json(200, &serde_json::json!({"received": true})),
        Err(problem) => {
            // Neither the query nor the body: they may hold keys and personal data.
            tracing::warn!(
                event = "notification_refused",
                status = problem.status,
                reason = problem.detail,
                "A notification was refused"
            );
            problem.into_response()
        }
    }
}

async fn take_in(intake: &Intake, request: &Request) -> Result<(), Problem> {
    let unknown = || Problem::not_found("the URL names no account of this system");
    let account = AccountId::parse(&edge::path(request, "account")).map_err(|_| unknown())?;
    let webhooks = intake.accounts.get(&account).await.map_err(|error| {
        tracing::error!(event = "secret_not_read", %error, "The webhooks secret cannot be read");
        Problem::unavailable()
    })?;
    let webhooks = webhooks.ok_or_else(unknown)?;
    if !has_intake_key(&webhooks, &edge::query(request, "key").unwrap_or_default()) {
        return Err(Problem::bad_key(
            "key is missing or wrong: use the whole notification URL that was handed out",
        ));
    }
    let query = request.uri().query().unwrap_or_default();
    let notification = understand(query, request.body()).map_err(|error| match error {
        NotUnderstood::TooLong => Problem::too_large(LONGEST_BODY),
        other => Problem::unreadable(other.to_string()),
    })?;
    let now = intake.clock.now();
    let signed = check_signature(&webhooks, &notification, request, now)?;
    let Some(resource) = notification.resource else {
        tracing::info!(event = "notification_passed_over", topic = notification.topic, "Nothing to look at");
        return Ok(());
    };
    // Of a link the id itself, which a signature covers, is the seller.
    let seller = match &resource {
        Resource::Connection(seller) => Some(seller.as_str()),
        _ => notification.seller.as_deref(),
    };
    let Some(account) = webhooks.account_of(&account, signed, seller) else {
        tracing::info!(
            event = "notification_of_no_seller",
            topic = notification.topic,
            signed,
            "It is about no seller of ours"
        );
        return Ok(());
    };
    let hint = Hint { signed, ..Hint::new(account, resource, now) };
    intake.queue.send(&hint).await.map_err(|error| {
        tracing::error!(event = "queue_failed", %error, "A hint could not be queued: Mercado Pago will repeat it");
        Problem::unavailable()
    })?;
    tracing::info!(event = "hint_queued", topic = notification.topic, resource = ?hint.resource, "A hint was queued");
    Ok(())
}

fn has_intake_key(webhooks: &Webhooks, told: &str) -> bool {
    let same = |known: &str| bool::from(known.as_bytes().ct_eq(told.as_bytes()));
    // An empty key of the configuration opens nothing.
    webhooks.intake_keys.iter().map(ExposeSecret::expose_secret).any(|known| !known.is_empty() && same(known))
}

/// Whether the signature proves where it comes from. What proves nothing is taken as a hint or refused, as the dialect and
/// the account say.
fn check_signature(
    webhooks: &Webhooks,
    notification: &Notification,
    request: &Request,
    now: OffsetDateTime,
) -> Result<bool, Problem> {
    if !notification.verifiable {
        return Ok(false);
    }
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let verify_with = |data_id: Option<&str>| {
        let signed = Signed { signature: header("x-signature"), request_id: header("x-request-id"), data_id };
        let secrets = webhooks.webhook_secrets.iter().map(ExposeSecret::expose_secret);
        verify(signed, secrets, now)
    };
    let mut verified = Err(SignatureError::Mismatch);
    for data_id in &notification.signed_ids {
        verified = verified.or_else(|_| verify_with(data_id.as_deref()));
    }
    match verified {
        Ok(()) => Ok(true),
        Err(error) if webhooks.unverified == Unverified::Hint => {
            tracing::warn!(event = "signature_not_verified", %error, "Taken as a mere hint, as the account says");
            Ok(false)
        }
        Err(error) => Err(Problem::bad_key(error.to_string()).with_field("x-signature")),
    }
}
