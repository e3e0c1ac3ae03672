//! Accounts and their secrets, from AWS Secrets Manager: two documents, so that the public intake never holds an
//! access token. Each is a JSON object from account id to an entry, read at start and again every few minutes.

mod change;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::country::Country;
use crate::id::AccountId;
use crate::sale::PointApi;
use crate::settlement::Seller;

pub use change::{change, document};

/// What asking Mercado Pago for an account takes. From the accounts secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// The seller's token.
    pub access_token: SecretString,
    /// The seller's user id, as a number or as a text of digits.
    #[serde(deserialize_with = "user_id")]
    pub collector_id: u64,
    /// Whether it takes real money.
    pub live: bool,
    /// Where it takes it. Terminals need it: an order for one does not tell its currency. One that cannot be read is none,
    /// since the QR must not fail for it.
    #[serde(default, deserialize_with = "country")]
    pub country: Option<Country>,
    /// Which API drives its terminals; Orders, if it cannot be read.
    #[serde(default, deserialize_with = "point")]
    pub point: PointApi,
}

fn country<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Country>, D::Error> {
    let code = serde_json::Value::deserialize(deserializer)?;
    let code = code.as_str().map(str::to_ascii_uppercase).unwrap_or_default();
    Ok(Country::ALL.into_iter().find(|country| country.code() == code))
}

fn point<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<PointApi, D::Error> {
    let word = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(word).unwrap_or_default())
}

/// People copy a user id with quotes and without.
fn user_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(id) => Ok(id),
        Written::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("must be digits")),
    }
}

impl Account {
    /// What its payments are checked against.
    #[must_use]
    pub fn seller(&self) -> Seller {
        Seller { collector_id: self.collector_id.to_string(), live: self.live }
    }
}

/// What an account's notifications are checked with. From the webhooks secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Webhooks {
    /// Keys of the notification URLs that were handed out: one, or two while they are changed.
    pub intake_keys: Vec<SecretString>,
    /// Secrets of the Mercado Pago applications that notify: QR and Point have one each, and two while renewed.
    pub webhook_secrets: Vec<SecretString>,
    /// What to do with a signature that does not verify.
    #[serde(default)]
    pub unverified: Unverified,
    /// Where one application acts for many sellers and notifies one URL for all: accounts by the seller's user id.
    #[serde(default)]
    pub sellers: Option<BTreeMap<String, AccountId>>,
}

impl Webhooks {
    /// Whose resource a notification at the URL of the account `at` names; `None` if it is nobody's here.
    ///
    /// Without `sellers` it is that account's. With them, what came with a signature is the account's whose seller it names.
    /// What proves nothing stays with the account of its URL, and only if that is the seller's: else whoever has one intake
    /// key could have Mercado Pago asked with the token of every seller of the application. Nothing is lost by it: the feed of
    /// an order goes to the account's own URL, and payments are notified with a signature.
    #[must_use]
    pub fn account_of(&self, at: &AccountId, signed: bool, seller: Option<&str>) -> Option<AccountId> {
        let Some(sellers) = &self.sellers else { return Some(at.clone()) };
        let named = seller.and_then(|seller| sellers.get(seller));
        let found = match (signed, seller) {
            (false, None) => sellers.values().find(|account| *account == at),
            (false, Some(_)) => named.filter(|account| *account == at),
            (true, _) => named,
        };
        found.cloned()
    }
}

/// What to do with a notification that should verify and does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unverified {
    /// 401.
    #[default]
    Refuse,
    /// Take it as a mere hint: for accounts whose real deliveries do not verify, as has been reported.
    Hint,
}

/// The secret could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the secret could not be read: {0}")]
pub struct SecretError(String);

/// How long a reading is good.
const FRESH: Duration = Duration::from_mins(5);
/// How soon it is read again when an account is missing from it: it may have been added a moment ago. This also
/// bounds what a stranger who makes up account names can cost.
const RECHECK: Duration = Duration::from_secs(15);

/// One secret document, kept in memory.
#[derive(Debug)]
pub struct Book<T> {
    client: Client,
    secret: String,
    pages: Mutex<Option<Pages<T>>>,
}

#[derive(Debug)]
struct Pages<T> {
    read_at: Instant,
    entries: Arc<BTreeMap<AccountId, T>>,
}

impl<T: DeserializeOwned> Book<T> {
    /// The document of a secret, by name or ARN.
    #[must_use]
    pub fn new(client: Client, secret: String) -> Self {
        Self { client, secret, pages: Mutex::new(None) }
    }

    /// Reads it ahead of the first event. A failure is left to that event.
    pub async fn warm(&self) {
        if let Err(error) = self.entries(FRESH).await {
            tracing::warn!(event = "secret_not_read", %error, "The first event will read the secret again");
        }
    }

    /// The entry of an account, if it has one.
    pub async fn get(&self, account: &AccountId) -> Result<Option<Found<T>>, SecretError> {
        for oldest in [FRESH, RECHECK] {
            let entries = self.entries(oldest).await?;
            if entries.contains_key(account) {
                return Ok(Some(Found { entries, account: account.clone() }));
            }
        }
        Ok(None)
    }

    /// Every account that has an entry.
    pub async fn accounts(&self) -> Result<Vec<AccountId>, SecretError> {
        Ok(self.entries(FRESH).await?.keys().cloned().collect())
    }

