//! What would change of a station. The order of its steps makes any of them safe to be the last: the store before its points of
//! sale, a position before the point of sale that asks for it, the station once it has what it names, the record at the end.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use surtidor::id::{PositionId, StationId};
use surtidor::lookup::{Position, PositionState};
use surtidor::mercado_pago::{self as mp, NewPos, NewStore, OperatingMode};
use surtidor::store::{PrintedQr, Record, Station, Terminal};
use time::OffsetDateTime;

use super::account::random;
use super::leftover::Gone;
use super::{Act, Sign, StationPlan, Step, differences, fields};
use crate::chain::{self, Account, Place};
use crate::live::{Live, Seller, Trouble};

/// A station as it is wanted, and all that there is.
pub(super) struct Context<'a> {
    pub id: &'a StationId,
    pub wanted: &'a chain::Station,
    pub account: &'a Account,
    pub seller: &'a Seller,
    pub live: &'a Live,
    pub api_url: &'a str,
    pub notification_url: &'a str,
}

/// What Mercado Pago asks on a scan.
pub(crate) fn lookup_url(api_url: &str, station: &StationId, position: &PositionId, key: &str) -> String {
    format!("{api_url}/pay-mp?apies={station}&pos={position}&key={key}")
}

impl Context<'_> {
    pub(super) fn plan(&self, gone: &Gone) -> Result<(StationPlan, Vec<String>), Trouble> {
        self.same_account()?;
        let mut steps = Vec::new();
        let mut notes = Vec::new();
        let known = self.live.records.get(self.id);
        let mut record = Record {
            station: self.id.clone(),
            account: self.wanted.account.clone(),
            store: self.wanted.store.clone(),
            store_sent: hash(&self.store()),
            points: gone.kept.clone(),
            tills: self
                .wanted
                .terminals
                .iter()
                .filter_map(|terminal| Some(terminal.pos.as_ref()?.0.clone()))
                .chain(gone.tills.iter().cloned())
                .collect(),
        };
        steps.extend(self.store_step(known));
        for (position, wanted) in &self.wanted.positions {
            let live = self.live.positions.get(&(self.id.clone(), position.clone()));
            let position_wanted = self.position(position, wanted, live);
            steps.extend(position_step(live, &position_wanted));
            let pos = NewPos {
                url: Some(lookup_url(self.api_url, self.id, position, &position_wanted.lookup_key)),
                ..self.pos(&wanted.pos, &wanted.name)
            };
            let qr = known.and_then(|known| known.points.get(position));
            let (step, qr) = self.pos_step(Some(position), pos, qr, &mut notes);
            steps.extend(step);
            record.points.insert(position.clone(), qr);
        }
        steps.extend(self.station_step(gone));
        for (external_id, name) in self.wanted.terminals.iter().filter_map(|terminal| terminal.pos.as_ref()) {
            let pos = self.pos(external_id, name);
            steps.extend(self.pos_step(None, pos, None, &mut notes).0);
        }
        if known != Some(&record) {
            steps.push(Step {
                sign: if known.is_none() { Sign::Add } else { Sign::Change },
                what: "record of what is set up".to_owned(),
                details: Vec::new(),
                act: Act::Record,
            });
        }
        for terminal in &self.wanted.terminals {
            steps.extend(self.terminal_steps(terminal, &mut notes)?);
        }
        let plan = StationPlan {
            station: self.id.clone(),
            name: self.wanted.name.clone(),
            account: self.wanted.account.clone(),
            steps,
            record,
        };
        Ok((plan, notes))
    }

    /// Sales are settled with the account that they were made under, and the QRs belong to it.
    fn same_account(&self) -> Result<(), Trouble> {
        let stations = self.live.stations.get(self.id).map(|station| &station.account);
        let records = self.live.records.get(self.id).map(|record| &record.account);
        let other =
            [stations, records].into_iter().flatten().find(|account| **account != self.wanted.account);
        match other {
            None => Ok(()),
            Some(other) => Err(self.trouble(
                "",
                format!(
                    "takes money for account {other} now. To move it to {}: take it out of the file, apply --prune, and put it \
                     back under the other account; its QRs will be new",
                    self.wanted.account
                ),
            )),
        }
    }

    /// Something of the station that the file has to say differently.
    fn trouble(&self, part: &str, text: String) -> Trouble {
        Trouble { place: format!("stations.{}{part}", self.id), text, passes: false }
    }

    fn store(&self) -> NewStore {
        NewStore {
            name: self.wanted.name.clone(),
            external_id: self.wanted.store.clone(),
            location: self.wanted.location.clone(),
            business_hours: self.wanted.hours.clone(),
        }
    }

    fn store_step(&self, known: Option<&Record>) -> Option<Step> {
        let wanted = self.store();
        let what = format!("store {} at Mercado Pago", wanted.external_id);
        let Some(live) = self.seller.store(&wanted.external_id) else {
            let details = vec![format!("name: {}", wanted.name)];
            return Some(Step { sign: Sign::Add, what, details, act: Act::MakeStore(wanted) });
        };
        let mut details = store_differences(live, &wanted);
        // Mercado Pago does not tell the parts of an address: what was sent last is known by its hash.
        if details.is_empty() && known.is_none_or(|known| known.store_sent != hash(&wanted)) {
            details.push("address and hours: as the file has them".to_owned());
        }
        let id = live.id().unwrap_or_default().to_owned();
        (!details.is_empty()).then_some(Step {
            sign: Sign::Change,
            what,
            details,
            act: Act::ChangeStore(id, wanted),
        })
    }

    fn position(&self, id: &PositionId, wanted: &chain::Position, live: Option<&Position>) -> Position {
        let now = OffsetDateTime::now_utc();
        Position {
            station: self.id.clone(),
            position: id.clone(),
            account: self.wanted.account.clone(),
            collector_id: self.account.collector_id,
            sponsor_id: self.account.sponsor_id,
            currency: self.account.country.currency(),
            generation: wanted.generation,
            client_id: self.account.client_id.clone(),
            site_id: self.wanted.site_id.clone(),
            loyalty: self.wanted.loyalty.clone(),
            lookup_key: live.map_or_else(random, |live| live.lookup_key.clone()),
            notification_url: self.notification_url.to_owned(),
            silence_limit: self.wanted.silence_limit,
            // What the station said of it stays.
            state: live.map_or(PositionState::Idle, |live| live.state),
            state_at: live.map_or(now, |live| live.state_at),
            seen_at: live.map_or(now, |live| live.seen_at),
        }
    }

    fn pos(&self, external_id: &str, name: &str) -> NewPos {
        NewPos {
            name: name.to_owned(),
            fixed_amount: true,
            category: self.account.country.fuel_station_category(),
            external_store_id: self.wanted.store.clone(),
            external_id: external_id.to_owned(),
            url: None,
        }
    }

    /// The step of a point of sale, and what is to be known of its QR.
    fn pos_step(
        &self,
        position: Option<&PositionId>,
        wanted: NewPos,
        known: Option<&PrintedQr>,
        notes: &mut Vec<String>,
    ) -> (Option<Step>, PrintedQr) {
        let external_id = wanted.external_id.clone();
        let of = position.map_or_else(String::new, |position| format!(" of pump side {position}"));
        let what = format!("POS {external_id}{of}");
        let known = known.filter(|known| known.pos.eq_ignore_ascii_case(&external_id));
        let dead = |notes: &mut Vec<String>, version: u32| {
            notes.push(format!(
                "stations.{}: the QR that hangs{of} is dead, since its POS {external_id} was made anew: print version {version}",
                self.id
            ));
        };
        let Some(live) = self.seller.pos(&external_id) else {
            let details = vec![format!("name: {}", wanted.name)];
            let version = known.map_or(1, |known| known.version.saturating_add(1));
            if known.is_some() {
                dead(notes, version);
            }
            let qr = PrintedQr {
                pos: external_id,
                identity: String::new(),
                version,
                printed: known.map_or(0, |known| known.printed),
            };
            let act = Act::MakePos(position.cloned(), wanted);
            return (Some(Step { sign: Sign::Add, what, details, act }), qr);
        };
        let identity = live.identity().unwrap_or_default().to_owned();
        let version = match known {
            Some(known) if known.identity == identity || known.identity.is_empty() => known.version,
            Some(known) => {
                let version = known.version.saturating_add(1);
                dead(notes, version);
                version
            }
            None => 1,
        };
        let qr = PrintedQr {
            pos: external_id,
            identity,
            version,
            printed: known.map_or(0, |known| known.printed),
        };
        let details = pos_differences(live, &wanted);
        let id = live.id().unwrap_or_default().to_owned();
        let act = Act::ChangePos(id, position.cloned(), wanted);
        let step = (!details.is_empty()).then_some(Step { sign: Sign::Change, what, details, act });
        (step, qr)
    }

    /// A pump side that stays has its signs of life too: else its scans would be answered `timeout`.
    fn station_step(&self, gone: &Gone) -> Option<Step> {
        let positions: BTreeSet<_> = self.wanted.positions.keys().chain(gone.kept.keys()).cloned().collect();
        let wanted = Station {
            station: self.id.clone(),
            account: self.wanted.account.clone(),
            name: self.wanted.name.clone(),
            positions: positions.into_iter().collect(),
            silence_limit: self.wanted.silence_limit,
            time_zone: Some(self.wanted.time_zone.clone()),
            brand: self.account.brand.clone(),
        };
        let what = "station in the table".to_owned();
        let details = match self.live.stations.get(self.id) {
            None => vec![format!("positions: {}", wanted.positions.len())],
            Some(live) if *live == wanted => return None,
            Some(live) => differences(&fields(live), &fields(&wanted), &[]),
        };
        let sign = if self.live.stations.contains_key(self.id) { Sign::Change } else { Sign::Add };
        Some(Step { sign, what, details, act: Act::Station(wanted) })
    }

    fn terminal_steps(
        &self,
        wanted: &chain::Terminal,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Step>, Trouble> {
        let found: Vec<&mp::Terminal> =
            self.seller.terminals.iter().filter(|terminal| terminal.id.is_named(&wanted.serial)).collect();
        let terminal = match found.as_slice() {
            [terminal] => *terminal,
            [] => {
                notes.push(format!(
                    "stations.{}: terminal {} is not known at Mercado Pago yet: turn it on, scan its QR with the app of the \
                     seller, choose store and till there, then apply again",
                    self.id, wanted.serial
                ));
                return Ok(Vec::new());
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|terminal| terminal.id.as_str()).collect();
                let text = format!(
                    "{} names several terminals: write the whole id, one of {}",
                    wanted.serial,
                    ids.join(", ")
                );
                return Err(self.trouble(".terminals", text));
            }
        };
        let known = self.live.terminals.get(&terminal.id);
        if let Some(known) = known.filter(|known| known.station != *self.id) {
            let text = format!(
                "terminal {} stands at station {} in our books: see docs/runbook.md, \"A terminal moves\"",
                wanted.serial, known.station
            );
            return Err(self.trouble(".terminals", text));
        }
        let (position, till) = match &wanted.at {
            Place::Position(id) => (Some(id.clone()), None),
            Place::Till(id) => (None, Some(id.clone())),
        };
        let link = Terminal {
            account: self.wanted.account.clone(),
            terminal: terminal.id.clone(),
            station: self.id.clone(),
            holder: known.and_then(|known| known.holder.clone()),
            position,
            till,
        };
        let mut steps = Vec::new();
        if known != Some(&link) {
            let place = match &wanted.at {
                Place::Position(id) => format!("pump side: {id}"),
                Place::Till(id) => format!("till: {id}"),
            };
            steps.push(Step {
                sign: if known.is_none() { Sign::Add } else { Sign::Change },
                what: format!("terminal {}", wanted.serial),
                details: vec![place],
                act: Act::Link(link),
            });
        }
        if terminal.mode() != OperatingMode::Pdv {
            steps.push(Step {
                sign: Sign::Change,
                what: format!("terminal {}", wanted.serial),
                details: vec![format!(
                    "operating mode: {} → PDV; restart it afterwards",
                    terminal.operating_mode
                )],
                act: Act::Drive(terminal.id.clone(), self.account.point),
            });
        }
        Ok(steps)
    }
}

