//! Mercado Pago's errors. Its families of APIs have envelopes of their own, and each is read leniently.

use serde_json::Value;

use crate::sale::Refusal;

/// Why a call did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No answer: not connected, or the answer was lost. What was asked may have been done.
    #[error("no answer from Mercado Pago ({0})")]
    NoAnswer(&'static str),
    /// 408, 409 (but see [`ApiError::from_answer`]), 423, 425, 429 or 5xx: ask again later, with the same idempotency key.
    #[error("Mercado Pago cannot answer now (HTTP {status})")]
    Busy {
        /// The HTTP status.
        status: u16,
    },
    /// Another 4xx: it will not do it, however often it is asked.
    #[error("Mercado Pago refused (HTTP {status}, {codes:?})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Every code in the answer, the most precise first.
        codes: Vec<String>,
    },
    /// A 2xx whose body is not what the documents say.
    #[error("Mercado Pago's answer cannot be read ({0})")]
    Unreadable(String),
}

impl ApiError {
    /// Reads an answer that is not 2xx. A conflict with the state of an order is as final as any 4xx, and is told by its
    /// code; any other conflict may be one with our own earlier call.
    #[must_use]
    pub fn from_answer(status: u16, body: &[u8]) -> Self {
        let codes = codes(body);
        let is_final = |code: &String| FINAL_CONFLICTS.iter().any(|known| code.starts_with(known));
        let is_conflict = status == 409 && !codes.iter().any(is_final);
        if is_conflict || matches!(status, 408 | 423 | 425 | 429) || status >= 500 {
            return Self::Busy { status };
        }
        Self::Refused { status, codes }
    }

    /// The most precise code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { codes, .. } => codes.first().map(String::as_str),
            _ => None,
        }
    }

    /// Whether the same call may succeed later. Otherwise the idempotency key is free.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Busy { .. } | Self::Unreadable(_) => true,
            // "Idempotency key already used": the first answer was lost, the list of refunds tells.
            Self::Refused { codes, .. } => codes.iter().any(|code| code == "2032"),
        }
    }

    /// Whether the account's token or rights are at fault.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, codes } if !codes.iter().any(|code| code == "4040" || code == "4041"))
    }

    /// Whether the resource does not exist for this account: there is none, or it is another seller's. That is told with
    /// codes of its own (payments: 4, merchant orders: `invalid_caller_id`), unlike a token that may not do anything.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Refused { status: 404, .. } => true,
            Self::Refused { codes, .. } => {
                codes.iter().any(|code| code == "4" || code == "invalid_caller_id")
            }
            _ => false,
        }
    }

    /// What a refused refund means. By code first: the documents put codes under HTTP classes that live answers
    /// do not use.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let Self::Refused { status, codes } = self else { return Refusal::Other };
        let by_code = codes.iter().find_map(|code| match code.as_str() {
            "2024" | "15016" | "refund_period_exceeded" | "in_store_payment_refund_order" => {
                Some(Refusal::TooOld)
            }
            "2031" | "insufficient_money_for_refund" => Some(Refusal::NoBalance),
            "2063"
            | "2085"
            | "3005"
            | "order_already_refunded"
            | "cannot_refund_order"
            | "payment_not_refundable"
            | "amount_not_refundable"
            | "max_refunds_exceeded" => Some(Refusal::WrongState),
            "3024" | "unsupported_partially_refunds" | "partial_refund_forbidden_with_tips" => {
                Some(Refusal::PartialUnsupported)
            }
            "2017" | "4040" | "4041" | "refund_amount_exceeds" => Some(Refusal::Amount),
            "2000" | "transaction_not_found" | "order_not_found" => Some(Refusal::NotFound),
            "3002" => Some(Refusal::NotActivated),
            _ => None,
        });
        by_code.unwrap_or(match status {
            401 | 403 => Refusal::NotActivated,
            404 => Refusal::NotFound,
            _ => Refusal::Other,
        })
    }
}

/// Conflicts that no repeat solves (Orders, errors of create, cancel and refund). The terminal's own has three spellings.
const FINAL_CONFLICTS: [&str; 10] = [
    "already_queued_order",
    "cannot_cancel_order",
    "cannot_capture_order",
    "cannot_refund_order",
    "order_already_canceled",
    "order_already_cancelled",
    "order_already_refunded",
    "point_of_sale_exists",
    "pos_already_exists",
    "refund_period_exceeded",
];

/// A longer text is no code, and codes beyond so many say nothing more.
const LONGEST_CODE: usize = 64;
const MOST_CODES: usize = 16;

