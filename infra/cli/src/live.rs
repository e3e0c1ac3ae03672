//! What there is now: at Mercado Pago, in the table and in the secrets.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::{Map, Value};
use surtidor::id::{AccountId, PositionId, StationId, TerminalId};
use surtidor::lookup::Position;
use surtidor::mercado_pago::{self as mp, MercadoPago};
use surtidor::secrets;
use surtidor::store::{Record, Station, Store, Terminal};

use crate::advice::{Asked, advice};
use crate::chain::{self, Chain, Token};
use crate::deployment::Deployment;
use crate::secret::Sources;

/// All of it that a chain's description is compared with.
#[derive(Debug, Default)]
pub struct Live {
    /// Sellers, by our names of them.
    pub sellers: BTreeMap<AccountId, Seller>,
    /// Accounts whose sellers have not consented yet.
    pub unlinked: BTreeSet<AccountId>,
    /// The OAuth application, if the chain has one.
    pub application: Option<Application>,
    /// Stations in the table.
    pub stations: BTreeMap<StationId, Station>,
    /// Positions in the table.
    pub positions: BTreeMap<(StationId, PositionId), Position>,
    /// What set-up wrote down of each station.
    pub records: BTreeMap<StationId, Record>,
    /// Terminals that are linked.
    pub terminals: BTreeMap<TerminalId, Terminal>,
}

/// The OAuth application as it is now.
#[derive(Debug)]
pub struct Application {
    /// Its entry in the OAuth secret.
    pub entry: Map<String, Value>,
    /// Its entry in the webhooks secret.
    pub webhooks: Map<String, Value>,
    /// The secret that the file gives.
    pub client_secret: Option<SecretString>,
    /// The webhook secrets that the file gives.
    pub webhook_secrets: Vec<SecretString>,
}

/// A seller as it is now.
#[derive(Debug)]
pub struct Seller {
    /// Its entry in the accounts secret.
    pub entry: Map<String, Value>,
    /// Its entry in the webhooks secret.
    pub webhooks: Map<String, Value>,
    /// Its token: what the file gives, or what is stored.
    pub token: SecretString,
    /// The webhook secrets that the file gives.
    pub webhook_secrets: Vec<SecretString>,
    /// Its stores at Mercado Pago, by our ids in small letters.
    pub stores: BTreeMap<String, mp::Store>,
    /// Its points of sale, by our ids in small letters.
    pub points: BTreeMap<String, mp::Pos>,
    /// Its terminals.
    pub terminals: Vec<mp::Terminal>,
}

/// Accounts that are asked of at once.
const ACCOUNTS_AT_ONCE: usize = 4;

/// Something that stands in the way before anything is written.
#[derive(Debug)]
pub struct Trouble {
    /// What it is about.
    pub place: String,
    /// What it is and what to do.
    pub text: String,
    /// Whether it may be gone by itself when it is run again.
    pub passes: bool,
}

/// Why a seller cannot be worked with, and whether that passes.
struct Hindrance {
    text: String,
    passes: bool,
}

impl From<String> for Hindrance {
    fn from(text: String) -> Self {
        Self { text, passes: false }
    }
}

/// What Mercado Pago did not answer.
fn told(asked: Asked) -> impl Fn(mp::ApiError) -> Hindrance {
    move |error| Hindrance { text: advice(asked, &error), passes: error.is_passing() }
}

