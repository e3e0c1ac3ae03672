//! `surtidor account`: who takes money here, where Mercado Pago notifies, and links with sellers.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use surtidor::id::AccountId;
use surtidor::oauth::{INVITATION_LIFE, NewLink, begin};
use surtidor_cli::live::{document, entry};
use surtidor_cli::plan::{current_intake_key, notification_url};
use time::OffsetDateTime;

use super::plan::read;
use crate::screen::{CHANGED, FAINT, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List accounts with their notification URLs, which are secrets: they are entered in the application's panel.
    List,
    /// Make an authorisation link for a seller: it is opened by the seller, who logs in at Mercado Pago and consents.
    #[command(after_help = LINK)]
    Link(Link),
}

const LINK: &str = "\
The link is good for half an hour and for one consent. Send it to the seller and to nobody else: only the seller whose
user id the chain's file gives is let in. The account is described in the file with `oauth = true`, and `surtidor apply`
has stored the application. See docs/setup.md, \"Many sellers: OAuth\".";

#[derive(clap::Args)]
struct Link {
    /// The account, as the chain's file calls it.
    account: String,
    /// The description of the chain.
    #[arg(default_value = "chain.toml", value_name = "CHAIN.TOML")]
    file: PathBuf,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    match &options.what {
        What::List => list(screen, at).await,
        What::Link(options) => link(screen, at, options).await,
    }
}

async fn list(screen: &Screen, at: &At) -> Result<Ended> {
    let deployment = at.deployment()?;
    let stack = &deployment.stack;
    let accounts = document(&deployment, &stack.accounts_secret).await.context("accounts secret")?;
    let webhooks = document(&deployment, &stack.webhooks_secret).await.context("webhooks secret")?;
    let store = deployment.store();
    let mut items = Vec::new();
    let mut names: Vec<&String> = accounts.keys().chain(webhooks.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let Ok(id) = AccountId::parse(name) else { continue };
        let (facts, news) = (entry(&accounts, &id), entry(&webhooks, &id));
        let text = |name: &str| match facts.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let kind = match (news.contains_key("sellers"), text("access_token").is_some()) {
            (true, _) => "the OAuth application of all linked sellers",
            (false, true) => "has a token",
            (false, false) => "has no token",
        };
        let linked = store.link(&id).await?.map(|link| (link.status, link.expires_at.date()));
        let linked = linked.map(|(status, end)| format!("{}, token good until {end}", status.word()));
        items.push(serde_json::json!({
            "account": id, "collector_id": text("collector_id"), "country": text("country"), "state": kind, "link": linked,
            "live": facts.get("live"),
            "notification_url": current_intake_key(&news).map(|key| notification_url(&stack.api_url, &id, &key)),
        }));
    }
    if screen.is_json() {
        screen.json(&serde_json::json!({"items": items}));
        return Ok(Ended::Done);
    }
    for item in &items {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let kind = text("state");
        let style = if kind == "has no token" { CHANGED } else { GOOD };
        screen.say(format!(
            "{}  {} seller {}  {}",
            styled(STRONG, text("account")),
            text("country"),
            text("collector_id"),
            styled(style, kind)
        ));
        if item.get("link").is_some_and(Value::is_string) {
            screen.say(format!("    link: {}", text("link")));
        }
        screen.say(format!("    {} {}", styled(FAINT, "notification URL:"), text("notification_url")));
    }
    if items.is_empty() {
        screen.say("There are no accounts: describe them in chain.toml (docs/chain.md), then surtidor apply");
    }
    Ok(Ended::Done)
}

async fn link(screen: &Screen, at: &At, options: &Link) -> Result<Ended> {
    let Some(chain) = read(screen, &options.file) else { return Ok(Ended::Wrong) };
    let id = AccountId::parse(&options.account).ok();
    let Some((id, account)) = id.and_then(|id| chain.accounts.get_key_value(&id)) else {
        bail!("{} has no account {}", options.file.display(), options.account);
    };
    if account.token != surtidor_cli::chain::Token::Linked {
        bail!(
            "accounts.{id} has a token of its own: set `oauth = true` in {} to link it",
            options.file.display()
        );
    }
    let Some(application) = &chain.application else {
        bail!("{} has no [oauth] application", options.file.display());
    };
    let deployment = at.deployment()?;
    let stored = document(&deployment, &deployment.stack.oauth_secret).await.context("OAuth secret")?;
    let known = stored.get("application").and_then(|known| known.get("client_id")).and_then(Value::as_str);
    if known != Some(application.client_id.as_str()) {
        bail!("the application is not stored yet: surtidor apply {}", options.file.display());
    }
    let new = NewLink {
        account: id,
        collector_id: Some(account.collector_id),
        client_id: &application.client_id,
        redirect_uri: &deployment.stack.redirect_uri,
        auth_url: &deployment.stack.auth_url,
    };
    let now = OffsetDateTime::now_utc();
    let url = begin(&deployment.store(), &new, now).await?;
    if screen.is_json() {
        let end = now.saturating_add(INVITATION_LIFE).unix_timestamp();
        screen.json(&serde_json::json!({"account": id, "url": url.as_str(), "good_until": end}));
    } else {
        screen.say(url.as_str());
        screen.warn(format!(
            "{} for seller {} alone, good for {} minutes. When the seller has consented: surtidor apply {}",
            styled(GOOD, "made"),
            account.collector_id,
            INVITATION_LIFE.whole_minutes(),
            options.file.display()
        ));
    }
    Ok(Ended::Done)
}
