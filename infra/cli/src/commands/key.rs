//! `surtidor key`.

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;
use secrecy::ExposeSecret;
use surtidor::access::{Role, Scope};
use surtidor::id::StationId;
use surtidor::store::{CallerKey, Created, Revoked, new_key};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::screen::{CHANGED, FAINT, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a key. It is shown once, and stored as a hash only.
    #[command(after_help = ROLES)]
    Create(Create),
    /// List all keys, newest first. No key is shown: none is stored.
    List,
    /// Take a key back. It opens nothing any more within a minute or two.
    Revoke {
        /// The key's name, as `key list` shows it.
        key_id: String,
    },
}

const ROLES: &str = "\
What a role may do:
  station    everything of the API, for the software of exactly one station
  attendant  see sales, charge at terminals, settle at the station
  manager    and give refunds, withdraw sales, set terminals up
  treasury   see sales, give refunds
  auditor    see sales
  support    see sales, check terminals";

#[derive(clap::Args)]
struct Create {
    /// What it may be used for.
    #[arg(long, value_parser = PossibleValuesParser::new(Role::WORDS.map(|(word, _)| word)))]
    role: String,
    /// The station that it is for; may be given several times, but for the role station.
    #[arg(long = "station", value_name = "ID", required_unless_present = "all_stations")]
    stations: Vec<String>,
    /// It is for every station, also those to come.
    #[arg(long, conflicts_with = "stations")]
    all_stations: bool,
    /// Who or what holds it, for people: "night shift", "back office". The name of its software or post, not of a person.
    #[arg(long)]
    name: Option<String>,
    /// A name of its own for the key; made of role and station if it is not given.
    #[arg(long)]
    id: Option<String>,
    /// Days after which it ends by itself.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    match &options.what {
        What::Create(create) => make(screen, at, create).await,
        What::List => list(screen, at).await,
        What::Revoke { key_id } => revoke(screen, at, key_id).await,
    }
}

async fn make(screen: &Screen, at: &At, options: &Create) -> Result<Ended> {
    let role = Role::of_word(&options.role).context("a role that there is not")?;
    let store = at.deployment()?.store();
    let mut stations = Vec::new();
    for text in &options.stations {
        let id = StationId::parse(text).map_err(|error| anyhow::anyhow!("--station {text}: {error}"))?;
        if store.station(&id).await?.is_none() {
            bail!("there is no station {id}: apply the chain's file first, or correct the number");
        }
        stations.push(id);
    }
    let scope = if options.all_stations { Scope::All } else { Scope::Stations(stations) };
    let place = match &scope {
        Scope::Stations(stations) => stations.first().map(StationId::to_string).unwrap_or_default(),
        Scope::All => "all".to_owned(),
    };
    let now = OffsetDateTime::now_utc();
    let tail: String = uuid::Uuid::new_v4().simple().to_string().chars().take(6).collect();
    let key_id = options.id.clone().unwrap_or_else(|| format!("{role}-{place}-{tail}"));
    let name = options.name.clone().unwrap_or_else(|| format!("{role} of {place}"));
    let expires_at = options.days.map(|days| now.saturating_add(Duration::days(days.into())));
    let owner = CallerKey::new(&key_id, role, scope, &name, now, expires_at)?;
    let key = new_key()?;
    if store.create_key(&key, &owner).await? == Created::Taken {
        bail!("there is a key {key_id} already: choose another --id");
    }
    if screen.is_json() {
        let mut document = document(&owner);
        document["key"] = key.expose_secret().into();
        screen.json(&document);
    } else {
        screen.say(styled(STRONG, key.expose_secret()));
        screen.warn(format!(
            "{} {key_id}, role {role}, stations {}. It is shown this once only: hand it over now.",
            styled(GOOD, "made"),
            owner.scope
        ));
    }
    Ok(Ended::Done)
}

async fn list(screen: &Screen, at: &At) -> Result<Ended> {
    let list = at.deployment()?.store().keys().await?;
    if screen.is_json() {
        let items: Vec<_> = list.keys.iter().map(document).collect();
        screen.json(&serde_json::json!({"items": items, "unreadable": list.unreadable}));
        return Ok(Ended::Done);
    }
    let now = OffsetDateTime::now_utc();
    let width = list.keys.iter().map(|key| key.key_id.len()).max().unwrap_or_default();
    for key in &list.keys {
        let day = |at: OffsetDateTime| at.date().to_string();
        let state = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => styled(FAINT, format!("revoked {}", day(at))),
            (None, Some(end)) if end <= now => styled(FAINT, format!("ended {}", day(end))),
            (None, Some(end)) => styled(GOOD, format!("good until {}", day(end))),
            (None, None) => styled(GOOD, "good"),
        };
        let made = key.created_at.map_or_else(|| "by hand   ".to_owned(), day);
        screen.say(format!(
            "{:width$}  {:9}  {made}  {state}  stations {}  {}",
            key.key_id,
            key.role.word(),
            key.scope,
            styled(FAINT, &key.name)
        ));
    }
    for name in &list.unreadable {
        screen.say(format!("{name}  {}", styled(CHANGED, "cannot be read, and opens nothing")));
    }
    if list.keys.is_empty() && list.unreadable.is_empty() {
        screen.say("There are no keys: surtidor key create --help");
    }
    Ok(Ended::Done)
}

async fn revoke(screen: &Screen, at: &At, key_id: &str) -> Result<Ended> {
    let told = |screen: &Screen, text: String, at: OffsetDateTime| {
        if screen.is_json() {
            screen.json(
                &serde_json::json!({"key_id": key_id, "revoked_at": at.format(&Rfc3339).unwrap_or_default()}),
            );
        } else {
            screen.say(text);
        }
    };
    let now = OffsetDateTime::now_utc();
    match at.deployment()?.store().revoke_key(key_id, now).await? {
        Revoked::Now => {
            told(screen, format!("{key_id} is revoked: it opens nothing within two minutes."), now);
        }
        Revoked::Before(first) => told(screen, format!("{key_id} was revoked on {}.", first.date()), first),
        Revoked::Unknown => bail!("there is no key {key_id}: see surtidor key list"),
    }
    Ok(Ended::Done)
}

fn document(key: &CallerKey) -> serde_json::Value {
    let time = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok());
    serde_json::json!({
        "key_id": key.key_id, "role": key.role.word(), "stations": key.scope.to_string(), "name": key.name,
        "created_at": time(key.created_at), "expires_at": time(key.expires_at), "revoked_at": time(key.revoked_at),
    })
}
