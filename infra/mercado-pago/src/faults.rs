//! What goes wrong, as switches.
//!
//! One document holds them all; what it leaves out works. It also holds the choices that Mercado Pago's documents leave
//! open (which method a callback has, which unit the signature's time is in).

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::model::refund::RefundStatus;

/// The switches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Answers of the API that fail; the first rule that matches a call is used.
    pub api: Vec<ApiFault>,
    /// What becomes of notifications.
    pub notifications: NotificationFaults,
    /// How the seller's server is asked for an order.
    pub callback: Callback,
    /// The Webhooks dialect.
    pub webhooks: Webhooks,
    /// What becomes of refunds.
    pub refunds: Refunds,
    /// How terminals and what is charged on them behave.
    pub terminals: Terminals,
    /// How tokens of applications behave.
    pub oauth: Oauth,
    /// What the next payment says wrongly; used once.
    pub next_payment: Option<Twist>,
    /// Hosts that Mercado Pago's adviser has enabled for `url`; any host when not given, else 403.
    pub enabled_hosts: Option<Vec<String>>,
    /// How long a new order or payment is missing from searches, in milliseconds.
    pub search_lag_ms: u64,
}

/// A rule for calls of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFault {
    /// `GET /v1/payments/*`: a method (or `*`) and a path; `*` stands for one segment, a last `**` for any rest.
    pub route: String,
    /// What happens instead.
    #[serde(rename = "do")]
    pub effect: Effect,
    /// The status of [`Effect::Status`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The `Retry-After` of [`Effect::Status`], in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The pause of [`Effect::Slow`], in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// How many calls it is for; always when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How probable it is, from 0 to 1; certain when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
}

/// What a rule does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answers an error without doing anything.
    Status,
    /// Answers late.
    Slow,
    /// Never answers and does nothing.
    Hang,
    /// Does it, and closes the connection instead of answering.
    LoseAnswer,
    /// Does it, and answers 200 with a body that is no JSON.
    Garbage,
}

/// What becomes of notifications.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationFaults {
    /// Delivered, lost, or held until they are released.
    pub fate: Fate,
    /// How probable the fate is, from 0 to 1; certain when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// How many more times each is sent.
    pub extra_copies: u8,
    /// How late each is sent, in milliseconds.
    pub delay_ms: u64,
    /// The pauses before the second, third, ... try, in milliseconds; Mercado Pago's own run from minutes to days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<Vec<u64>>,
}

/// What becomes of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is sent.
    #[default]
    Deliver,
    /// It is never sent.
    Lose,
    /// It is kept until somebody releases it.
    Hold,
}

/// How the seller's server is asked for an order. Method, pause and patience are not documented.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callback {
    /// `GET` or `POST`.
    pub method: CallbackMethod,
    /// How long an answer is waited for.
    pub timeout_ms: u64,
    /// The pause between two questions.
    pub every_ms: u64,
    /// How many questions the app asks by itself.
    pub give_up_after: u32,
}

impl Default for Callback {
    fn default() -> Self {
        Self { method: CallbackMethod::Get, timeout_ms: 5_000, every_ms: 1_500, give_up_after: 400 }
    }
}

/// The method of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CallbackMethod {
    /// `GET`
    Get,
    /// `POST`, without a body.
    Post,
}

/// The Webhooks dialect.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// The unit of the signature's `ts`.
    pub ts: TsUnit,
    /// Also sends `topic_merchant_order_wh`.
    pub merchant_order: bool,
    /// Also sends Webhooks to an order's `notification_url` that does not restrict its source.
    pub to_notification_url: bool,
    /// Signs with another secret than the account's.
    pub wrong_secret: bool,
    /// The casing of the id that is signed; the query has it as it is. Only ids of orders have letters in capitals.
    pub signed_id: SignedId,
}

/// The casing of an id in a signature, on which the documents and the SDKs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedId {
    /// As in the query.
    #[default]
    AsReceived,
    /// In small letters.
    Lower,
}

/// How terminals and what is charged on them behave.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terminals {
    /// Whether they take what is queued by themselves; when not given, as scans ask by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive: Option<Receive>,
    /// How long after, in milliseconds; a second when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_after_ms: Option<u64>,
    /// How long a new order is not found, in milliseconds.
    pub order_lag_ms: u64,
    /// How many times an intent whose card was read is still shown as `ON_TERMINAL`.
    pub intent_lag_reads: u32,
    /// The query of a payment intent's Webhook has no `data.id`. The signature is of the body's id either way, which is
    /// what software in the field checks.
    pub bare_intents: bool,
}

