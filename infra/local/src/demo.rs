//! The demo set-up: one account, two stations with their positions, lookup keys and station keys, the same at
//! Mercado Pago and in the table. It may be installed again over itself: keys, states and sales stay.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use simulated_mercado_pago as mp;
use surtidor::access::{Role, Scope};
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience};
use surtidor::country::Country;
use surtidor::id::{AccountId, PositionId, StationId, TerminalId};
use surtidor::lookup::{DEFAULT_SILENCE_LIMIT, Generation, Position, PositionState};
use surtidor::mercado_pago::{self, Hours, Location, MercadoPago, NewPos, NewStore};
use surtidor::money::Currency;
use surtidor::sale::PointApi;
use surtidor::store::{CallerKey, Created, Station, Store, Terminal};
use time::OffsetDateTime;

use crate::{REGION, Stack};

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

/// Where the parts are that the demo is written into.
pub struct Places<'a> {
    /// Clients for the stand-ins of AWS.
    pub aws: Aws,
    /// The table.
    pub table: String,
    /// The secret with tokens.
    pub accounts_secret: String,
    /// The secret with intake keys and webhook secrets.
    pub webhooks_secret: String,
    /// Where stores and points of sale are made: the simulated Mercado Pago, whichever one the functions ask.
    pub pos_url: &'a str,
}

impl<'a> Places<'a> {
    /// The places of a running stack; `pos_url` is the Mercado Pago where POS are made.
    pub fn of(stack: &Stack, pos_url: &'a str) -> Result<Self> {
        let endpoints = stack.endpoints().clone();
        let access = Access {
            region: REGION.to_owned(),
            credentials: Credentials::new(
                "AKIALOCALLOCALLOCAL0",
                "local-secret-of-no-account",
                None,
                None,
                "local",
            ),
            endpoints: Endpoints {
                dynamodb: Some(endpoints.dynamodb),
                sqs: Some(endpoints.sqs),
                secrets_manager: Some(endpoints.secrets_manager),
            },
        };
        let resource = |id: &str| stack.resource(id).with_context(|| format!("template.yaml has no {id}"));
        Ok(Self {
            aws: Aws::new(access, Patience::LONG)?,
            table: resource("Table")?,
            accounts_secret: resource("AccountsSecret")?,
            webhooks_secret: resource("WebhooksSecret")?,
            pos_url,
        })
    }
}

impl Demo {
    /// A demo with new keys, for a system at these URLs.
    #[must_use]
    pub fn new(api_url: &str, mercado_pago_url: &str) -> Self {
        let station = |id: &str, name: &str, generation: &str, sides: u32| {
            let position = |side: u32| {
                let lookup_key = random();
                DemoPosition {
                    position: side.to_string(),
                    lookup_url: format!("{api_url}/pay-mp?apies={id}&pos={side}&key={lookup_key}"),
                    external_id: format!("EST{id}S{side:02}"),
                    lookup_key,
                }
            };
            DemoStation {
                station: id.to_owned(),
                name: name.to_owned(),
                // Not random: it opens nothing but this machine, and the README can name it.
                station_key: format!("sk_demo_{id}"),
                generation: generation.to_owned(),
                positions: (1..=sides).map(position).collect(),
                terminals: vec![DemoTerminal {
                    terminal: format!("NEWLAND_N950__N950NCB8{id}"),
                    serial_number: format!("N950NCB8{id}"),
                    till: "shop".to_owned(),
                    external_pos_id: format!("EST{id}C01"),
                }],
            }
        };
        let stations =
            vec![station("6232", "Estación Demo", "v1", 4), station("6233", "Estación Demo Norte", "v2", 2)];
        let intake_key = random();
        let first = &stations[0];
        let lookup_urls =
            first.positions.iter().map(|at| (at.position.clone(), at.lookup_url.clone())).collect();
        Self {
            api_url: api_url.to_owned(),
            mercado_pago_url: mercado_pago_url.to_owned(),
            account: "demo".to_owned(),
            collector_id: 178_106_235,
            sponsor_id: 334_249_281,
            country: Country::Ar,
            currency: "ARS".to_owned(),
            point: PointApi::Orders,
            live_mode: true,
            access_token: format!("APP_USR-7364289770550796-112209-{}-178106235", random()),
            application_id: 7_364_289_770_550_796,
            webhook_secret: format!("{}{}", random(), random()),
            notification_url: format!("{api_url}/notifications/demo?key={intake_key}"),
            intake_key,
            station: first.station.clone(),
            station_key: first.station_key.clone(),
            lookup_urls,
            terminal: first.terminals[0].terminal.clone(),
            stations,
            dead_letter_queue_url: String::new(),
        }
    }

    /// The demo of an earlier run for the same URLs, so that its keys and QRs stay good; else a new one.
    #[must_use]
    pub fn kept_or_new(path: &Path, api_url: &str, mercado_pago_url: &str) -> Self {
        let kept = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        // One without terminals is of an earlier version.
        match kept.filter(|kept| kept.api_url == api_url && !kept.terminal.is_empty()) {
            Some(kept) => Self { mercado_pago_url: mercado_pago_url.to_owned(), ..kept },
            None => Self::new(api_url, mercado_pago_url),
        }
    }

