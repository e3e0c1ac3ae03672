//! A chain as `chain.toml` describes it: accounts, stations, positions, terminals; read, checked, and with what it leaves
//! unsaid filled in. Pure: no secret is in it, only where one is found.

mod check;
mod file;
mod problems;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use surtidor::country::Country;
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::lookup::Generation;
use surtidor::mercado_pago::{Hours, Location};
use surtidor::sale::PointApi;

pub use problems::{Problem, Problems};

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Its sellers.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Its stations.
    pub stations: BTreeMap<StationId, Station>,
    /// The application by which its linked sellers let us act for them.
    pub application: Option<Application>,
}

/// An OAuth application.
#[derive(Clone, Debug)]
pub struct Application {
    /// What its notification URL calls it.
    pub name: AccountId,
    /// Its id.
    pub client_id: String,
    /// Its secret; what Secrets Manager holds already if it is not given.
    pub client_secret: Option<SecretAt>,
    /// What it signs Webhooks with.
    pub webhook_secrets: Vec<SecretAt>,
}

/// A seller at Mercado Pago.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where it takes money.
    pub country: Country,
    /// Its user id.
    pub collector_id: u64,
    /// What is printed on its QRs, for people.
    pub brand: Option<String>,
    /// The integrator's user id for this brand.
    pub sponsor_id: Option<u64>,
    /// Whether it takes real money.
    pub live: bool,
    /// Which API drives its terminals.
    pub point: PointApi,
    /// The `client-id` header of v2.
    pub client_id: Option<String>,
    /// Where its token comes from.
    pub token: Token,
    /// Secrets of the applications that notify.
    pub webhook_secrets: Vec<SecretAt>,
    /// What to do with a signature that does not verify: `refuse` or `hint`.
    pub unverified: &'static str,
}

/// Where an access token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// From outside.
    Given(SecretAt),
    /// What Secrets Manager holds already, by an earlier run.
    Kept,
    /// What the seller's consent gave; none before it.
    Linked,
}

/// Where a secret is found: never in the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretAt {
    /// In an environment variable.
    Env(String),
    /// Alone in a file; its path is relative to the chain's file.
    File(PathBuf),
}

/// A site.
#[derive(Clone, Debug)]
pub struct Station {
    /// Whose money is taken there.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// Its store's id at Mercado Pago, as we call it.
    pub store: String,
    /// Where it is.
    pub location: Location,
    /// When it is open, by English day name.
    pub hours: BTreeMap<String, Vec<Hours>>,
    /// Its zone of the IANA database.
    pub time_zone: String,
    /// Seconds that it may be silent.
    pub silence_limit: u32,
    /// The loyalty programme of its brand.
    pub loyalty: Option<String>,
    /// Its number with that brand: APIES, `SiteID`.
    pub site_id: Option<String>,
    /// Its pump sides.
    pub positions: BTreeMap<PositionId, Position>,
    /// Its terminals, by serial number.
    pub terminals: Vec<Terminal>,
}

/// A pump side.
#[derive(Clone, Debug)]
pub struct Position {
    /// Name of its POS.
    pub name: String,
    /// Its POS's id at Mercado Pago, as we call it.
    pub pos: String,
    /// Protocol of its lookup.
    pub generation: Generation,
}

/// A Point terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// The number on its back, or its whole id.
    pub serial: String,
    /// Where it stands.
    pub at: Place,
    /// The POS of a till, made so that the terminal can be linked to it: its id and its name.
    pub pos: Option<(String, String)>,
}

/// What a terminal is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A pump side.
    Position(PositionId),
    /// A till.
    Till(PositionId),
}

impl Chain {
    /// Reads a chain, or says all that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let file = file::read(text)?;
        check::check(text, file)
    }

    /// How many pump sides it has.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.stations.values().map(|station| station.positions.len()).sum()
    }
}