impl Live {
    /// Looks at everything that the chain names. Nothing is written. `said` is told what is being read.
    pub async fn read(
        deployment: &Deployment,
        chain: &Chain,
        sources: &Sources,
        said: &(dyn Fn(&str) + Sync),
    ) -> Result<Result<Self, Vec<Trouble>>> {
        let mut live = Self::default();
        said("the secrets");
        let accounts =
            document(deployment, &deployment.stack.accounts_secret).await.context("accounts secret")?;
        let webhooks =
            document(deployment, &deployment.stack.webhooks_secret).await.context("webhooks secret")?;
        let mercado_pago = deployment.mercado_pago()?;
        let mut troubles = Vec::new();
        if let Some(application) = &chain.application {
            match Application::read(deployment, application, &webhooks, sources).await? {
                Ok(application) => live.application = Some(application),
                Err(text) => troubles.push(Trouble { place: "oauth".to_owned(), text, passes: false }),
            }
        }
        let has_token = |id: &AccountId| entry(&accounts, id).contains_key("access_token");
        let waits =
            |(id, account): &(&AccountId, &chain::Account)| account.token == Token::Linked && !has_token(id);
        live.unlinked = chain.accounts.iter().filter(waits).map(|(id, _)| id.clone()).collect();
        let linked = chain.accounts.iter().filter(|account| !waits(account));
        let asked = linked.map(|(id, account)| {
            let (entry, webhooks) = (entry(&accounts, id), entry(&webhooks, id));
            let with_terminals = chain
                .stations
                .values()
                .any(|station| station.account == *id && !station.terminals.is_empty());
            let mercado_pago = &mercado_pago;
            async move {
                said(&format!("account {id} at Mercado Pago"));
                let seller = Seller::read(mercado_pago, account, sources, (entry, webhooks), with_terminals);
                (id.clone(), seller.await)
            }
        });
        let mut asked = stream::iter(asked).buffer_unordered(ACCOUNTS_AT_ONCE);
        while let Some((id, seller)) = asked.next().await {
            match seller {
                Ok(seller) => {
                    live.sellers.insert(id, seller);
                }
                Err(Hindrance { text, passes }) => {
                    troubles.push(Trouble { place: format!("accounts.{id}"), text, passes });
                }
            }
        }
        if !troubles.is_empty() {
            troubles.sort_by(|one, other| one.place.cmp(&other.place));
            return Ok(Err(troubles));
        }
        said("the table");
        live.read_table(&deployment.store(), chain).await.context("cannot read the table")?;
        Ok(Ok(live))
    }

    async fn read_table(&mut self, store: &Store, chain: &Chain) -> Result<()> {
        for record in store.records().await? {
            self.records.insert(record.station.clone(), record);
        }
        let mut stations: Vec<StationId> = chain.stations.keys().cloned().collect();
        stations.extend(self.records.keys().filter(|id| !chain.stations.contains_key(*id)).cloned());
        for station in store.stations(&stations).await? {
            self.stations.insert(station.station.clone(), station);
        }
        let mut positions: Vec<(StationId, PositionId)> = Vec::new();
        for (id, station) in &chain.stations {
            positions.extend(station.positions.keys().map(|position| (id.clone(), position.clone())));
        }
        for position in store.positions(&positions).await? {
            self.positions.insert((position.station.clone(), position.position.clone()), position);
        }
        for (account, seller) in &self.sellers {
            let ids: Vec<TerminalId> = seller.terminals.iter().map(|terminal| terminal.id.clone()).collect();
            if ids.is_empty() {
                continue;
            }
            for terminal in store.terminals(account, &ids).await? {
                self.terminals.insert(terminal.terminal.clone(), terminal);
            }
        }
        Ok(())
    }
}

impl Application {
    async fn read(
        deployment: &Deployment,
        wanted: &chain::Application,
        webhooks: &Map<String, Value>,
        sources: &Sources,
    ) -> Result<Result<Self, String>> {
        let document = document(deployment, &deployment.stack.oauth_secret).await.context("OAuth secret")?;
        let known = document.get("application").and_then(Value::as_object).cloned().unwrap_or_default();
        let read = || {
            let secret = wanted.client_secret.as_ref().map(|at| sources.read(at)).transpose();
            let secret = secret.map_err(|error| format!("client_secret: {error:#}"))?;
            if secret.is_none() && !known.contains_key("client_secret") {
                return Err("has no client_secret yet: give `client_secret = { env = \"…\" }`".to_owned());
            }
            let secrets = wanted.webhook_secrets.iter().map(|at| sources.read(at));
            let secrets = secrets.collect::<Result<Vec<_>>>();
            Ok((secret, secrets.map_err(|error| format!("webhook_secrets: {error:#}"))?))
        };
        Ok(read().map(|(client_secret, webhook_secrets)| Self {
            entry: known.clone(),
            webhooks: entry(webhooks, &wanted.name),
            client_secret,
            webhook_secrets,
        }))
    }
}

