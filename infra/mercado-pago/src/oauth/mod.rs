//! OAuth: applications that act for many sellers, and the tokens that they have of them. Source: the OAuth pages and the
//! reference of `/oauth/token`.

pub mod act;
pub mod ask;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::account::Account;
use crate::clock::Moment;
use crate::world::World;

/// How long a code is good.
pub const CODE_LIFE: Duration = Duration::minutes(10);
/// How long an access token is good: 180 days.
pub const TOKEN_LIFE: Duration = Duration::days(180);

/// An application that sellers may let act for them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its id.
    pub client_id: u64,
    /// What it proves itself with.
    pub client_secret: String,
    /// What sellers are shown.
    pub name: String,
    /// Where sellers may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Where it takes the Webhooks of every linked seller; none are sent when it is not configured.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The secret that they are signed with.
    #[serde(default)]
    pub webhook_secret: String,
    /// Whether PKCE is enabled, and so required.
    #[serde(default)]
    pub pkce: bool,
}

/// The secrets are left out.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How a PKCE verifier is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// By its SHA-256.
    S256,
    /// As it is.
    #[serde(rename = "plain")]
    Plain,
}

/// A seller's consent that was not exchanged yet, or was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    /// Whom the seller let act.
    pub application: u64,
    /// The seller.
    pub seller: u64,
    /// Where the seller was sent back to.
    pub redirect_uri: String,
    /// PKCE.
    pub challenge: Option<(Method, String)>,
    /// When.
    pub issued: Moment,
    /// Whether it was exchanged.
    pub used: bool,
}

/// A token of either kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// Whose it is to use.
    pub application: u64,
    /// Whom it acts for.
    pub seller: u64,
    /// When it ends; refresh tokens have no documented end.
    pub expires: Option<Moment>,
    /// Used up, or the seller took it back.
    pub dead: bool,
}

/// Everything of OAuth.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Oauth {
    /// By id.
    pub applications: BTreeMap<u64, Application>,
    /// Codes.
    pub codes: BTreeMap<String, Code>,
    /// Access tokens.
    pub access: BTreeMap<String, Token>,
    /// Refresh tokens.
    pub refresh: BTreeMap<String, Token>,
}

impl Token {
    /// Whether it still opens something.
    pub fn is_good(&self, now: Moment) -> bool {
        !self.dead && self.expires.is_none_or(|expires| now < expires)
    }
}

impl Oauth {
    /// The applications that a seller lets act: those with a refresh token that is not used up.
    pub fn of(&self, seller: u64) -> impl Iterator<Item = &Application> {
        self.applications.values().filter(move |application| {
            let theirs = |token: &Token| token.application == application.client_id && token.seller == seller;
            self.refresh.values().any(|token| theirs(token) && !token.dead)
        })
    }
}

impl World {
    /// The seller that an application's token acts for.
    pub fn seller_of_application(&self, token: &str, now: impl FnOnce() -> Moment) -> Option<&Account> {
        let token = self.oauth.access.get(token)?;
        // The clock is read only here: each reading moves it.
        self.accounts.get(&token.seller).filter(|_| token.is_good(now()))
    }
}
