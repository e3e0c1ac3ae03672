//! Asking the seller's server what the pump owes.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;

use super::reading::{self, Answer, Reading};
use crate::app::App;
use crate::faults::{Callback, CallbackMethod};
use crate::model::pos::Pos;

/// An answer that is longer is cut off, and so is no JSON.
const LONGEST_ANSWER: usize = 256 * 1024;

impl App {
    /// Calls a point of sale's `url` as it was configured.
    pub(super) async fn ask(&self, url: &str, pos: &Pos) -> Reading {
        let Callback { method, timeout_ms, .. } = self.faults().callback;
        let request = match method {
            CallbackMethod::Get => self.client.get(url),
            CallbackMethod::Post => self.client.post(url),
        };
        match answer(request.timeout(Duration::from_millis(timeout_ms))).await {
            Ok(answer) => reading::read(&answer, pos),
            Err(error) => Reading::unreachable(format!("the server did not answer: {}", error.without_url())),
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let mut response = request.send().await?;
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default(),
        order_version: text(response.headers(), "order-version"),
        client_id: response.headers().contains_key("client-id"),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await? {
        answer.body.extend_from_slice(&chunk);
        if answer.body.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(answer)
}

/// The client for callbacks and notifications. Redirects are not followed: what Mercado Pago does with them is not
/// documented, and a server should not answer with one.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(crate::tls::config())
        .redirect(Policy::none())
        .no_proxy()
        .build()
}