impl Seller {
    async fn read(
        mercado_pago: &MercadoPago,
        account: &chain::Account,
        sources: &Sources,
        (entry, webhooks): (Map<String, Value>, Map<String, Value>),
        with_terminals: bool,
    ) -> Result<Self, Hindrance> {
        let stored = entry.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let token = match (&account.token, stored) {
            (Token::Given(at), _) => sources.read(at).map_err(|error| format!("access_token: {error:#}"))?,
            (Token::Kept | Token::Linked, Some(token)) => SecretString::from(token.to_owned()),
            (Token::Kept | Token::Linked, None) => {
                let text = "has no access token yet: give `access_token = { env = \"…\" }`";
                return Err(Hindrance::from(text.to_owned()));
            }
        };
        let secrets = account.webhook_secrets.iter().map(|at| sources.read(at));
        let webhook_secrets: Result<Vec<_>> = secrets.collect();
        let webhook_secrets = webhook_secrets.map_err(|error| format!("webhook_secrets: {error:#}"))?;
        check_stored(&entry, account)?;
        check_seller(mercado_pago, &token, account).await?;
        let found = mercado_pago.stores(&token, account.collector_id).await.map_err(told(Asked::Store))?;
        let points = mercado_pago.points_of_sale(&token).await.map_err(told(Asked::Pos))?;
        let terminals = if with_terminals {
            mercado_pago.terminals(&token, account.point).await.map_err(told(Asked::Terminal))?
        } else {
            Vec::new()
        };
        let found =
            found.into_iter().filter_map(|store| Some((store.external_id()?.to_ascii_lowercase(), store)));
        Ok(Self {
            token,
            webhook_secrets,
            stores: found.collect(),
            points: by_our_ids(points),
            terminals,
            entry,
            webhooks,
        })
    }

    /// A store by our id of it.
    #[must_use]
    pub fn store(&self, external_id: &str) -> Option<&mp::Store> {
        self.stores.get(&external_id.to_ascii_lowercase())
    }

    /// A point of sale by our id of it.
    #[must_use]
    pub fn pos(&self, external_id: &str) -> Option<&mp::Pos> {
        self.points.get(&external_id.to_ascii_lowercase())
    }
}

/// Sales that were made under an account are settled with it: neither its seller nor its country can become another's.
fn check_stored(entry: &Map<String, Value>, account: &chain::Account) -> Result<(), String> {
    let text = |name: &str| match entry.get(name) {
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(known) = text("collector_id").filter(|known| *known != account.collector_id.to_string()) {
        return Err(format!(
            "is seller {known} already, and sales are settled with it: give seller {} an account of its own name",
            account.collector_id
        ));
    }
    if let Some(known) = text("country").filter(|known| !known.eq_ignore_ascii_case(account.country.code())) {
        return Err(format!(
            "is an account of {known} already: give the seller in {} an account of its own name",
            account.country.code()
        ));
    }
    Ok(())
}

/// No token is stored or used for anything before it is known to be that seller's.
async fn check_seller(
    mercado_pago: &MercadoPago,
    token: &SecretString,
    account: &chain::Account,
) -> Result<(), Hindrance> {
    let me = mercado_pago.me(token).await.map_err(told(Asked::Token))?;
    let wanted = account.collector_id.to_string();
    if me.id() != Some(wanted.as_str()) {
        return Err(Hindrance::from(format!(
            "the access token is that of seller {}, and collector_id says {wanted}: correct one of the two",
            me.id().unwrap_or("(unknown)")
        )));
    }
    if let Some(site) = me.site().filter(|site| *site != account.country.site()) {
        return Err(Hindrance::from(format!(
            "the seller is of Mercado Pago's site {site}, and country says {} ({}): correct country",
            account.country.code(),
            account.country.site()
        )));
    }
    Ok(())
}

/// A secret document as it is.
pub async fn document(deployment: &Deployment, secret: &str) -> Result<Map<String, Value>> {
    Ok(secrets::document(&deployment.secrets(), secret).await?)
}

/// The entry of an account; a new one if there is none.
pub fn entry(document: &Map<String, Value>, account: &AccountId) -> Map<String, Value> {
    document.get(account.as_str()).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Points of sale by our ids of them, in small letters: ids at Mercado Pago do not differ by case.
#[must_use]
pub fn by_our_ids(points: Vec<mp::Pos>) -> BTreeMap<String, mp::Pos> {
    points.into_iter().filter_map(|pos| Some((pos.external_id()?.to_ascii_lowercase(), pos))).collect()
}

/// Every account with its token, as the functions have them.
pub async fn access(deployment: &Deployment) -> Result<Vec<(AccountId, SecretString)>> {
    let document =
        document(deployment, &deployment.stack.accounts_secret).await.context("accounts secret")?;
    let token = |entry: &Value| Some(SecretString::from(entry.get("access_token")?.as_str()?.to_owned()));
    Ok(document.iter().filter_map(|(id, entry)| Some((AccountId::parse(id).ok()?, token(entry)?))).collect())
}
