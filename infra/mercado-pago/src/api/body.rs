//! The body of a request.

use crate::error::ApiError;
use crate::json::Json;

/// Reads an object of known fields; `unknown` is the code for another field.
pub fn object(bytes: &[u8], known: &[&str], (missing, unknown): (&str, &str)) -> Result<Json, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Err(ApiError::new(400, missing, "The request body is missing"));
    }
    let body = Json::parse(bytes).map_err(|error| {
        ApiError::new(400, "bad_request", format!("The request body is not valid JSON: {error}"))
    })?;
    if !body.is_object() {
        return Err(ApiError::new(400, "bad_request", "The request body must be a JSON object"));
    }
    match body.unknown(known) {
        Some(name) => Err(ApiError::new(400, unknown, format!("Unknown field [{name}]"))),
        None => Ok(body),
    }
}

/// Whether a text has letters and digits only, and some.
pub fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
