//! The demo: a chain that is set up at every start as any other is, with secrets of its own and the stations' keys. It may be
//! installed again over itself: keys, states and sales stay.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use simulated_mercado_pago as mp;
use surtidor::access::{self, Role};
use surtidor::country::Country;
use surtidor::id::{PositionId, StationId};
use surtidor::lookup::Generation;
use surtidor::sale::PointApi;
use surtidor::store::{CallerKey, Created};
use surtidor_cli::apply::apply;
use surtidor_cli::chain::{self, Chain, SecretAt, Token};
use surtidor_cli::deployment::{self, Deployment, LocalEndpoints};
use surtidor_cli::live::{Live, Trouble, document, entry};
use surtidor_cli::plan::{Plan, Scope, current_intake_key, notification_url};
use surtidor_cli::secret::Sources;
use time::OffsetDateTime;

use crate::Stack;

/// What a client of the demo needs: written as `demo.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Demo {
    /// Base URL of the API.
    pub api_url: String,
    /// Base URL of the Mercado Pago that the functions ask.
    pub mercado_pago_url: String,
    /// The account.
    pub account: String,
    /// Its user id at Mercado Pago.
    pub collector_id: u64,
    /// The integrator's user id.
    pub sponsor_id: u64,
    /// Its country and currency.
    pub country: Country,
    /// Its currency.
    pub currency: String,
    /// Which API drives its terminals: `orders` or `payment_intents`.
    #[serde(default)]
    pub point: PointApi,
    /// Whether it counts as live: its payments must say `live_mode: true`.
    pub live_mode: bool,
    /// Its token.
    pub access_token: String,
    /// The application that notifies.
    pub application_id: u64,
    /// What Webhooks are signed with.
    pub webhook_secret: String,
    /// The key within the notification URL.
    pub intake_key: String,
    /// Where Mercado Pago notifies.
    pub notification_url: String,
    /// The first station, and its key.
    pub station: String,
    /// Key of the first station.
    pub station_key: String,
    /// Lookup URL of each position of the first station.
    pub lookup_urls: BTreeMap<String, String>,
    /// Every station.
    pub stations: Vec<DemoStation>,
    /// The terminal of the first station: its id at Mercado Pago.
    #[serde(default)]
    pub terminal: String,
    /// Where dead letters are, while the system runs.
    #[serde(default)]
    pub dead_letter_queue_url: String,
    /// The running system, as the operator's program finds it.
    #[serde(default)]
    pub stack: Option<deployment::Stack>,
}

/// A station of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoStation {
    /// Its id.
    pub station: String,
    /// Name for people.
    pub name: String,
    /// Its key.
    pub station_key: String,
    /// Protocol of its lookups.
    pub generation: String,
    /// Its positions.
    pub positions: Vec<DemoPosition>,
    /// Its terminals.
    #[serde(default)]
    pub terminals: Vec<DemoTerminal>,
}

/// A Point terminal of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoTerminal {
    /// Its id at Mercado Pago.
    pub terminal: String,
    /// The number on its back.
    pub serial_number: String,
    /// The till that it stands at.
    pub till: String,
    /// Its point of sale at Mercado Pago.
    pub external_pos_id: String,
}

/// A position of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoPosition {
    /// Its id within the station.
    pub position: String,
    /// The unguessable part of its lookup URL.
    pub lookup_key: String,
    /// What Mercado Pago asks.
    pub lookup_url: String,
    /// Its id at Mercado Pago.
    pub external_id: String,
}

/// The demo's chain: what is set up at every start.
const CHAIN: &str = include_str!("../chain.toml");

