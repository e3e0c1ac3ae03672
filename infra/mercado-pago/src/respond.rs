//! Answers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], bytes).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A JSON answer with status 200.
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// A JSON answer with status 201.
pub fn created(body: &impl Serialize) -> Response {
    json(StatusCode::CREATED, body)
}

/// The answer with the request id that Mercado Pago gives each.
pub async fn number(State(app): State<Arc<App>>, mut answer: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&app.uuid().to_string()) {
        answer.headers_mut().insert("x-request-id", id);
    }
    answer
}
