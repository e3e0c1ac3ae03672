//! The front of AWS's stand-ins: one HTTP endpoint a service, which counts calls, carries out faults, and passes the
//! rest on. All three services speak JSON with the operation in `X-Amz-Target`.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::calls::Calls;
use crate::faults::{Fault, Faults};

/// DynamoDB's limit for a request; SQS and Secrets Manager take less.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// What tests watch and switch.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) calls: Mutex<Calls>,
    pub(crate) faults: Faults,
}

/// A service behind the front.
pub(crate) trait Service: Send + Sync + 'static {
    /// `DynamoDB`, `SQS`, `SecretsManager`.
    const NAME: &'static str;
    /// What `__type` of an error begins with.
    const NAMESPACE: &'static str;

    fn call(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> impl Future<Output = Response> + Send;
}

/// The endpoint of a service.
pub(crate) fn router<S: Service>(service: Arc<S>, watch: Arc<Watch>) -> Router {
    Router::new().fallback(move |request: Request| {
        let (service, watch) = (Arc::clone(&service), Arc::clone(&watch));
        async move { answer(&*service, &watch, request).await }
    })
}

async fn answer<S: Service>(service: &S, watch: &Watch, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let target = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    watch.calls.lock().unwrap_or_else(PoisonError::into_inner).count(S::NAME, &operation);
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return error(S::NAMESPACE, 413, "RequestEntityTooLarge", "the request is too long");
    };
    match watch.faults.take(S::NAME, &operation) {
        None => service.call(&operation, &head.headers, body).await,
        Some(Fault::Error(code)) => {
            let status = if code.contains("Internal") || code.contains("Unavailable") { 500 } else { 400 };
            error(S::NAMESPACE, status, &code, "injected by a switch")
        }
        Some(Fault::Delay(by)) => {
            tokio::time::sleep(by).await;
            service.call(&operation, &head.headers, body).await
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::LoseAnswer) => {
            service.call(&operation, &head.headers, body).await;
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
            Response::new(Body::from_stream(broken))
        }
    }
}

/// A JSON answer of AWS.
pub(crate) fn reply(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", axum::http::HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = uuid::Uuid::new_v4().to_string().parse() {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// An error of AWS.
pub(crate) fn error(namespace: &str, status: u16, code: &str, message: &str) -> Response {
    let body = json!({"__type": format!("{namespace}#{code}"), "message": message, "Message": message});
    reply(status, &body)
}