fn position_step(live: Option<&Position>, wanted: &Position) -> Option<Step> {
    let what = format!("pump side {} in the table", wanted.position);
    let act = || Act::Position(Box::new(wanted.clone()));
    match live {
        None => Some(Step { sign: Sign::Add, what, details: Vec::new(), act: act() }),
        Some(live) if live == wanted => None,
        Some(live) => {
            let details = differences(&fields(live), &fields(wanted), &["notification_url", "lookup_key"]);
            Some(Step { sign: Sign::Change, what, details, act: act() })
        }
    }
}

fn store_differences(live: &mp::Store, wanted: &NewStore) -> Vec<String> {
    let mut before = Map::new();
    let mut after = Map::new();
    before.insert("name".to_owned(), json!(live.name()));
    after.insert("name".to_owned(), json!(wanted.name));
    if let Some((latitude, longitude)) = live.coordinates() {
        for (name, live, wanted) in [
            ("latitude", latitude, &wanted.location.latitude),
            ("longitude", longitude, &wanted.location.longitude),
        ] {
            if !is_near(live, wanted) {
                before.insert(name.to_owned(), json!(live));
                after.insert(name.to_owned(), json!(wanted));
            }
        }
    }
    differences(&before, &after, &[])
}

/// Within a metre: Mercado Pago may round degrees, or write them as text.
fn is_near(live: &str, wanted: &serde_json::Number) -> bool {
    match (live.parse::<f64>(), wanted.as_f64()) {
        (Ok(live), Some(wanted)) => (live - wanted).abs() < 0.00001,
        _ => false,
    }
}