/// A running stack as the operator's program sees it; `mercado_pago_url` is where stores and POS are made: the simulated one,
/// whichever one the functions ask.
pub fn deployment(stack: &Stack, mercado_pago_url: &str) -> Result<Deployment> {
    let endpoints = stack.endpoints();
    let resource = |id: &str| stack.resource(id).with_context(|| format!("template.yaml has no {id}"));
    Deployment::of(deployment::Stack {
        api_url: stack.api_url(),
        mercado_pago_url: mercado_pago_url.to_owned(),
        table: resource("Table")?,
        accounts_secret: resource("AccountsSecret")?,
        webhooks_secret: resource("WebhooksSecret")?,
        oauth_secret: resource("OAuthSecret")?,
        redirect_uri: format!("{}/oauth/callback", stack.api_url()),
        // The simulated one has its consent page beside its API.
        auth_url: mercado_pago_url.to_owned(),
        hint_queue_url: resource("HintQueue")?,
        dead_letter_queue_url: resource("DeadLetterQueue")?,
        endpoints: Some(LocalEndpoints {
            dynamodb: endpoints.dynamodb.clone(),
            sqs: endpoints.sqs.clone(),
            secrets_manager: endpoints.secrets_manager.clone(),
        }),
    })
}

impl Demo {
    /// A demo with new secrets, for a system at these URLs. Lookup URLs and the notification URL are known once it is
    /// installed.
    pub fn new(api_url: &str, mercado_pago_url: &str) -> Result<Self> {
        let chain = Chain::parse(CHAIN).context("the demo's chain.toml")?;
        let (id, account) = chain.accounts.iter().next().context("the demo's chain.toml has no account")?;
        let stations: Vec<_> =
            chain.stations.iter().map(|(id, station)| DemoStation::of(id, station)).collect();
        let first = stations.first().context("the demo's chain.toml has no station")?;
        let terminal = first.terminals.first().context("the demo's first station has no terminal")?;
        Ok(Self {
            api_url: api_url.to_owned(),
            mercado_pago_url: mercado_pago_url.to_owned(),
            account: id.to_string(),
            collector_id: account.collector_id,
            sponsor_id: account.sponsor_id.unwrap_or_default(),
            country: account.country,
            currency: account.country.currency().to_string(),
            point: account.point,
            live_mode: account.live,
            access_token: format!("APP_USR-7364289770550796-112209-{}-{}", random(), account.collector_id),
            application_id: 7_364_289_770_550_796,
            webhook_secret: format!("{}{}", random(), random()),
            notification_url: String::new(),
            intake_key: String::new(),
            station: first.station.clone(),
            station_key: first.station_key.clone(),
            lookup_urls: BTreeMap::new(),
            terminal: terminal.terminal.clone(),
            stations,
            dead_letter_queue_url: String::new(),
            stack: None,
        })
    }

    /// A demo with the secrets of an earlier run, if there was one, so that what it set up stays good.
    pub fn kept_or_new(path: &Path, api_url: &str, mercado_pago_url: &str) -> Result<Self> {
        let new = Self::new(api_url, mercado_pago_url)?;
        let kept = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        Ok(match kept.filter(|kept| kept.collector_id == new.collector_id) {
            Some(Self { access_token, webhook_secret, .. }) => Self { access_token, webhook_secret, ..new },
            None => new,
        })
    }

    /// The account as the simulated Mercado Pago has it.
    #[must_use]
    pub fn seller(&self) -> mp::Account {
        mp::Account {
            nickname: "ESTACION DEMO".to_owned(),
            collector_id: self.collector_id,
            access_token: self.access_token.clone(),
            site: site(self.country),
            webhook_url: (!self.notification_url.is_empty()).then(|| self.notification_url.clone()),
            webhook_secret: self.webhook_secret.clone(),
            application_id: self.application_id,
            live_mode: self.live_mode,
        }
    }

    /// The terminals as the simulated Mercado Pago has them, once the demo is installed there.
    pub fn terminals(&self) -> impl Iterator<Item = mp::TerminalDraft> {
        let all = self.stations.iter().flat_map(|station| &station.terminals);
        all.map(|terminal| mp::TerminalDraft {
            account: self.collector_id,
            id: terminal.terminal.clone(),
            pos: Some(terminal.external_pos_id.clone()),
            operating_mode: mp::OperatingMode::Pdv,
        })
    }

