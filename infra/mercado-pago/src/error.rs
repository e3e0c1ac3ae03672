//! Mercado Pago's error documents.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::json::{Json, object};
use crate::respond;

/// An error as the API tells it: `{"message", "error", "status", "cause"}`.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: u16,
    error: String,
    message: String,
    cause: Vec<(Json, String)>,
}

impl ApiError {
    /// An error without causes. Stores and points of sale put the code into `error`.
    pub fn new(status: u16, error: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, error: error.into(), message: message.into(), cause: Vec::new() }
    }

    /// An error of the payments family, whose code stands in `cause`.
    pub fn coded(status: u16, code: u32, message: impl Into<String>) -> Self {
        let message = message.into();
        let cause = vec![(Json::from(code), message.clone())];
        Self { status, error: word(status).to_owned(), message, cause }
    }

    /// The same error with a cause added.
    pub fn because(mut self, code: &str, description: impl Into<String>) -> Self {
        self.cause.push((Json::from(code), description.into()));
        self
    }

    /// The token is missing. The merchant-order reference names `invalid_token`.
    pub fn token() -> Self {
        Self::new(401, "unauthorized", "invalid_token").because("invalid_token", "invalid access token")
    }
}

/// The word of an HTTP status in `error`.
fn word(status: u16) -> &'static str {
    match status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        429 => "too_many_requests",
        500.. => "internal_server_error",
        _ => "bad_request",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let cause: Vec<Json> = self
            .cause
            .into_iter()
            .map(|(code, description)| object! {"code": code, "description": description, "data": Json::Null})
            .collect();
        let body = object! {
            "message": self.message,
            "error": self.error,
            "status": self.status,
            "cause": cause,
        };
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        respond::json(status, &body)
    }
}

/// An error of the family of a status, without a code of its own.
pub fn plain(status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(status, word(status), message)
}

/// An error of the Orders API and of `/terminals`: `{"errors": [{"code", "message", "details"}]}`.
#[derive(Debug, Clone)]
pub struct OrderError {
    status: u16,
    code: &'static str,
    message: String,
    details: Vec<String>,
}

impl OrderError {
    /// An error without details.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new() }
    }

    /// The same error with a detail.
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The token is missing or wrong.
    pub fn token() -> Self {
        Self::new(401, "unauthorized", "The access token is missing or not valid")
    }

    /// An error of a status that is brought about on purpose.
    pub fn plain(status: u16, message: &str) -> Self {
        let code = match status {
            423 => "resource_locked",
            429 => "too_many_requests",
            500.. => "internal_error",
            _ => word(status),
        };
        Self::new(status, code, message)
    }
}

impl IntoResponse for OrderError {
    fn into_response(self) -> Response {
        let error = object! {"code": self.code, "message": self.message, "details": self.details};
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        respond::json(status, &object! {"errors": vec![error]})
    }
}

/// Whether a path belongs to the Orders API's family, whose errors have another shape.
pub fn is_orders_family(path: &str) -> bool {
    path.starts_with("/v1/orders") || path.starts_with("/terminals/")
}
