//! The sellers whose money this is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::{Json, object};
use crate::site::Site;

/// A seller's account with the application that acts for it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The seller's nickname, shown to the buyer.
    pub nickname: String,
    /// The seller's user id.
    pub collector_id: u64,
    /// The token that the seller's software presents.
    pub access_token: String,
    /// The country.
    pub site: Site,
    /// Where the application takes Webhooks; none are sent when it is not configured.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The secret that Webhooks are signed with.
    #[serde(default)]
    pub webhook_secret: String,
    /// The application's id.
    #[serde(default)]
    pub application_id: u64,
    /// What `live_mode` says. Mercado Pago says `true` for test users too.
    #[serde(default = "yes")]
    pub live_mode: bool,
}

const fn yes() -> bool {
    true
}

/// The token and the secret are left out.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("nickname", &self.nickname)
            .field("collector_id", &self.collector_id)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// The answer of `GET /users/me`.
    pub(crate) fn render(&self) -> Json {
        object! {
            "id": self.collector_id,
            "nickname": self.nickname.as_str(),
            "registration_date": "2020-01-01T00:00:00.000-04:00",
            "first_name": self.nickname.as_str(),
            "last_name": "",
            "country_id": self.site.country(),
            "email": self.email(),
            "user_type": "normal",
            "logo": Json::Null,
            "points": 0,
            "site_id": self.site.id(),
            "permalink": Json::Null,
            "tags": vec!["normal", "business"],
            "status": object! {"site_status": "active", "mercadopago_account_type": "personal"},
        }
    }

    /// The seller's address at the simulator.
    pub(crate) fn email(&self) -> String {
        format!("seller_{}@example.com", self.collector_id)
    }
}