    /// Writes `demo.json`.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The demo's chain, with what of the account was changed.
    fn chain(&self) -> Result<Chain> {
        let mut chain = Chain::parse(CHAIN).context("the demo's chain.toml")?;
        for account in chain.accounts.values_mut() {
            account.country = self.country;
            account.point = self.point;
            account.live = self.live_mode;
            account.token = Token::Given(SecretAt::Env(TOKEN.to_owned()));
            account.webhook_secrets = vec![SecretAt::Env(WEBHOOK.to_owned())];
        }
        if let Some(application) = &mut chain.application {
            application.client_secret = Some(SecretAt::Env(CLIENT.to_owned()));
            application.webhook_secrets = vec![SecretAt::Env(WEBHOOK.to_owned())];
        }
        Ok(chain)
    }

    /// The application as the simulated Mercado Pago has it, once the demo is installed.
    pub async fn application(&self, deployment: &Deployment) -> Result<mp::Application> {
        let chain = self.chain()?;
        let application = chain.application.context("the demo's chain.toml has no application")?;
        let webhooks = document(deployment, &deployment.stack.webhooks_secret).await?;
        let key = current_intake_key(&entry(&webhooks, &application.name));
        Ok(mp::Application {
            client_id: application.client_id.parse()?,
            client_secret: self.webhook_secret.clone(),
            name: "Surtidor Demo".to_owned(),
            redirect_uris: vec![deployment.stack.redirect_uri.clone()],
            webhook_url: key.map(|key| notification_url(&self.api_url, &application.name, &key)),
            webhook_secret: self.webhook_secret.clone(),
            pkce: true,
        })
    }

