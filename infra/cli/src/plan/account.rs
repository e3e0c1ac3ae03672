//! What would change of an account: its entries in the two secrets.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use surtidor::id::AccountId;

use super::{AccountPlan, Act, Sign, Step, differences};
use crate::chain::{self, Account, Chain, Token};
use crate::live::{Application, Seller};

/// What of an entry is never shown.
const SECRET: [&str; 4] = ["access_token", "client_secret", "intake_keys", "webhook_secrets"];

pub(super) fn plan(id: &AccountId, account: &Account, seller: &Seller) -> AccountPlan {
    let token = matches!(account.token, Token::Given(_)).then_some(&seller.token);
    let after = accounts_entry(&seller.entry, account, token);
    let intake_key = current_intake_key(&seller.webhooks).unwrap_or_else(random);
    let webhooks = webhooks_entry(&seller.webhooks, account, &seller.webhook_secrets, &intake_key);
    let steps = [("token and facts", &seller.entry, &after), ("notifications", &seller.webhooks, &webhooks)]
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(what, before, after)| Step {
            sign: if before.is_empty() { Sign::Add } else { Sign::Change },
            what: format!("{what} in Secrets Manager"),
            details: differences(before, after, &SECRET),
            act: Act::Account,
        });
    AccountPlan { account: id.clone(), steps: steps.collect(), intake_key }
}

/// What would change of the OAuth application: its credentials, and what its notification URL needs to tell sellers apart.
pub(super) fn plan_application(
    wanted: &chain::Application,
    chain: &Chain,
    live: &Application,
) -> AccountPlan {
    let after = application_entry(&live.entry, wanted, live.client_secret.as_ref());
    let intake_key = current_intake_key(&live.webhooks).unwrap_or_else(random);
    let webhooks = application_webhooks(&live.webhooks, chain, &live.webhook_secrets, &intake_key);
    let steps = [
        ("OAuth application", &live.entry, &after),
        ("notifications of all linked sellers", &live.webhooks, &webhooks),
    ];
    let steps =
        steps.into_iter().filter(|(_, before, after)| before != after).map(|(what, before, after)| Step {
            sign: if before.is_empty() { Sign::Add } else { Sign::Change },
            what: format!("{what} in Secrets Manager"),
            details: differences(before, after, &SECRET),
            act: Act::Account,
        });
    AccountPlan { account: wanted.name.clone(), steps: steps.collect(), intake_key }
}

/// The application of the OAuth secret as it is to be.
pub(crate) fn application_entry(
    before: &Map<String, Value>,
    wanted: &chain::Application,
    secret: Option<&SecretString>,
) -> Map<String, Value> {
    let mut entry = before.clone();
    entry.insert("client_id".to_owned(), json!(wanted.client_id));
    if let Some(secret) = secret {
        entry.insert("client_secret".to_owned(), json!(secret.expose_secret()));
    }
    entry
}

/// Its entry of the webhooks secret: whose news is whose.
pub(crate) fn application_webhooks(
    before: &Map<String, Value>,
    chain: &Chain,
    secrets: &[SecretString],
    intake_key: &str,
) -> Map<String, Value> {
    let mut entry = notified(before, secrets, intake_key);
    entry.entry("unverified").or_insert_with(|| json!("refuse"));
    let linked = chain.accounts.iter().filter(|(_, account)| account.token == Token::Linked);
    let sellers: Map<String, Value> =
        linked.map(|(id, account)| (account.collector_id.to_string(), json!(id))).collect();
    entry.insert("sellers".to_owned(), Value::Object(sellers));
    entry
}

/// What a person should know of it.
pub(super) fn notes(id: &AccountId, account: &Account, seller: &Seller) -> Vec<String> {
    let stored =
        seller.webhooks.get("webhook_secrets").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let mut notes = Vec::new();
    if account.webhook_secrets.is_empty() && !stored {
        notes.push(format!(
            "accounts.{id} has no webhook secret: sales settle by the feed all the same; add `webhook_secrets` once the panel shows it"
        ));
    }
    notes
}

/// The entry of the accounts secret as it is to be. What else stands in it, stays.
pub(crate) fn accounts_entry(
    before: &Map<String, Value>,
    account: &Account,
    token: Option<&SecretString>,
) -> Map<String, Value> {
    let mut entry = before.clone();
    if let Some(token) = token {
        entry.insert("access_token".to_owned(), json!(token.expose_secret()));
    }
    entry.insert("collector_id".to_owned(), json!(account.collector_id));
    entry.insert("live".to_owned(), json!(account.live));
    entry.insert("country".to_owned(), json!(account.country));
    entry.insert("point".to_owned(), json!(account.point));
    entry
}

/// The entry of the webhooks secret as it is to be. An intake key that was handed out stays.
pub(crate) fn webhooks_entry(
    before: &Map<String, Value>,
    account: &Account,
    secrets: &[SecretString],
    intake_key: &str,
) -> Map<String, Value> {
    let mut entry = notified(before, secrets, intake_key);
    entry.insert("unverified".to_owned(), json!(account.unverified));
    entry
}

/// An entry with an intake key and webhook secrets. A key that was handed out stays; secrets are those that are given, if any
/// are.
fn notified(before: &Map<String, Value>, secrets: &[SecretString], intake_key: &str) -> Map<String, Value> {
    let mut entry = before.clone();
    if current_intake_key(before).is_none() {
        entry.insert("intake_keys".to_owned(), json!([intake_key]));
    }
    if !secrets.is_empty() || !before.contains_key("webhook_secrets") {
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        entry.insert("webhook_secrets".to_owned(), json!(secrets));
    }
    entry
}

/// The key of the notification URL that is handed out: the first one.
#[must_use]
pub fn current_intake_key(entry: &Map<String, Value>) -> Option<String> {
    let first = entry.get("intake_keys")?.as_array()?.first()?.as_str()?;
    (!first.is_empty()).then(|| first.to_owned())
}

/// Where Mercado Pago notifies.
#[must_use]
pub fn notification_url(api_url: &str, account: &AccountId, intake_key: &str) -> String {
    format!("{api_url}/notifications/{account}?key={intake_key}")
}

/// 122 bits of the operating system's randomness.
pub(crate) fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
