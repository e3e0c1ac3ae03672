//! Errors of our own API: `application/problem+json` (RFC 9457), one shape for every route.

use lambda_http::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::store::StoreError;

/// An answer that says what is wrong, and with which field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// A stable name of the kind of problem, to branch on.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// The field, header or parameter that breaks a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:surtidor:problem:{kind}");
        Self { kind, title, status: status.as_u16(), detail: detail.into(), field: None }
    }

    /// 400: what came cannot be read.
    #[must_use]
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", "The request cannot be read", detail)
    }

    /// 401: no key, or one that is not known, was revoked or has ended.
    #[must_use]
    pub fn unauthenticated() -> Self {
        let detail = "send Authorization: Bearer <key> with a key that is valid";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "The key is missing or not valid", detail)
    }

    /// 401: what proves where a message comes from is missing or wrong.
    #[must_use]
    pub fn bad_key(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "The caller is not who it should be", detail)
    }

    /// 403: the key is good, but not for this.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "The key does not allow this", detail)
    }

    /// 404: no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// 409: the state of things does not allow it.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "The state of things does not allow this", detail)
    }

    /// 413: too long.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body may have at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too long", detail)
    }

    /// 422: a value breaks a rule.
    #[must_use]
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        let detail = format!("{field} {}", rule.into());
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value breaks a rule", detail);
        Self { field: Some(field.to_owned()), ..problem }
    }

    /// 422: Mercado Pago refused, for a reason that the caller can act on.
    #[must_use]
    pub fn refused(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "refused-by-mercado-pago", "Mercado Pago refused", detail)
    }

    /// 503: something behind us does not answer. Nothing was lost; the same request may be repeated.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "a service behind this one does not answer; repeat the same request";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again", detail)
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn with_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self) -> Response<Body> {
        let mut response = respond(self.status, "application/problem+json", &self);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The ledger did not answer: told once, here, and 503 for the caller.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(event = "store_failed", %error, "The ledger did not answer");
        Self::unavailable()
    }
}

/// An answer with a JSON body.
#[must_use]
pub fn json<T: Serialize>(status: u16, body: &T) -> Response<Body> {
    respond(status, "application/json", body)
}

fn respond<T: Serialize>(status: u16, content_type: &'static str, body: &T) -> Response<Body> {
    let body = serde_json::to_string(body).unwrap_or_default();
    let response =
        Response::builder().status(status).header(CONTENT_TYPE, content_type).body(Body::from(body));
    response.unwrap_or_else(|_| Response::new(Body::Empty))
}