    /// Sets the chain up as the operator's program does, and makes the stations' keys. It is done twice: a terminal is linked
    /// with its till's POS at the terminal, between the two, which `link` does.
    pub async fn install(
        &mut self,
        deployment: &Deployment,
        link: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<()> {
        let chain = self.chain()?;
        self.apply(deployment, &chain).await?;
        link(self)?;
        self.apply(deployment, &chain).await?;
        self.learn(deployment).await?;
        let store = deployment.store();
        for station in &self.stations {
            let id = StationId::parse(&station.station)?;
            let key_id = format!("demo-{id}");
            let scope = access::Scope::Stations(vec![id]);
            let now = OffsetDateTime::now_utc();
            let owner = CallerKey::new(&key_id, Role::Station, scope, &station.name, now, None)?;
            // The same at every start: one that is there stays as it is.
            let key = SecretString::from(station.station_key.clone());
            if store.create_key(&key, &owner).await? == Created::Taken {
                bail!("the key {key_id} is another one: start anew with --fresh");
            }
        }
        // The demo has no station's software that gives signs of life.
        for position in self.positions()? {
            store.touch(&position.0, &position.1, OffsetDateTime::now_utc()).await?;
        }
        Ok(())
    }

    async fn apply(&self, deployment: &Deployment, chain: &Chain) -> Result<()> {
        let secrets = [
            (TOKEN, self.access_token.clone()),
            (WEBHOOK, self.webhook_secret.clone()),
            // Another secret of the same demo: nothing outside this machine takes it.
            (CLIENT, self.webhook_secret.clone()),
        ];
        let sources = Sources::of(move |name| {
            let known = secrets.iter().find(|(known, _)| *known == name);
            known.map(|(_, secret)| secret.clone())
        });
        let live = Live::read(deployment, chain, &sources, &|_| {})
            .await?
            .map_err(|troubles| explained(&troubles))?;
        let plan = Plan::make(chain, &live, &deployment.stack.api_url, &Scope::default())
            .map_err(|troubles| explained(&troubles))?;
        let applied = apply(deployment, chain, &live, plan, 4, &|| {}).await?;
        match applied.failures.first() {
            None => Ok(()),
            Some(failure) => bail!("{}: {}: {}", failure.place, failure.what, failure.advice),
        }
    }

    /// Takes over the keys that the set-up made.
    async fn learn(&mut self, deployment: &Deployment) -> Result<()> {
        for position in deployment.store().positions(&self.positions()?).await? {
            self.notification_url.clone_from(&position.notification_url);
            let station = self.stations.iter_mut().find(|at| at.station == position.station.as_str());
            let at = station
                .and_then(|at| at.positions.iter_mut().find(|at| at.position == position.position.as_str()));
            let at = at.context("a position that nobody asked for")?;
            let api = &self.api_url;
            at.lookup_url = format!(
                "{api}/pay-mp?apies={}&pos={}&key={}",
                position.station, position.position, position.lookup_key
            );
            at.lookup_key = position.lookup_key;
        }
        let key = self.notification_url.rsplit("key=").next();
        key.unwrap_or_default().clone_into(&mut self.intake_key);
        let first = self.stations.first().context("a demo without stations")?;
        self.lookup_urls =
            first.positions.iter().map(|at| (at.position.clone(), at.lookup_url.clone())).collect();
        self.dead_letter_queue_url.clone_from(&deployment.stack.dead_letter_queue_url);
        self.stack = Some(deployment.stack.clone());
        Ok(())
    }

    fn positions(&self) -> Result<Vec<(StationId, PositionId)>> {
        let mut positions = Vec::new();
        for station in &self.stations {
            for at in &station.positions {
                positions.push((StationId::parse(&station.station)?, PositionId::parse(&at.position)?));
            }
        }
        Ok(positions)
    }
}

/// Where the demo's secrets are found, as the chain names them.
const TOKEN: &str = "DEMO_ACCESS_TOKEN";
const WEBHOOK: &str = "DEMO_WEBHOOK_SECRET";
const CLIENT: &str = "DEMO_CLIENT_SECRET";

fn explained(troubles: &[Trouble]) -> anyhow::Error {
    let lines: Vec<_> =
        troubles.iter().map(|trouble| format!("{}: {}", trouble.place, trouble.text)).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

impl DemoStation {
    fn of(id: &StationId, station: &chain::Station) -> Self {
        Self {
            station: id.to_string(),
            name: station.name.clone(),
            // Not random: it opens nothing but this machine, and the README can name it.
            station_key: format!("sk_demo_{id}"),
            generation: match station.positions.values().next().map(|position| position.generation) {
                Some(Generation::V2) => "v2".to_owned(),
                _ => "v1".to_owned(),
            },
            positions: station
                .positions
                .iter()
                .map(|(id, position)| DemoPosition {
                    position: id.to_string(),
                    lookup_key: String::new(),
                    lookup_url: String::new(),
                    external_id: position.pos.clone(),
                })
                .collect(),
            terminals: station
                .terminals
                .iter()
                .filter_map(|terminal| {
                    let chain::Place::Till(till) = &terminal.at else { return None };
                    Some(DemoTerminal {
                        terminal: format!("NEWLAND_N950__{}", terminal.serial),
                        serial_number: terminal.serial.clone(),
                        till: till.to_string(),
                        external_pos_id: terminal.pos.as_ref()?.0.clone(),
                    })
                })
                .collect(),
        }
    }
}

/// The country as the simulated Mercado Pago calls it.
fn site(country: Country) -> mp::Site {
    match country {
        Country::Ar => mp::Site::Mla,
        Country::Br => mp::Site::Mlb,
        Country::Cl => mp::Site::Mlc,
        Country::Co => mp::Site::Mco,
        Country::Mx => mp::Site::Mlm,
        Country::Pe => mp::Site::Mpe,
        Country::Uy => mp::Site::Mlu,
    }
}

/// 128 random bits.
fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