/// Every code of an error body: `cause[].code` (a list, one object or nothing), `errors[].code`, `code`, `error`. Codes are
/// logged, so what does not look like one is left out: a sentence may name a person.
fn codes(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let several = |key: &str| match body.get(key) {
        Some(Value::Array(items)) => items.clone(),
        Some(item @ Value::Object(_)) => vec![item.clone()],
        _ => Vec::new(),
    };
    let nested = several("cause").into_iter().chain(several("errors"));
    let code = |value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        (text.len() <= LONGEST_CODE && text.bytes().all(letter)).then_some(text)
    };
    let nested: Vec<_> = nested.filter_map(|item| item.get("code").and_then(code)).collect();
    let top = ["code", "error"].into_iter().filter_map(|key| body.get(key).and_then(code));
    nested.into_iter().chain(top).take(MOST_CODES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_every_envelope() {
        for (body, expected) in [
            (
                r#"{"message":"x","error":"bad_request","status":400,"cause":[{"code":2063,"description":"y"}]}"#,
                "2063 bad_request",
            ),
            (r#"{"message":"x","error":"bad_request","cause":{"code":"2063"}}"#, "2063 bad_request"),
            (r#"{"message":"x","error":"not_found","cause":null}"#, "not_found"),
            (r#"{"message":"x","error":"not_found","cause":[]}"#, "not_found"),
            (
                r#"{"errors":[{"code":"already_queued_order_for_terminal","details":["d"]}]}"#,
                "already_queued_order_for_terminal",
            ),
            (r#"{"code":"unauthorized","message":"x"}"#, "unauthorized"),
            (r#"{"error":"invalid_grant","status":400}"#, "invalid_grant"),
            (r#"{"error":"the payer Juan is not allowed","cause":[{"code":2063}]}"#, "2063"),
            ("<html>", ""),
            ("[]", ""),
            ("", ""),
        ] {
            assert_eq!(codes(body.as_bytes()).join(" "), expected, "{body}");
        }
    }

    #[test]
    fn what_is_another_sellers_does_not_exist_for_this_one() {
        let told = |status, body: &str| ApiError::from_answer(status, body.as_bytes()).is_not_found();
        assert!(told(404, "{}"));
        assert!(told(403, r#"{"cause":[{"code":4}],"error":"forbidden"}"#));
        assert!(told(401, r#"{"error":"invalid_caller_id"}"#));
        assert!(!told(401, r#"{"error":"unauthorized","cause":[{"code":"invalid_token"}]}"#));
        assert!(!told(403, r#"{"error":"forbidden","cause":[{"code":3002}]}"#));
        assert!(!told(429, r#"{"cause":[{"code":4}]}"#));
    }

    #[test]
    fn only_a_definite_refusal_frees_the_key() {
        for status in [408, 409, 423, 425, 429, 500, 502, 503, 504] {
            assert!(ApiError::from_answer(status, b"{}").is_passing(), "{status}");
        }
        for status in [400, 401, 403, 404, 422] {
            assert!(!ApiError::from_answer(status, b"{}").is_passing(), "{status}");
        }
        let conflict = |code: &str| format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
        for code in
            ["already_queued_order_for_terminal", "already_queued_order_on_terminal", "cannot_cancel_order"]
        {
            assert!(!ApiError::from_answer(409, conflict(code).as_bytes()).is_passing(), "{code}");
        }
        for code in ["idempotency_key_already_used", "resource_locked", "refund_in_progress"] {
            assert!(ApiError::from_answer(409, conflict(code).as_bytes()).is_passing(), "{code}");
        }
        assert!(ApiError::from_answer(404, br#"{"cause":[{"code":2032}]}"#).is_passing());
        assert!(ApiError::NoAnswer("timeout").is_passing());
    }

    #[test]
    fn a_refused_refund_becomes_advice_by_code_and_then_by_class() {
        let refusal = |status, body: &str| ApiError::from_answer(status, body.as_bytes()).refusal();
        assert_eq!(refusal(404, r#"{"cause":[{"code":2024}]}"#), Refusal::TooOld);
        assert_eq!(refusal(400, r#"{"cause":[{"code":2063}]}"#), Refusal::WrongState);
        assert_eq!(refusal(404, r#"{"cause":[{"code":3024}]}"#), Refusal::PartialUnsupported);
        assert_eq!(refusal(401, r#"{"cause":[{"code":4040}]}"#), Refusal::Amount);
        let of_order =
            |status, code: &str| refusal(status, &format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#));
        assert_eq!(of_order(409, "refund_period_exceeded"), Refusal::TooOld);
        assert_eq!(of_order(428, "insufficient_money_for_refund"), Refusal::NoBalance);
        assert_eq!(of_order(403, "partial_refund_forbidden_with_tips"), Refusal::PartialUnsupported);
        assert_eq!(of_order(409, "order_already_refunded"), Refusal::WrongState);
        assert_eq!(refusal(401, "{}"), Refusal::NotActivated);
        assert_eq!(refusal(404, "{}"), Refusal::NotFound);
        assert_eq!(refusal(400, r#"{"cause":[{"code":9999}]}"#), Refusal::Other);
    }
}
