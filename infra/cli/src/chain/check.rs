//! The rules of a chain's file, each where its value is, and what is taken where nothing is said.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use surtidor::country::Country;
use surtidor::id::{AccountId, PositionId, StationId, TerminalId};
use surtidor::lookup::{DEFAULT_SILENCE_LIMIT, Generation};
use surtidor::loyalty;
use surtidor::mercado_pago::{Hours, Location};
use surtidor::sale::PointApi;
use toml::{Spanned, Value};

use super::file::{self, File, Number};
use super::problems::{Problem, Problems, line};
use super::{Account, Application, Chain, Place, Position, SecretAt, Station, Terminal, Token};

/// The days as Mercado Pago calls them.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// An older page of its reference says two intervals a day, a later one four: two are always right.
const MOST_INTERVALS: usize = 2;
/// POS names: the reference says "under 45".
const LONGEST_POS_NAME: usize = 44;
/// POS ids: the reference says "under 40".
const LONGEST_POS_ID: usize = 39;
const LONGEST_STORE_ID: usize = 60;
const LONGEST_STORE_NAME: usize = 60;
/// A day.
const LONGEST_SILENCE: i64 = 86_400;
/// Pump sides of a station: each sign of life writes all of them.
const MOST_POSITIONS: i64 = 99;

/// Where a value stands.
type At = Range<usize>;

struct Checker<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    /// Ids that must be unique within an account, in one case, with where each is used.
    taken: HashMap<(AccountId, &'static str, String), String>,
}

