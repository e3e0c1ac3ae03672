//! Accounts: their entries in the secrets, and what Mercado Pago says of their tokens.

use std::collections::BTreeMap;

use anyhow::Result;
use secrecy::SecretString;
use serde_json::{Map, Value};
use surtidor::country::Country;
use surtidor::id::AccountId;
use surtidor::mercado_pago::{ApiError, MercadoPago};
use surtidor::sale::PointApi;
use surtidor::store::{LinkStatus, Store};
use time::OffsetDateTime;

use super::Diagnosis;
use crate::deployment::Deployment;
use crate::live::{document, entry};

/// An account whose token works.
pub(super) struct Seller {
    pub token: SecretString,
    pub country: Option<Country>,
    pub point: PointApi,
}

/// What copies of a token's panel have to say when it does not work.
const NEW_TOKEN: &str = "copy the production access token from the application's panel into the place that chain.toml names, and \
    run surtidor apply; if the seller was linked by OAuth: surtidor account link";

pub(super) async fn look(
    deployment: &Deployment,
    diagnosis: &mut Diagnosis,
) -> Result<BTreeMap<AccountId, Seller>> {
    let mut sellers = BTreeMap::new();
    let accounts = document(deployment, &deployment.stack.accounts_secret).await;
    let webhooks = document(deployment, &deployment.stack.webhooks_secret).await;
    let (accounts, webhooks) = match (accounts, webhooks) {
        (Ok(accounts), Ok(webhooks)) => (accounts, webhooks),
        (accounts, webhooks) => {
            for (secret, read) in [("accounts secret", accounts), ("webhooks secret", webhooks)] {
                if let Err(error) = read {
                    let remedy = "it must be one JSON object; the version before can be restored (docs/runbook.md, \"Rotating\")";
                    diagnosis.problem("secret_unreadable", secret, format!("{error:#}"), remedy);
                }
            }
            return Ok(sellers);
        }
    };
    if accounts.is_empty() {
        let remedy = "describe the chain in chain.toml (docs/chain.md), then: surtidor apply";
        diagnosis.problem("no_accounts", "accounts", "there is no account yet", remedy);
    }
    let mercado_pago = deployment.mercado_pago()?;
    for name in accounts.keys() {
        let place = format!("accounts.{name}");
        let Ok(id) = AccountId::parse(name) else {
            diagnosis.problem(
                "account_name",
                place,
                "the functions cannot read this name",
                "1 to 32 letters, digits or hyphens",
            );
            continue;
        };
        let found = entry(&accounts, &id);
        let news = entry(&webhooks, &id);
        // Webhooks of a linked seller come to the application's URL.
        let application = webhooks.values().find(|entry| names_seller(entry, name));
        notifications(&place, &news, application.is_some(), diagnosis);
        link(&deployment.store(), &id, diagnosis).await?;
        if let Some(seller) = token(&mercado_pago, &place, &found, diagnosis).await {
            sellers.insert(id, seller);
        }
    }
    let half = webhooks
        .iter()
        .filter(|(name, entry)| !accounts.contains_key(*name) && entry.get("sellers").is_none());
    for (name, _) in half {
        diagnosis.warning(
            "account_half",
            format!("accounts.{name}"),
            "notifications of it are taken, and nobody can look at what they tell: the accounts secret lacks it",
            "surtidor apply, or take it out of the webhooks secret",
        );
    }
    Ok(sellers)
}

/// Whether an entry of the webhooks secret is that of an application which this account's seller is linked to.
fn names_seller(entry: &Value, account: &str) -> bool {
    let sellers = entry.get("sellers").and_then(Value::as_object);
    sellers.is_some_and(|sellers| sellers.values().any(|name| name.as_str() == Some(account)))
}

/// Links by OAuth end: months before, if they cannot be renewed.
async fn link(store: &Store, account: &AccountId, diagnosis: &mut Diagnosis) -> Result<()> {
    let Some(link) = store.link(account).await? else { return Ok(()) };
    let place = format!("accounts.{account}");
    let days = (link.expires_at - OffsetDateTime::now_utc()).whole_days();
    let remedy = "have the seller consent again: surtidor account link (docs/runbook.md, \"An account must be linked again\")";
    match link.status {
        LinkStatus::Unlinked => {
            let what = "its seller has cut the link: its payments can neither be settled nor refunded";
            diagnosis.problem("unlinked", place, what, remedy);
        }
        LinkStatus::RelinkNeeded => {
            let what = format!("its token cannot be renewed any more, and ends in {days} days");
            diagnosis.problem("relink_needed", place, what, remedy);
        }
        LinkStatus::Linked if days < SOON => {
            let what = format!(
                "its token ends in {days} days, and was not renewed: {}",
                link.last_error.as_deref().unwrap_or("no try")
            );
            diagnosis.warning(
                "token_expires",
                place,
                what,
                "see the log of OAuthFunction, which renews tokens once a day",
            );
        }
        LinkStatus::Linked => {
            diagnosis.right(format!("{place}: the link holds, and its token for {days} days more"));
        }
    }
    Ok(())
}

