//! Asking the seller's server what the pump owes.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request};

use super::reading::{self, Answer, Reading};
use crate::app::App;
use crate::faults::{Callback, CallbackMethod};
use crate::model::pos::Pos;
use crate::outside;

impl App {
    /// Calls a point of sale's `url` as it was configured.
    pub(super) async fn ask(&self, url: &str, pos: &Pos) -> Reading {
        let Callback { method, timeout_ms, .. } = self.faults().callback;
        let method = match method {
            CallbackMethod::Get => Method::GET,
            CallbackMethod::Post => Method::POST,
        };
        let answer = async { self.answer(outside::request(method, url, "")?).await };
        match outside::within(Duration::from_millis(timeout_ms), answer).await {
            Ok(answer) => reading::read(&answer, pos),
            Err(error) => Reading::unreachable(format!("the server did not answer: {error}")),
        }
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Answer, String> {
        let (parts, body) = self.outside.send(request).await?.into_parts();
        let text = |headers: &HeaderMap, name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Answer {
            status: parts.status.as_u16(),
            content_type: text(&parts.headers, CONTENT_TYPE.as_str()).unwrap_or_default(),
            order_version: text(&parts.headers, "order-version"),
            client_id: parts.headers.contains_key("client-id"),
            body: outside::body(body).await?,
        })
    }
}