/// Checks everything, and gives the chain or all that is wrong.
pub(super) fn check(text: &str, file: File) -> Result<Chain, Problems> {
    let mut checker = Checker { text, problems: Vec::new(), taken: HashMap::new() };
    let chain = checker.chain(file);
    let mut problems = checker.problems;
    if problems.is_empty() {
        return Ok(chain);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(Problems(problems))
}

impl Checker<'_> {
    fn wrong(&mut self, at: At, field: impl Into<String>, rule: impl Into<String>) {
        let line = line(self.text, at.start);
        self.problems.push(Problem { line, field: field.into(), rule: rule.into() });
    }

    fn chain(&mut self, file: File) -> Chain {
        let mut accounts = BTreeMap::new();
        let mut defaults = BTreeMap::new();
        let mut sellers: HashMap<u64, String> = HashMap::new();
        if file.accounts.is_empty() {
            self.wrong(0..0, "accounts", "is missing: a chain has at least one account, [accounts.<name>]");
        }
        for (name, written) in file.accounts {
            let field = format!("accounts.{}", name.get_ref());
            let id = match AccountId::parse(name.get_ref()) {
                Ok(id) => id,
                Err(error) => {
                    self.wrong(name.span(), field, error.to_string());
                    continue;
                }
            };
            let account = self.account(&field, &written);
            if let Some(other) = sellers.insert(account.collector_id, field.clone())
                && account.collector_id > 0
            {
                let rule = format!("is the seller of {other} too: one account a seller");
                self.wrong(written.collector_id.span(), format!("{field}.collector_id"), rule);
            }
            if accounts.insert(id.clone(), account).is_some() {
                self.wrong(name.span(), field, "is there twice: case does not count");
            }
            defaults.insert(id, written);
        }
        let application = file.oauth.as_ref().and_then(|written| self.application(written, &accounts));
        for (id, account) in &accounts {
            if account.token == Token::Linked && file.oauth.is_none() {
                let at =
                    defaults.get(id).and_then(|written| written.oauth.as_ref()).map_or(0..0, Spanned::span);
                let rule = "needs the application that acts for the seller: [oauth] with client_id and client_secret";
                self.wrong(at, format!("accounts.{id}.oauth"), rule);
            }
        }
        let mut stations = BTreeMap::new();
        for (name, written) in file.stations {
            let field = format!("stations.{}", name.get_ref());
            let id = match StationId::parse(name.get_ref()) {
                Ok(id) => id,
                Err(error) => {
                    self.wrong(name.span(), field, error.to_string());
                    continue;
                }
            };
            let Some(station) = self.station(&field, &id, &written, &accounts, &defaults) else { continue };
            if stations.insert(id, station).is_some() {
                self.wrong(name.span(), field, "is there twice: case does not count");
            }
        }
        Chain { accounts, stations, application }
    }

    fn application(
        &mut self,
        written: &Spanned<file::OAuth>,
        accounts: &BTreeMap<AccountId, Account>,
    ) -> Option<Application> {
        let (at, oauth) = (written.span(), written.get_ref());
        let client_id = oauth.client_id.text();
        if client_id.is_empty() || !client_id.bytes().all(|byte| byte.is_ascii_digit()) {
            self.wrong(at.clone(), "oauth.client_id", "must be the application's id: digits only");
        }
        let word = oauth.application.as_ref().map_or("app", |word| word.get_ref());
        let name = AccountId::parse(word).ok().filter(|name| !accounts.contains_key(name));
        if name.is_none() {
            let rule = "must have 1 to 32 letters, digits or hyphens, and be no account's name: it stands in the application's notification URL";
            self.wrong(oauth.application.as_ref().map_or(at, Spanned::span), "oauth.application", rule);
        }
        let secret = oauth.client_secret.as_ref();
        let secrets = oauth.webhook_secrets.iter().enumerate();
        Some(Application {
            name: name?,
            client_id,
            client_secret: secret.and_then(|at| self.secret("oauth.client_secret", at)),
            webhook_secrets: secrets
                .filter_map(|(n, at)| self.secret(&format!("oauth.webhook_secrets[{n}]"), at))
                .collect(),
        })
    }

    fn account(&mut self, field: &str, written: &file::Account) -> Account {
        let code = written.country.get_ref().to_ascii_uppercase();
        let country = Country::ALL.into_iter().find(|country| country.code() == code);
        if country.is_none() {
            let known: Vec<_> = Country::ALL.into_iter().map(Country::code).collect();
            let rule = format!("must be a country of Mercado Pago: {}", known.join(", "));
            self.wrong(written.country.span(), format!("{field}.country"), rule);
        }
        let point = match &written.point {
            None => PointApi::Orders,
            Some(word) => match word.get_ref().as_str() {
                "orders" => PointApi::Orders,
                "payment_intents" => PointApi::PaymentIntents,
                _ => {
                    let rule = "must be \"orders\" or \"payment_intents\"";
                    self.wrong(word.span(), format!("{field}.point"), rule);
                    PointApi::Orders
                }
            },
        };
        let unverified = match written.unverified.as_ref().map(|word| (word.get_ref().as_str(), word.span()))
        {
            None | Some(("refuse", _)) => "refuse",
            Some(("hint", _)) => "hint",
            Some((_, at)) => {
                self.wrong(at, format!("{field}.unverified"), "must be \"refuse\" or \"hint\"");
                "refuse"
            }
        };
        let collector_id = self.user_id(&format!("{field}.collector_id"), &written.collector_id);
        let sponsor_id =
            written.sponsor_id.as_ref().map(|id| self.user_id(&format!("{field}.sponsor_id"), id));
        if let (Some(sponsor), Some(at)) = (sponsor_id, &written.sponsor_id)
            && sponsor == collector_id
        {
            let rule = "must not be the seller itself: it is the user id of who integrates";
            self.wrong(at.span(), format!("{field}.sponsor_id"), rule);
        }
        let linked = written.oauth.as_ref().is_some_and(|oauth| *oauth.get_ref());
        if let (true, Some(at)) = (linked, &written.access_token) {
            let rule = "must be left out where `oauth` is true: the seller's consent gives the token";
            self.wrong(at.span(), format!("{field}.access_token"), rule);
        }
        let token = written.access_token.as_ref().filter(|_| !linked);
        let token = token.and_then(|at| self.secret(&format!("{field}.access_token"), at));
        let secrets = written.webhook_secrets.iter().enumerate();
        let webhook_secrets =
            secrets.filter_map(|(n, at)| self.secret(&format!("{field}.webhook_secrets[{n}]"), at)).collect();
        Account {
            country: country.unwrap_or(Country::Ar),
            collector_id,
            brand: written.brand.clone(),
            sponsor_id,
            live: written.live,
            point,
            client_id: written.client_id.as_ref().map(|id| id.get_ref().text()),
            token: token.map_or(if linked { Token::Linked } else { Token::Kept }, Token::Given),
            webhook_secrets,
            unverified,
        }
    }

    fn user_id(&mut self, field: &str, written: &Spanned<Number>) -> u64 {
        let id = written.get_ref().text().parse().ok().filter(|id| *id > 0);
        if id.is_none() {
            self.wrong(written.span(), field, "must be a user id of Mercado Pago: digits only");
        }
        id.unwrap_or_default()
    }

    /// `{ env = "NAME" }` or `{ file = "path" }`. A secret itself is refused, and not repeated.
    fn secret(&mut self, field: &str, written: &Spanned<Value>) -> Option<SecretAt> {
        let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let found = written.get_ref().as_table().filter(|table| table.len() == 1).and_then(|table| {
            let env = table.get("env").and_then(text).map(SecretAt::Env);
            env.or_else(|| table.get("file").and_then(text).map(|path| SecretAt::File(path.into())))
        });
        if found.is_none() {
            let rule = "must say where the secret is, { env = \"NAME\" } or { file = \"path\" }; the secret itself \
                        must not stand here";
            self.wrong(written.span(), field, rule);
        }
        found
    }

    fn station(
        &mut self,
        field: &str,
        id: &StationId,
        written: &file::Station,
        accounts: &BTreeMap<AccountId, Account>,
        defaults: &BTreeMap<AccountId, file::Account>,
    ) -> Option<Station> {
        let name = AccountId::parse(written.account.get_ref()).ok();
        let known = name.and_then(|name| Some((accounts.get_key_value(&name)?, defaults.get(&name)?)));
        let Some(((account_id, account), default)) = known else {
            let names: Vec<_> = accounts.keys().map(AccountId::as_str).collect();
            let rule = format!("is none of the accounts here: {}", names.join(", "));
            self.wrong(written.account.span(), format!("{field}.account"), rule);
            return None;
        };
        let at = |name: &str| format!("{field}.{name}");
        let store_name = written.name.get_ref().trim().to_owned();
        if store_name.is_empty() || store_name.chars().count() > LONGEST_STORE_NAME {
            let rule = format!("must have 1 to {LONGEST_STORE_NAME} characters");
            self.wrong(written.name.span(), at("name"), rule);
        }
        let store = match &written.store {
            None => format!("EST{}", id.as_str().to_ascii_uppercase()),
            Some(store) => {
                self.letters(&at("store"), store.span(), store.get_ref(), LONGEST_STORE_ID);
                store.get_ref().clone()
            }
        };
        let span = written.store.as_ref().map_or(written.account.span(), Spanned::span);
        self.unique(account_id, "store", &store, &at("store"), span);
        let generation = self.generation(&at("lookup"), written.lookup.as_ref().or(default.lookup.as_ref()));
        let programme = written.loyalty.as_ref().or(default.loyalty.as_ref());
        let silence = written.silence_limit.as_ref().or(default.silence_limit.as_ref());
        let positions =
            self.positions(field, id, account_id, account, generation, &store_name, &written.positions);
        for (number, terminal) in written.terminals.iter().enumerate() {
            let side =
                terminal.get_ref().position.as_ref().and_then(|side| PositionId::parse(&side.text()).ok());
            if side.is_some_and(|side| !positions.contains_key(&side)) {
                let rule = "must be one of the station's pump sides";
                self.wrong(terminal.span(), format!("{field}.terminals[{number}].position"), rule);
            }
        }
        Some(Station {
            account: account_id.clone(),
            location: self.location(&at("address"), &written.address),
            hours: self.hours(&at("hours"), written.hours.as_ref().or(default.hours.as_ref())),
            time_zone: self.time_zone(
                &at("time_zone"),
                written.account.span(),
                written.time_zone.as_ref().or(default.time_zone.as_ref()),
            ),
            silence_limit: self.silence(&at("silence_limit"), silence),
            loyalty: programme.and_then(|word| self.programme(&at("loyalty"), word, account.country)),
            site_id: written.site_id.as_ref().and_then(|id| self.site_id(&at("site_id"), id)),
            positions,
            terminals: self.terminals(field, id, account_id, account, &store_name, written),
            name: store_name,
            store,
        })
    }

    fn letters(&mut self, field: &str, at: At, text: &str, longest: usize) {
        let fine = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !fine || text.is_empty() || text.len() > longest {
            self.wrong(at, field, format!("must have 1 to {longest} letters and digits, and nothing else"));
        }
    }

    /// Ids at Mercado Pago are unique in an account, and do not differ by case.
    fn unique(&mut self, account: &AccountId, kind: &'static str, id: &str, field: &str, at: At) {
        let key = (account.clone(), kind, id.to_ascii_lowercase());
        if let Some(other) = self.taken.insert(key, field.to_owned()) {
            let rule = format!("is {id}, which {other} is too: set `{kind}` of one of them");
            self.wrong(at, field, rule);
        }
    }

    fn generation(&mut self, field: &str, word: Option<&Spanned<String>>) -> Generation {
        match word.map(|word| (word.get_ref().as_str(), word.span())) {
            None | Some(("v1", _)) => Generation::V1,
            Some(("v2", _)) => Generation::V2,
            Some((_, at)) => {
                self.wrong(at, field, "must be \"v1\" or \"v2\", as agreed with Mercado Pago");
                Generation::V1
            }
        }
    }

    fn silence(&mut self, field: &str, seconds: Option<&Spanned<i64>>) -> u32 {
        let Some(seconds) = seconds else { return DEFAULT_SILENCE_LIMIT };
        let fine =
            u32::try_from(*seconds.get_ref()).ok().filter(|limit| i64::from(*limit) <= LONGEST_SILENCE);
        if fine.is_none_or(|limit| limit > 0 && limit < 30) {
            let rule = format!("must be 0 (no limit), or 30 to {LONGEST_SILENCE} seconds");
            self.wrong(seconds.span(), field, rule);
        }
        fine.unwrap_or(DEFAULT_SILENCE_LIMIT)
    }

    fn programme(&mut self, field: &str, word: &Spanned<String>, country: Country) -> Option<String> {
        let known = loyalty::programs().find(|known| known.eq_ignore_ascii_case(word.get_ref()));
        if country != Country::Ar {
            self.wrong(word.span(), field, "must be left out: Mercado Pago has loyalty in Argentina only");
        } else if known.is_none() {
            let rule = format!("must be one of {}", loyalty::programs().collect::<Vec<_>>().join(", "));
            self.wrong(word.span(), field, rule);
        }
        known.map(str::to_owned)
    }

    fn site_id(&mut self, field: &str, id: &Spanned<Number>) -> Option<String> {
        let text = id.get_ref().text();
        let fine = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !fine {
            self.wrong(id.span(), field, "must be the station's number with its brand: 1 to 5 digits");
        }
        fine.then_some(text)
    }

    fn time_zone(&mut self, field: &str, station: At, zone: Option<&Spanned<String>>) -> String {
        let Some(zone) = zone else {
            let rule = "is missing, here and in its account: such as \"America/Argentina/Buenos_Aires\"";
            self.wrong(station, field, rule);
            return String::new();
        };
        if jiff::tz::TimeZone::get(zone.get_ref()).is_err() {
            let rule =
                "must be a name of the IANA time zone database, such as \"America/Argentina/Buenos_Aires\"";
            self.wrong(zone.span(), field, rule);
        }
        zone.get_ref().clone()
    }

    fn location(&mut self, field: &str, written: &Spanned<file::Address>) -> Location {
        let address = written.get_ref();
        let mut text = |name: &str, text: String| {
            if text.trim().is_empty() {
                self.wrong(written.span(), format!("{field}.{name}"), "must not be empty");
            }
            text.trim().to_owned()
        };
        let street_number = text("number", address.number.text());
        let street_name = text("street", address.street.clone());
        let city_name = text("city", address.city.clone());
        let state_name = text("state", address.state.clone());
        let mut degrees = |name: &str, value: f64, most: f64| {
            let number = serde_json::Number::from_f64(value).filter(|_| value.abs() <= most);
            if number.is_none() {
                let rule = format!("must be degrees from -{most} to {most}");
                self.wrong(written.span(), format!("{field}.{name}"), rule);
            }
            number.unwrap_or_else(|| 0.into())
        };
        Location {
            street_number,
            street_name,
            city_name,
            state_name,
            latitude: degrees("latitude", address.latitude, 90.0),
            longitude: degrees("longitude", address.longitude, 180.0),
            zip_code: address.zip_code.as_ref().map(Number::text),
            reference: address.reference.clone(),
        }
    }

    /// `"24h"`, one list of `"06:00-22:00"` for every day, or a list by day.
    fn hours(&mut self, field: &str, written: Option<&Spanned<Value>>) -> BTreeMap<String, Vec<Hours>> {
        let Some(written) = written else { return BTreeMap::new() };
        let at = written.span();
        let week = |hours: &[Hours]| DAYS.into_iter().map(|day| (day.to_owned(), hours.to_vec())).collect();
        match written.get_ref() {
            Value::String(word) if word == "24h" => {
                week(&[Hours { open: "00:00".to_owned(), close: "23:59".to_owned() }])
            }
            Value::Array(list) => week(&self.intervals(field, &at, list)),
            Value::Table(days) => {
                let mut hours = BTreeMap::new();
                for (day, list) in days {
                    let field = format!("{field}.{day}");
                    match list.as_array() {
                        _ if !DAYS.contains(&day.as_str()) => {
                            self.wrong(at.clone(), field, format!("is no day: {}", DAYS.join(", ")));
                        }
                        None => {
                            self.wrong(at.clone(), field, "must be a list such as [\"06:00-22:00\"]");
                        }
                        // A day without hours is a day on which it is closed: Mercado Pago takes no empty list.
                        Some(list) if list.is_empty() => {}
                        Some(list) => {
                            hours.insert(day.clone(), self.intervals(&field, &at, list));
                        }
                    }
                }
                hours
            }
            _ => {
                let rule = "must be \"24h\", a list such as [\"06:00-22:00\"], or such a list for each day";
                self.wrong(at, field, rule);
                BTreeMap::new()
            }
        }
    }

    fn intervals(&mut self, field: &str, at: &At, list: &[Value]) -> Vec<Hours> {
        if list.is_empty() || list.len() > MOST_INTERVALS {
            self.wrong(at.clone(), field, format!("must have 1 to {MOST_INTERVALS} intervals"));
        }
        let mut hours: Vec<Hours> = Vec::new();
        for interval in list {
            let read = interval.as_str().and_then(|text| {
                let (open, close) = text.split_once('-')?;
                let (open, close) = (open.trim(), close.trim());
                (is_time(open) && is_time(close) && open < close)
                    .then(|| Hours { open: open.to_owned(), close: close.to_owned() })
            });
            match read {
                None => {
                    let rule = format!(
                        "must have intervals such as \"06:00-22:00\" within one day, the end after the begin: {interval}"
                    );
                    self.wrong(at.clone(), field, rule);
                }
                Some(next) if hours.last().is_some_and(|last| last.close >= next.open) => {
                    self.wrong(at.clone(), field, "must have intervals one after another");
                }
                Some(next) => hours.push(next),
            }
        }
        hours
    }

    #[allow(clippy::too_many_arguments, reason = "what the positions of a station take over from it")]
    fn positions(
        &mut self,
        station_field: &str,
        station: &StationId,
        account_id: &AccountId,
        account: &Account,
        generation: Generation,
        station_name: &str,
        written: &Spanned<Value>,
    ) -> BTreeMap<PositionId, Position> {
        let field = format!("{station_field}.positions");
        let at = written.span();
        let shape = "must be how many there are, or a list of ids, or of tables such as { id = \"1\" }";
        let list: Vec<PositionTable> = match written.get_ref() {
            Value::Integer(count) if (1..=MOST_POSITIONS).contains(count) => (1..=*count)
                .map(|id| PositionTable { id: id.to_string(), ..PositionTable::default() })
                .collect(),
            Value::Integer(_) => {
                self.wrong(at.clone(), &field, format!("must be 1 to {MOST_POSITIONS}"));
                Vec::new()
            }
            Value::Array(list) if list.is_empty() => {
                self.wrong(at.clone(), &field, "must name at least one pump side");
                Vec::new()
            }
            Value::Array(list) => {
                let tables = list.iter().map(|entry| PositionTable::read(entry, shape));
                let read: Vec<_> = tables.collect();
                read.into_iter()
                    .filter_map(|table| table.map_err(|rule| self.wrong(at.clone(), &field, rule)).ok())
                    .collect()
            }
            _ => {
                self.wrong(at.clone(), &field, shape);
                Vec::new()
            }
        };
        let mut positions = BTreeMap::new();
        for table in list {
            let field = format!("{field}.{}", table.id);
            let id = match PositionId::parse(&table.id) {
                Ok(id) => id,
                Err(error) => {
                    self.wrong(at.clone(), field, error.to_string());
                    continue;
                }
            };
            let pos = table.pos.unwrap_or_else(|| default_pos(station, &id));
            self.letters(&format!("{field}.pos"), at.clone(), &pos, LONGEST_POS_ID);
            self.unique(account_id, "pos", &pos, &format!("{field}.pos"), at.clone());
            let name = table.name.unwrap_or_else(|| {
                let pump = pump_word(account.country);
                let number = id.as_str().to_ascii_uppercase();
                shortened(station_name, &format!(" - {pump} {number}"))
            });
            if name.trim().is_empty() || name.chars().count() > LONGEST_POS_NAME {
                let rule = format!("must have 1 to {LONGEST_POS_NAME} characters");
                self.wrong(at.clone(), format!("{field}.name"), rule);
            }
            let generation = match table.lookup.as_deref() {
                None => generation,
                Some("v1") => Generation::V1,
                Some("v2") => Generation::V2,
                Some(_) => {
                    self.wrong(at.clone(), format!("{field}.lookup"), "must be \"v1\" or \"v2\"");
                    generation
                }
            };
            if positions.insert(id, Position { name, pos, generation }).is_some() {
                self.wrong(at.clone(), field, "is there twice: case does not count");
            }
        }
        positions
    }

    fn terminals(
        &mut self,
        station_field: &str,
        station: &StationId,
        account_id: &AccountId,
        account: &Account,
        station_name: &str,
        written: &file::Station,
    ) -> Vec<Terminal> {
        let mut terminals = Vec::new();
        for (number, entry) in written.terminals.iter().enumerate() {
            let (at, terminal) = (entry.span(), entry.get_ref());
            let field = format!("{station_field}.terminals[{number}]");
            if account.country.point_limits().is_none() {
                let rule =
                    "must be left out: Mercado Pago has no terminals that can be driven in this country";
                self.wrong(at.clone(), &field, rule);
            }
            if let Err(error) = TerminalId::parse(terminal.serial.trim()) {
                self.wrong(at.clone(), format!("{field}.serial"), error.to_string());
            }
            let serial = terminal.serial.trim().to_owned();
            self.unique(account_id, "serial", &serial, &format!("{field}.serial"), at.clone());
            let place = match (&terminal.position, &terminal.till) {
                (Some(position), None) => PositionId::parse(&position.text()).map(Place::Position),
                (None, Some(till)) => PositionId::parse(&till.text()).map(Place::Till),
                _ => {
                    let rule = "must have either the `till` that it stands at or the pump side, `position`";
                    self.wrong(at.clone(), &field, rule);
                    continue;
                }
            };
            let place = match place {
                Ok(place) => place,
                Err(error) => {
                    self.wrong(at.clone(), &field, format!("position or till {error}"));
                    continue;
                }
            };
            let pos =
                match &place {
                    Place::Position(_) => terminal.pos.clone(),
                    Place::Till(till) => Some(terminal.pos.clone().unwrap_or_else(|| {
                        format!("EST{}C{}", upper(station.as_str()), upper(till.as_str()))
                    })),
                };
            let pos = pos.map(|pos| {
                self.letters(&format!("{field}.pos"), at.clone(), &pos, LONGEST_POS_ID);
                self.unique(account_id, "pos", &pos, &format!("{field}.pos"), at.clone());
                let (Place::Position(id) | Place::Till(id)) = &place;
                (pos, shortened(station_name, &format!(" - {} {id}", till_word(account.country))))
            });
            terminals.push(Terminal { serial, at: place, pos });
        }
        terminals
    }
}

