//! Requests of the Orders API that happen once, however often they are sent.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use time::Duration;

use super::strict::parse;
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::OrderError;
use crate::json::Json;
use crate::respond;
use crate::world::{Change, OrderKey, World};

/// What a request came to: its answer, and what is told.
pub type Outcome = Result<(StatusCode, Json, Vec<Change>), OrderError>;

/// How long a key means one request.
const KEPT: Duration = Duration::hours(24);

/// A request that changes something, with the header that makes it happen once.
pub struct Request<'a> {
    /// Who asks.
    pub seller: &'a Account,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What is asked of what.
    pub route: String,
    /// Its body.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// Carries a request out, or answers what the first one with its key was answered. A refusal does not use up its key;
    /// that, and that keys of all operations share a space, is inferred.
    pub fn once(
        self,
        app: &Arc<App>,
        act: impl FnOnce(&mut World, &Json, Moment) -> Outcome,
    ) -> Result<Response, OrderError> {
        let key = self.headers.get("x-idempotency-key").and_then(|key| key.to_str().ok());
        let key = key.filter(|key| !key.is_empty()).ok_or_else(|| {
            OrderError::new(400, "empty_required_header", "A required header is missing")
                .because("X-Idempotency-Key")
        })?;
        let body = if self.body.trim_ascii().is_empty() { Json::Null } else { parse(self.body)? };
        let key = format!("{}:{key}", self.seller.collector_id);
        let now = app.clock.now();
        let (status, answer) = app.change(|world| {
            let known = world.order_keys.get(&key).filter(|known| now.since(known.at) < KEPT);
            if let Some(known) = known {
                let same = known.route == self.route && known.body == body;
                let used = OrderError::new(
                    409,
                    "idempotency_key_already_used",
                    "The idempotency key was already used for another request",
                );
                let first = (known.status, known.answer.clone());
                return (if same { Ok(first) } else { Err(used) }, Vec::new());
            }
            match act(world, &body, now) {
                Ok((status, answer, changes)) => {
                    let status = status.as_u16();
                    let kept = OrderKey { at: now, route: self.route, body, status, answer: answer.clone() };
                    world.order_keys.insert(key, kept);
                    (Ok((status, answer)), changes)
                }
                Err(error) => (Err(error), Vec::new()),
            }
        })?;
        Ok(respond::json(StatusCode::from_u16(status).unwrap_or_default(), &answer))
    }
}
