//! API Gateway's HTTP API: routes, authorizers, and events in payload format 2.0.

mod event;
mod route;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::net::SocketAddr;

use crate::lambda::{InvokeError, Lambda};
use crate::template::{Authorizer, Route, Template};
use crate::till::Till;
use event::Asked;
use route::Match;

/// A request body has at most 10 MB ("Quotas for configuring and running an HTTP API").
const LONGEST_BODY: usize = 10 * 1024 * 1024;

/// How long an integration may take ("Maximum integration timeout" of the same page); the invocation itself goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// The HTTP API of a template.
pub(crate) struct HttpApi {
    routes: Vec<Route>,
    authorizers: std::collections::BTreeMap<String, Authorizer>,
    lambda: Arc<Lambda>,
    till: Arc<OnceLock<Till>>,
}

/// What is answered instead of a function's answer.
struct Refused(StatusCode, &'static str);

impl HttpApi {
    pub(crate) fn router(template: &Template, lambda: &Arc<Lambda>, till: &Arc<OnceLock<Till>>) -> Router {
        let api = Arc::new(Self {
            routes: template.routes.clone(),
            authorizers: template.authorizers.clone(),
            lambda: Arc::clone(lambda),
            till: Arc::clone(till),
        });
        Router::new().fallback(move |ConnectInfo(from): ConnectInfo<SocketAddr>, request: Request| {
            let api = Arc::clone(&api);
            async move { api.answer(from, request).await.unwrap_or_else(Refused::response) }
        })
    }

    async fn answer(&self, from: SocketAddr, request: Request) -> Result<Response, Refused> {
        let (head, body) = request.into_parts();
        let found = route::find(&self.routes, head.method.as_str(), head.uri.path());
        let Some(found) = found else {
            let page = self.till.get().and_then(|till| till.answer(&head));
            return page.ok_or(Refused(StatusCode::NOT_FOUND, "Not Found"));
        };
        let body = to_bytes(body, LONGEST_BODY).await;
        let body = body.map_err(|_| Refused(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))?;
        let asked =
            Asked { head: &head, body: &body, from, route: found.route, parameters: &found.parameters };
        let context = self.authorize(&asked, &found, &head.headers).await?;
        let event = asked.event(context);
        let payload = Bytes::from(event.to_string());
        let invoked =
            tokio::time::timeout(PATIENCE, self.lambda.invoke(&found.route.function, payload)).await;
        match invoked.unwrap_or(Err(InvokeError::TimedOut(PATIENCE.as_secs()))) {
            Ok(answer) => {
                respond(&answer).ok_or(Refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
            }
            Err(InvokeError::TimedOut(_)) => {
                Err(Refused(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"))
            }
            Err(_) => Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
        }
    }

    /// What the authorizer of the route says of the caller.
    async fn authorize(
        &self,
        asked: &Asked<'_>,
        found: &Match<'_>,
        headers: &HeaderMap,
    ) -> Result<Option<Value>, Refused> {
        let Some(authorizer) = found.route.authorizer.as_ref().and_then(|name| self.authorizers.get(name))
        else {
            return Ok(None);
        };
        if authorizer.identity_headers.iter().any(|name| !headers.contains_key(name)) {
            return Err(Refused(StatusCode::UNAUTHORIZED, "Unauthorized"));
        }
        let broken = Refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        let payload = Bytes::from(asked.authorizer_event().to_string());
        let Ok(answer) = self.lambda.invoke(&authorizer.function, payload).await else { return Err(broken) };
        let answer: Value = serde_json::from_slice(&answer).unwrap_or(Value::Null);
        match answer.get("isAuthorized").and_then(Value::as_bool) {
            Some(true) => Ok(Some(answer.get("context").cloned().unwrap_or_else(|| json!({})))),
            Some(false) => Err(Refused(StatusCode::FORBIDDEN, "Forbidden")),
            None => Err(broken),
        }
    }
}

impl Refused {
    fn response(self) -> Response {
        let mut response = Response::new(Body::from(json!({"message": self.1}).to_string()));
        *response.status_mut() = self.0;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        response
    }
}

/// A function's answer in format 2.0. One without `statusCode` is the body of a 200. `None` for what is neither.
fn respond(answer: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        let mut response = Response::new(Body::from(answer.to_string()));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        return Some(response);
    };
    let status = StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?;
    let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = answer.get("isBase64Encoded").and_then(Value::as_bool) == Some(true);
    let body = if encoded { BASE64_STANDARD.decode(text).ok()? } else { text.as_bytes().to_vec() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let mut add = |name: &str, value: &Value| {
        let name = axum::http::HeaderName::try_from(name).ok()?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        response.headers_mut().append(name, HeaderValue::from_str(&text).ok()?);
        Some(())
    };
    let several = answer.get("multiValueHeaders").and_then(Value::as_object);
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        if several.is_none_or(|several| !several.contains_key(name)) {
            add(name, value)?;
        }
    }
    for (name, values) in several.into_iter().flatten() {
        for value in values.as_array().into_iter().flatten() {
            add(name, value)?;
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        add("set-cookie", cookie)?;
    }
    if !response.headers().contains_key("content-type") {
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Some(response)
}