/// A position as a table says it.
#[derive(Default)]
struct PositionTable {
    id: String,
    name: Option<String>,
    pos: Option<String>,
    lookup: Option<String>,
}

impl PositionTable {
    fn read(entry: &Value, shape: &str) -> Result<Self, String> {
        match entry {
            Value::Integer(id) => Ok(Self { id: id.to_string(), ..Self::default() }),
            Value::String(id) => Ok(Self { id: id.trim().to_owned(), ..Self::default() }),
            Value::Table(table) => {
                let known = ["id", "name", "pos", "lookup"];
                if let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) {
                    return Err(format!("has a field `{unknown}` that there is not: {}", known.join(", ")));
                }
                let text = |key: &str| match table.get(key) {
                    None => Ok(None),
                    Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
                    Some(Value::Integer(number)) => Ok(Some(number.to_string())),
                    Some(_) => Err(format!("has a `{key}` that is no text")),
                };
                let id = text("id")?.ok_or_else(|| "has a table without `id`".to_owned())?;
                Ok(Self { id, name: text("name")?, pos: text("pos")?, lookup: text("lookup")? })
            }
            _ => Err(shape.to_owned()),
        }
    }
}

fn upper(id: &str) -> String {
    id.to_ascii_uppercase()
}

/// `EST6232S01`.
fn default_pos(station: &StationId, position: &PositionId) -> String {
    let side = upper(position.as_str());
    format!("EST{}S{side:0>2}", upper(station.as_str()))
}

/// What a driver calls a pump there.
fn pump_word(country: Country) -> &'static str {
    match country {
        Country::Br | Country::Mx => "Bomba",
        _ => "Surtidor",
    }
}

fn till_word(country: Country) -> &'static str {
    match country {
        Country::Br => "Caixa",
        _ => "Caja",
    }
}

/// A name with its end, the name cut where both are too long.
fn shortened(name: &str, end: &str) -> String {
    let room = LONGEST_POS_NAME.saturating_sub(end.chars().count());
    let name: String = name.chars().take(room).collect();
    format!("{}{end}", name.trim_end())
}

/// `08:00`
fn is_time(text: &str) -> bool {
    let two = |part: &str, most: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number <= most);
    text.split_once(':').is_some_and(|(hours, minutes)| two(hours, 23) && two(minutes, 59))
}