/// Who makes a terminal take what is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receive {
    /// Itself.
    Auto,
    /// A lever.
    ByHand,
}

/// The unit of the time in a signature, on which the documents and captured deliveries differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TsUnit {
    /// As in captured deliveries.
    #[default]
    Seconds,
    /// As in the prose of the documents.
    Milliseconds,
}

/// How tokens of applications behave.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oauth {
    /// How long new access tokens are good, in seconds; 180 days when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_life_s: Option<u32>,
    /// Answers to a refresh leave out `user_id` and `public_key`, as Mercado Pago's may.
    pub bare_refresh: bool,
}

/// What becomes of refunds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refunds {
    /// The status that a new refund gets.
    pub outcome: RefundStatus,
    /// The seller has not enough money.
    pub insufficient_balance: bool,
    /// Errors have HTTP 400, as live answers do, instead of the classes that the reference lists.
    pub live_status: bool,
}

/// What a payment says wrongly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twist {
    /// Another seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collector_id: Option<u64>,
    /// Another currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Another amount, as a number in major units.
    pub amount: Json,
    /// Another reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
}

impl Faults {
    /// Whether the rules can be carried out.
    pub fn check(&self) -> Result<(), String> {
        let chance = |chance: Option<f64>| chance.is_none_or(|chance| (0.0..=1.0).contains(&chance));
        for rule in &self.api {
            if rule.route.split_once(' ').is_none_or(|(_, path)| !path.starts_with('/')) {
                return Err(format!("api.route {:?} must read like \"GET /v1/payments/*\"", rule.route));
            }
            if rule.effect == Effect::Status
                && !rule.status.is_some_and(|status| (400..600).contains(&status))
            {
                return Err("api.status from 400 to 599 is required by \"do\": \"status\"".to_owned());
            }
            if rule.effect == Effect::Slow && rule.ms.is_none() {
                return Err("api.ms is required by \"do\": \"slow\"".to_owned());
            }
            if !chance(rule.chance) {
                return Err("api.chance must be from 0 to 1".to_owned());
            }
        }
        if !chance(self.notifications.chance) {
            return Err("notifications.chance must be from 0 to 1".to_owned());
        }
        Ok(())
    }

    /// The rule for a call, with one of its times used up.
    pub fn strike(&mut self, method: &str, path: &str, rng: &mut fastrand::Rng) -> Option<ApiFault> {
        let rule = self.api.iter_mut().find(|rule| {
            rule.times != Some(0) && matches(&rule.route, method, path) && happens(rule.chance, rng)
        })?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.clone())
    }
}

/// Whether something of that probability happens.
pub fn happens(chance: Option<f64>, rng: &mut fastrand::Rng) -> bool {
    chance.is_none_or(|chance| rng.f64() < chance)
}

/// Whether a call is one that a pattern means.
fn matches(pattern: &str, method: &str, path: &str) -> bool {
    let Some((wanted, pattern)) = pattern.split_once(' ') else { return false };
    if wanted != "*" && !wanted.eq_ignore_ascii_case(method) {
        return false;
    }
    let mut segments = path.split('/');
    for part in pattern.trim().split('/') {
        match (part, segments.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (part, Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("GET /v1/payments/*", "GET", "/v1/payments/7"));
        assert!(!matches("GET /v1/payments/*", "POST", "/v1/payments/7"));
        assert!(!matches("GET /v1/payments/*", "GET", "/v1/payments/7/refunds"));
        assert!(matches("* /v1/**", "POST", "/v1/payments/7/refunds"));
        assert!(!matches("* /v1/payments/*", "GET", "/v1/payments"));
    }

    #[test]
    fn a_rule_is_used_as_often_as_it_says() {
        let rule = r#"{"api":[{"route":"GET /a","do":"status","status":500,"times":2}]}"#;
        let mut faults: Faults = serde_json::from_str(rule).unwrap();
        faults.check().unwrap();
        let mut rng = fastrand::Rng::with_seed(1);
        let struck = (0..4).filter(|_| faults.strike("GET", "/a", &mut rng).is_some()).count();
        assert_eq!(struck, 2);
    }
}