    /// The account as the simulated Mercado Pago has it.
    #[must_use]
    pub fn seller(&self) -> mp::Account {
        mp::Account {
            nickname: "ESTACION DEMO".to_owned(),
            collector_id: self.collector_id,
            access_token: self.access_token.clone(),
            site: site(self.country),
            webhook_url: Some(self.notification_url.clone()),
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

    /// Writes accounts, stations, positions and keys, and makes store and POS at Mercado Pago.
    pub async fn install(&self, places: &Places<'_>) -> Result<()> {
        self.write_secrets(places).await.context("cannot write the secrets")?;
        let store = Store::new(places.aws.dynamodb(), places.table.clone());
        let mercado_pago = MercadoPago::new(places.pos_url, mercado_pago::Patience::default())?;
        for station in &self.stations {
            self.write_station(&store, station).await.context("cannot write the table")?;
            self.make_pos(&mercado_pago, station).await.context("cannot make stores and POS")?;
        }
        Ok(())
    }

    async fn write_secrets(&self, places: &Places<'_>) -> Result<()> {
        let accounts = serde_json::json!({ &self.account: {
            "access_token": self.access_token, "collector_id": self.collector_id, "live": self.live_mode,
            "country": self.country, "point": self.point,
        }});
        let webhooks = serde_json::json!({ &self.account: {
            "intake_keys": [self.intake_key], "webhook_secrets": [self.webhook_secret], "unverified": "refuse",
        }});
        let client = places.aws.secrets_manager();
        for (secret, text) in [(&places.accounts_secret, accounts), (&places.webhooks_secret, webhooks)] {
            client.put_secret_value().secret_id(secret).secret_string(text.to_string()).send().await?;
        }
        Ok(())
    }

    async fn write_station(&self, store: &Store, station: &DemoStation) -> Result<()> {
        let id = StationId::parse(&station.station)?;
        let account = AccountId::parse(&self.account)?;
        let now = OffsetDateTime::now_utc();
        let positions = station.positions.iter().map(|at| PositionId::parse(&at.position));
        store
            .put_station(&Station {
                station: id.clone(),
                account: account.clone(),
                name: station.name.clone(),
                positions: positions.collect::<Result<_, _>>()?,
                silence_limit: DEFAULT_SILENCE_LIMIT,
            })
            .await?;
        let key_id = format!("demo-{}", station.station);
        let scope = Scope::Stations(vec![id.clone()]);
        let owner = CallerKey::new(&key_id, Role::Station, scope, &station.name, now, None)?;
        // The same at every start: one that is there stays as it is.
        let key = SecretString::from(station.station_key.clone());
        if store.create_key(&key, &owner).await? == Created::Taken {
            bail!("the key {key_id} is another one: start anew with --fresh");
        }
        for at in &station.terminals {
            let link = Terminal {
                account: account.clone(),
                terminal: TerminalId::parse(&at.terminal)?,
                station: id.clone(),
                position: None,
                till: Some(PositionId::parse(&at.till)?),
                holder: None,
            };
            store.link_terminal(&link).await?;
        }
        for at in &station.positions {
            let position = PositionId::parse(&at.position)?;
            // What the station said of it before this start still holds.
            let known = store.look_up(&id, &position).await?.map(|(known, _)| (known.state, known.state_at));
            let (state, state_at) = known.unwrap_or((PositionState::Idle, now));
            store
                .put_position(&Position {
                    station: id.clone(),
                    position,
                    account: account.clone(),
                    collector_id: self.collector_id,
                    sponsor_id: Some(self.sponsor_id),
                    currency: Currency::parse(&self.currency)?,
                    generation: if station.generation == "v2" { Generation::V2 } else { Generation::V1 },
                    client_id: None,
                    site_id: None,
                    loyalty: None,
                    lookup_key: at.lookup_key.clone(),
                    notification_url: self.notification_url.clone(),
                    silence_limit: DEFAULT_SILENCE_LIMIT,
                    state,
                    state_at,
                    seen_at: now,
                })
                .await?;
        }
        Ok(())
    }

    async fn make_pos(&self, mercado_pago: &MercadoPago, station: &DemoStation) -> Result<()> {
        let token = SecretString::from(self.access_token.clone());
        let day = |name: &str| {
            (name.to_owned(), vec![Hours { open: "00:00".to_owned(), close: "23:59".to_owned() }])
        };
        let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let store = NewStore {
            name: station.name.clone(),
            external_id: format!("EST{}", station.station),
            location: Location {
                street_number: "1500".to_owned(),
                street_name: "Av. del Libertador".to_owned(),
                city_name: "Palermo".to_owned(),
                state_name: "Capital Federal".to_owned(),
                latitude: serde_json::Number::from_f64(-34.5711).context("latitude")?,
                longitude: serde_json::Number::from_f64(-58.4233).context("longitude")?,
            },
            business_hours: week.into_iter().map(day).collect(),
        };
        mercado_pago.ensure_store(&token, &self.collector_id.to_string(), &store).await?;
        for at in &station.positions {
            let pos = NewPos {
                name: format!("{} - Surtidor {}", station.name, at.position),
                fixed_amount: true,
                category: self.country.fuel_station_category(),
                external_store_id: store.external_id.clone(),
                external_id: at.external_id.clone(),
                url: Some(at.lookup_url.clone()),
            };
            mercado_pago.ensure_pos(&token, &pos).await?;
        }
        for at in &station.terminals {
            let pos = NewPos {
                name: format!("{} - Caja", station.name),
                fixed_amount: true,
                category: self.country.fuel_station_category(),
                external_store_id: store.external_id.clone(),
                external_id: at.external_pos_id.clone(),
                url: None,
            };
            mercado_pago.ensure_pos(&token, &pos).await?;
        }
        Ok(())
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
