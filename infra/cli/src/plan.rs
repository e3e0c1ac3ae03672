//! What would have to change so that a chain is as its file describes it. Pure: what there is now and what is wanted give the
//! steps, in the order in which they are safe.

mod account;
mod leftover;
mod station;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::lookup::Position;
use surtidor::mercado_pago::{NewPos, NewStore};
use surtidor::store::{Record, Station, Terminal};

use crate::chain::Chain;
use crate::live::{Live, Trouble};

pub use account::{current_intake_key, notification_url};
pub use leftover::in_use;

pub(crate) use account::{accounts_entry, application_entry, application_webhooks, webhooks_entry};
pub(crate) use station::lookup_url;

/// Everything that would change.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Of the OAuth application.
    pub application: Option<AccountPlan>,
    /// Of accounts.
    pub accounts: Vec<AccountPlan>,
    /// Of stations.
    pub stations: Vec<StationPlan>,
    /// What was set up once, is not in the file, and stays.
    pub left_over: Vec<String>,
    /// What a person has to do.
    pub notes: Vec<String>,
}

/// What would change of an account.
#[derive(Debug, Serialize)]
pub struct AccountPlan {
    /// The account.
    pub account: AccountId,
    /// The steps, which are done at once.
    pub steps: Vec<Step>,
    /// What is new of its notification URL, if it has none yet.
    #[serde(skip)]
    pub(crate) intake_key: String,
}

/// What would change of a station.
#[derive(Debug, Serialize)]
pub struct StationPlan {
    /// The station.
    pub station: StationId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub account: AccountId,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What will be known of it when all is done, but for points of sale that are made.
    #[serde(skip)]
    pub(crate) record: Record,
}

/// One change.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What is done.
    pub sign: Sign,
    /// To what.
    pub what: String,
    /// What will be different. No secret is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    #[serde(skip)]
    pub(crate) act: Act,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Makes something.
    Add,
    /// Changes something.
    Change,
    /// Removes something.
    Remove,
}

impl Sign {
    /// As plans show it.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '~',
            Self::Remove => '-',
        }
    }
}

/// A step as it is carried out.
#[derive(Debug)]
pub(crate) enum Act {
    /// Entries of secrets are written for all accounts at once.
    Account,
    MakeStore(NewStore),
    ChangeStore(String, NewStore),
    Position(Box<Position>),
    /// For a pump side, whose URL is made of its lookup key; or for a till.
    MakePos(Option<PositionId>, NewPos),
    ChangePos(String, Option<PositionId>, NewPos),
    Station(Station),
    Record,
    Link(Terminal),
    Drive(surtidor::id::TerminalId, surtidor::sale::PointApi),
    RemovePos(String),
    RemovePosition(PositionId),
    RemoveStore(String),
    RemoveStation,
    RemoveRecord,
}

/// How much of each kind a plan has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Things to be made.
    pub add: usize,
    /// Things to be changed.
    pub change: usize,
    /// Things to be removed.
    pub remove: usize,
}

impl Count {
    /// All of them.
    #[must_use]
    pub fn sum(self) -> usize {
        self.add.saturating_add(self.change).saturating_add(self.remove)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to add, {} to change, {} to remove", self.add, self.change, self.remove)
    }
}

/// What a plan is made for.
#[derive(Debug, Default)]
pub struct Scope {
    /// Only these stations; all if it is empty.
    pub stations: BTreeSet<StationId>,
    /// Whether what is not in the file is removed.
    pub prune: bool,
    /// Stations and pump sides that must not be removed now, with why.
    pub in_use: BTreeMap<(StationId, Option<PositionId>), String>,
}

impl Scope {
    fn has(&self, station: &StationId) -> bool {
        self.stations.is_empty() || self.stations.contains(station)
    }
}

impl Plan {
    /// Compares what is wanted with what there is. `api_url` is the base of the URLs that are handed out.
    pub fn make(chain: &Chain, live: &Live, api_url: &str, scope: &Scope) -> Result<Self, Vec<Trouble>> {
        let mut plan = Self {
            application: None,
            accounts: Vec::new(),
            stations: Vec::new(),
            left_over: Vec::new(),
            notes: Vec::new(),
        };
        let mut troubles = Vec::new();
        let mut urls = BTreeMap::new();
        let used = leftover::Used::of(chain);
        if let (Some(wanted), Some(live)) = (&chain.application, &live.application) {
            plan.application = Some(account::plan_application(wanted, chain, live));
        }
        for id in &live.unlinked {
            plan.notes.push(format!(
                "accounts.{id} is not linked yet, so nothing of it can be set up: surtidor account link {id}, and then apply again"
            ));
        }
        for (id, account) in &chain.accounts {
            let Some(seller) = live.sellers.get(id) else { continue };
            let planned = account::plan(id, account, seller);
            urls.insert(id.clone(), account::notification_url(api_url, id, &planned.intake_key));
            plan.accounts.push(planned);
            plan.notes.extend(account::notes(id, account, seller));
        }
        for (id, wanted) in chain.stations.iter().filter(|(id, _)| scope.has(id)) {
            let known = (chain.accounts.get(&wanted.account), live.sellers.get(&wanted.account));
            let (Some(account), Some(seller), Some(url)) = (known.0, known.1, urls.get(&wanted.account))
            else {
                continue;
            };
            let context =
                station::Context { id, wanted, account, seller, live, api_url, notification_url: url };
            let gone = leftover::of_station(&context, &used, scope);
            match context.plan(&gone) {
                Ok((mut planned, notes)) => {
                    planned.steps.splice(0..0, gone.steps);
                    plan.left_over.extend(gone.left);
                    plan.notes.extend(notes);
                    plan.stations.push(planned);
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        leftover::stations(chain, live, &used, scope, &mut plan);
        if troubles.is_empty() { Ok(plan) } else { Err(troubles) }
    }

    /// How much there is to do.
    #[must_use]
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for step in self.steps() {
            let kind = match step.sign {
                Sign::Add => &mut count.add,
                Sign::Change => &mut count.change,
                Sign::Remove => &mut count.remove,
            };
            *kind = kind.saturating_add(1);
        }
        count
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        let accounts = self.application.iter().chain(&self.accounts).flat_map(|account| &account.steps);
        accounts.chain(self.stations.iter().flat_map(|station| &station.steps))
    }

    /// What would be removed.
    pub fn removals(&self) -> impl Iterator<Item = &Step> {
        self.steps().filter(|step| step.sign == Sign::Remove)
    }
}

/// The fields in which two documents differ, as `name: before → after`; of those that are secret only the name.
fn differences(before: &Map<String, Value>, after: &Map<String, Value>, secret: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        let show = |value: Option<&Value>| match value {
            None | Some(Value::Null) => "none".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        told.push(match (secret.contains(&name.as_str()), old) {
            (true, None) => format!("{name}: new"),
            (true, Some(_)) => format!("{name}: another one"),
            (false, _) => format!("{name}: {} → {}", show(old), show(new)),
        });
    }
    told
}

/// A value as the fields of a JSON object.
fn fields<T: Serialize>(value: &T) -> Map<String, Value> {
    serde_json::to_value(value).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default()
}