/// Days of a token's life in which it should have been renewed: that is begun 60 days before its end.
const SOON: i64 = 30;

/// What a notification needs to be let in and to verify.
fn notifications(place: &str, entry: &Map<String, Value>, by_application: bool, diagnosis: &mut Diagnosis) {
    let list = |name: &str| {
        let list = entry.get(name).and_then(Value::as_array);
        list.map_or(0, |list| list.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).count())
    };
    if list("intake_keys") == 0 {
        diagnosis.problem(
            "no_intake_key",
            place,
            "no notification can come in: the webhooks secret has no intake key of it",
            "surtidor apply makes one; then the notification URL must be entered at Mercado Pago again",
        );
    }
    if list("webhook_secrets") == 0 && !by_application {
        diagnosis.warning(
            "no_webhook_secret",
            place,
            "Webhooks cannot be verified and are refused; sales settle by the feed and the sweep",
            "copy the secret of the application's panel (Webhooks) to where `webhook_secrets` of chain.toml says, then: surtidor apply",
        );
    }
    if entry.get("unverified").and_then(Value::as_str) == Some("hint") {
        diagnosis.warning(
            "unverified_taken",
            place,
            "notifications whose signature does not verify are taken as hints",
            "that is safe, and was set on purpose; once real deliveries verify: unverified = \"refuse\"",
        );
    }
}

async fn token(
    mercado_pago: &MercadoPago,
    place: &str,
    entry: &Map<String, Value>,
    diagnosis: &mut Diagnosis,
) -> Option<Seller> {
    let Some(token) = entry.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty())
    else {
        diagnosis.problem("no_token", place, "it has no access token", NEW_TOKEN);
        return None;
    };
    let live = entry.get("live").and_then(Value::as_bool).unwrap_or(true);
    if live && token.starts_with("TEST-") {
        diagnosis.problem("test_token", place, "it is live, and its token is a test token", NEW_TOKEN);
    }
    let collector = match entry.get("collector_id") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let code = entry.get("country").and_then(Value::as_str).unwrap_or_default();
    let country = Country::ALL.into_iter().find(|country| country.code().eq_ignore_ascii_case(code));
    let token = SecretString::from(token.to_owned());
    let me = match mercado_pago.me(&token).await {
        Ok(me) => me,
        Err(ApiError::Refused { status: 401, .. }) => {
            diagnosis.problem(
                "token_rejected",
                place,
                "Mercado Pago rejects the access token: it expired, was taken back (password changed, application removed, seller \
                 unlinked), or is mistyped. No payment of this account can be settled or refunded",
                NEW_TOKEN,
            );
            return None;
        }
        Err(ApiError::Refused { status: 403, .. }) => {
            diagnosis.problem(
                "token_without_rights",
                place,
                "Mercado Pago knows the token and lets it do nothing: the application is of a type that cannot take payments in \
                 person, or its production credentials are not activated",
                "in the developers' panel: make an application for in-person payments, activate \"Production credentials\", and use \
                 its token",
            );
            return None;
        }
        Err(error) => {
            let remedy = "look at the network and at Mercado Pago's status page, then run it again";
            diagnosis.warning(
                "mercado_pago_silent",
                place,
                format!("the token could not be checked: {error}"),
                remedy,
            );
            return None;
        }
    };
    if me.id() != Some(collector.as_str()) {
        diagnosis.problem(
            "token_of_another_account",
            place,
            format!("the token is that of seller {}, and collector_id says {collector}", me.id().unwrap_or("(unknown)")),
            "money of one seller would be looked for at the other: correct access_token or collector_id in chain.toml, then: \
             surtidor apply",
        );
        return None;
    }
    match (country, me.site()) {
        (None, _) => diagnosis.warning(
            "country_missing",
            place,
            "its country is not known, so its terminals cannot be charged",
            "`country` in chain.toml, then: surtidor apply",
        ),
        (Some(country), Some(site)) if site != country.site() => diagnosis.problem(
            "wrong_country",
            place,
            format!("the seller is of site {site}, and country says {} ({})", country.code(), country.site()),
            "correct `country`: currency and categories follow from it",
        ),
        _ => {}
    }
    diagnosis.right(format!("{place}: the token is that of seller {collector}"));
    let point =
        entry.get("point").cloned().and_then(|point| serde_json::from_value(point).ok()).unwrap_or_default();
    Some(Seller { token, country, point })
}