fn pos_differences(live: &mp::Pos, wanted: &NewPos) -> Vec<String> {
    let document = |name: Option<&str>, category: Option<u32>, fixed: bool, store: Option<&str>| {
        let pairs = [
            ("name", json!(name)),
            ("category", json!(category)),
            ("fixed_amount", json!(fixed)),
            ("store", json!(store.map(str::to_ascii_uppercase))),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<String, Value>>()
    };
    // Older answers do not name the store by our id.
    let store = live.external_store_id().or(Some(&wanted.external_store_id));
    let before = document(live.name(), live.category(), live.fixed_amount(), store);
    let after = document(
        Some(&wanted.name),
        Some(wanted.category),
        wanted.fixed_amount,
        Some(&wanted.external_store_id),
    );
    let mut details = differences(&before, &after, &[]);
    if live.url() != wanted.url.as_deref() {
        details.push(url_difference(live.url(), wanted.url.as_deref()));
    }
    details
}

/// What is different of a lookup URL, without its key.
fn url_difference(before: Option<&str>, after: Option<&str>) -> String {
    let place = |url: Option<&str>| {
        url.map_or("none", |url| url.split("&key=").next().unwrap_or_default()).to_owned()
    };
    let (before, after) = (place(before), place(after));
    if before == after { "url: another lookup key".to_owned() } else { format!("url: {before} → {after}") }
}

fn hash(store: &NewStore) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(store).unwrap_or_default()))
}
