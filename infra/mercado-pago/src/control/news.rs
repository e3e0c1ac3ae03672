//! Notifications, over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{ControlError, Newest, read};
use crate::app::App;
use crate::json::object;
use crate::news::ReleaseOrder;
use crate::respond;

type Answer = Result<Response, ControlError>;

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Release {
    order: ReleaseOrder,
    seed: u64,
}

/// `GET /_control/notifications?newest=1000`: oldest first.
pub async fn list(State(app): State<Arc<App>>, Query(Newest { newest }): Query<Newest>) -> Response {
    app.catch_up();
    respond::ok(&app.news.newest(newest))
}

/// `DELETE /_control/notifications`: forgets what is over.
pub async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.news.clear();
    StatusCode::NO_CONTENT
}

/// `POST /_control/notifications/release` `{"order": "fifo" | "lifo" | "shuffle", "seed": 7}`
pub async fn release(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let Release { order, seed } =
        if body.trim_ascii().is_empty() { Release::default() } else { read(&body)? };
    Ok(respond::ok(&object! {"released": app.release(order, seed)}))
}

/// `POST /_control/notifications/{notification}/resend`
pub async fn resend(State(app): State<Arc<App>>, Path(id): Path<u64>) -> Answer {
    if app.resend(id) {
        Ok(respond::json(StatusCode::ACCEPTED, &object! {"resent": id}))
    } else {
        Err(ControlError::missing(format!("there is no notification {id}")))
    }
}

/// `POST /_control/idle`: answers when no notification is under way.
pub async fn idle(State(app): State<Arc<App>>) -> StatusCode {
    app.catch_up();
    app.news.idle().await;
    StatusCode::NO_CONTENT
}