    async fn entries(&self, oldest: Duration) -> Result<Arc<BTreeMap<AccountId, T>>, SecretError> {
        let mut pages = self.pages.lock().await;
        if let Some(pages) = pages.as_ref().filter(|pages| pages.read_at.elapsed() < oldest) {
            return Ok(Arc::clone(&pages.entries));
        }
        match self.read().await {
            Ok(entries) => {
                let entries = Arc::new(entries);
                *pages = Some(Pages { read_at: Instant::now(), entries: Arc::clone(&entries) });
                Ok(entries)
            }
            // What was known a while ago is better than no answer.
            Err(error) => match pages.as_ref() {
                Some(pages) => {
                    tracing::warn!(event = "secret_not_read", %error, "Going on with an older reading");
                    Ok(Arc::clone(&pages.entries))
                }
                None => Err(error),
            },
        }
    }

    async fn read(&self) -> Result<BTreeMap<AccountId, T>, SecretError> {
        let answer = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let answer = answer.map_err(|error| SecretError(crate::aws::explain(&error)))?;
        let text = answer.secret_string().ok_or_else(|| SecretError("it has no text".to_owned()))?;
        let entries: BTreeMap<AccountId, Box<RawValue>> =
            serde_json::from_str(text).map_err(|error| SecretError(position_in(&error)))?;
        let entries = entries.into_iter().filter_map(|(account, entry)| match serde_json::from_str(entry.get()) {
            Ok(entry) => Some((account, entry)),
            Err(error) => {
                // One wrong entry must not stop every account. An error of serde may quote a value: only its place is told.
                tracing::error!(event = "account_unreadable", %account, at = position_in(&error), "An account is left out");
                None
            }
        });
        Ok(entries.collect())
    }
}

/// Where an error of serde is: its message may quote a value.
fn position_in(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// An entry of a reading, which stays valid while it is held.
#[derive(Clone, Debug)]
pub struct Found<T> {
    entries: Arc<BTreeMap<AccountId, T>>,
    account: AccountId,
}

impl<T> std::ops::Deref for Found<T> {
    type Target = T;

    #[allow(
        clippy::indexing_slicing,
        reason = "made only for an account that is in the entries, which are frozen"
    )]
    fn deref(&self) -> &T {
        &self.entries[&self.account]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_an_application_are_the_accounts_whose_seller_they_name() {
        let account = |text: &str| AccountId::parse(text).unwrap();
        let read = |sellers: &str| {
            let entry = format!(r#"{{"intake_keys":["k"],"webhook_secrets":["s"]{sellers}}}"#);
            serde_json::from_str::<Webhooks>(&entry).unwrap()
        };
        let of = |webhooks: &Webhooks, at: &str, signed: bool, seller: Option<&str>| {
            let found = webhooks.account_of(&account(at), signed, seller);
            found.map(|found| found.to_string()).unwrap_or_default()
        };
        let alone = read("");
        assert_eq!(of(&alone, "north", true, Some("1")), "north");
        assert_eq!(of(&alone, "north", false, None), "north");
        let many = read(r#","sellers":{"1":"north","2":"South"}"#);
        for (at, signed, seller, expected) in [
            ("app", true, Some("1"), "north"),
            ("app", true, Some("2"), "south"),
            ("app", true, Some("3"), ""),
            ("app", true, None, ""),
            ("app", false, Some("1"), ""),
            ("app", false, None, ""),
            ("north", false, Some("1"), "north"),
            ("north", false, None, "north"),
            ("north", false, Some("2"), ""),
            ("north", true, Some("2"), "south"),
        ] {
            assert_eq!(of(&many, at, signed, seller), expected, "{at} {signed} {seller:?}");
        }
        assert_eq!(of(&read(r#","sellers":{}"#), "app", true, Some("1")), "", "no seller yet");
    }

    #[test]
    fn an_entry_is_read_as_people_write_it() {
        for collector in ["178106235", "\"178106235\""] {
            let entry = format!(r#"{{"access_token":"APP_USR-1","collector_id":{collector},"live":true}}"#);
            let account: Account = serde_json::from_str(&entry).unwrap();
            assert_eq!((account.collector_id, account.country), (178_106_235, None));
            assert_eq!(account.point, PointApi::Orders);
        }
        let whole =
            r#"{"access_token":"x","collector_id":1,"live":false,"country":"MX","point":"payment_intents"}"#;
        let account: Account = serde_json::from_str(whole).unwrap();
        assert_eq!((account.country, account.point), (Some(Country::Mx), PointApi::PaymentIntents));
        let typos = r#"{"access_token":"x","collector_id":1,"live":true,"country":"ar","point":"legacy"}"#;
        let account: Account = serde_json::from_str(typos).unwrap();
        assert_eq!((account.country, account.point), (Some(Country::Ar), PointApi::Orders));
        for country in ["7", "null", r#""XX""#] {
            let odd = format!(r#"{{"access_token":"x","collector_id":1,"live":true,"country":{country}}}"#);
            let account: Account = serde_json::from_str(&odd).unwrap();
            assert_eq!(account.country, None, "the QR still works");
        }
        for wrong in [r#""collector_id":"12a""#, r#""collector_id":-1"#] {
            let entry = format!(r#"{{"access_token":"x","live":true,{wrong}}}"#);
            assert!(serde_json::from_str::<Account>(&entry).is_err(), "{wrong}");
        }
    }
}
