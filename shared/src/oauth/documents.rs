//! The secret with the application and the tokens, and the accounts' copies. People write these documents too, so what is not
//! known stays, and the account is found in whatever case it was written.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::id::AccountId;
use crate::mercado_pago::Application;

/// A secret document.
pub(super) type Document = Map<String, Value>;

/// What a seller let us have.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) expires_at: OffsetDateTime,
    pub(super) collector_id: u64,
    /// What a new entry of the account says of real money.
    pub(super) live: bool,
}

const APPLICATION: &str = "application";
const ACCOUNTS: &str = "accounts";

/// The application of the OAuth secret.
pub(super) fn application(document: &Document) -> Option<Application> {
    let application = document.get(APPLICATION)?;
    let client_id = match application.get("client_id")? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let client_secret = application.get("client_secret")?.as_str()?;
    if client_id.is_empty() || client_secret.is_empty() {
        return None;
    }
    Some(Application { client_id, client_secret: SecretString::from(client_secret.to_owned()) })
}

/// Every account that is linked, also where its tokens cannot be read.
pub(super) fn accounts(document: &Document) -> Vec<AccountId> {
    let entries = document.get(ACCOUNTS).and_then(Value::as_object);
    entries.into_iter().flatten().filter_map(|(account, _)| AccountId::parse(account).ok()).collect()
}

/// An account's tokens.
pub(super) fn grant(document: &Document, account: &AccountId) -> Option<Grant> {
    let entry = entry(document.get(ACCOUNTS)?.as_object()?, account)?;
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let secret = |name: &str| text(name).map(|text| SecretString::from(text.to_owned()));
    Some(Grant {
        access_token: secret("access_token")?,
        refresh_token: secret("refresh_token"),
        expires_at: OffsetDateTime::parse(text("expires_at")?, &Rfc3339).ok()?,
        collector_id: collector_id(entry)?,
        live: entry.get("live").and_then(Value::as_bool).unwrap_or(true),
    })
}

/// Puts an account's tokens in; `false` if it has those of another seller.
pub(super) fn put_grant(document: &mut Document, account: &AccountId, grant: &Grant) -> bool {
    let Some(accounts) = object(document, ACCOUNTS) else { return false };
    let of_another =
        entry(accounts, account).and_then(collector_id).is_some_and(|id| id != grant.collector_id);
    let Some(entry) = object(accounts, &key(accounts, account)).filter(|_| !of_another) else { return false };
    entry.insert("access_token".to_owned(), grant.access_token.expose_secret().into());
    match &grant.refresh_token {
        Some(token) => entry.insert("refresh_token".to_owned(), token.expose_secret().into()),
        None => entry.remove("refresh_token"),
    };
    entry.insert("expires_at".to_owned(), grant.expires_at.format(&Rfc3339).unwrap_or_default().into());
    entry.insert("collector_id".to_owned(), json!(grant.collector_id));
    entry.insert("live".to_owned(), json!(grant.live));
    true
}

/// Puts an account's tokens in place of those that `used` was the refresh token of; `false` if it has others by now. They may
/// be there already: a write whose answer was lost is made again.
pub(super) fn replace_grant(
    document: &mut Document,
    account: &AccountId,
    used: &SecretString,
    grant: &Grant,
) -> bool {
    let Some(known) = self::grant(document, account) else { return false };
    let is_there = known.access_token.expose_secret() == grant.access_token.expose_secret();
    let was_used = known.refresh_token.is_some_and(|known| known.expose_secret() == used.expose_secret());
    is_there || (was_used && put_grant(document, account, grant))
}

/// The seller of an entry, in the accounts secret or in the OAuth secret.
pub(super) fn collector_id(entry: &Document) -> Option<u64> {
    match entry.get("collector_id")? {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// An account's entry.
pub(super) fn entry<'a>(accounts: &'a Document, account: &AccountId) -> Option<&'a Document> {
    accounts.get(&key(accounts, account))?.as_object()
}

/// Puts the access token into the accounts secret, and leaves the rest as it is; whether something had to be changed.
pub(super) fn put_copy(accounts: &mut Document, account: &AccountId, grant: &Grant) -> bool {
    let Some(entry) = object(accounts, &key(accounts, account)) else { return false };
    let before = entry.clone();
    entry.insert("access_token".to_owned(), grant.access_token.expose_secret().into());
    if collector_id(entry) != Some(grant.collector_id) {
        entry.insert("collector_id".to_owned(), json!(grant.collector_id));
    }
    entry.entry("live").or_insert(json!(grant.live));
    *entry != before
}

/// The key that an account has in a document, in whatever case.
fn key(accounts: &Document, account: &AccountId) -> String {
    let known = accounts.keys().find(|key| key.eq_ignore_ascii_case(account.as_str()));
    known.map_or_else(|| account.as_str().to_owned(), Clone::clone)
}

/// The object of that name, made if it is missing or something else.
fn object<'a>(document: &'a mut Document, name: &str) -> Option<&'a mut Document> {
    let value = document.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn document(value: Value) -> Document {
        serde_json::from_value(value).unwrap()
    }

    fn account() -> AccountId {
        AccountId::parse("demo").unwrap()
    }

    fn new(access: &str, refresh: &str) -> Grant {
        Grant {
            access_token: SecretString::from(access.to_owned()),
            refresh_token: Some(SecretString::from(refresh.to_owned())),
            expires_at: datetime!(2027-05-21 12:00 UTC),
            collector_id: 7,
            live: true,
        }
    }

    #[test]
    fn tokens_that_are_put_in_are_found_and_the_rest_stays() {
        let mut secret = document(json!({
            "application": {"client_id": 123, "client_secret": "hush"}, "note": "x",
            "accounts": {"Demo": {"note": "y"}, "broken": 7},
        }));
        assert!(put_grant(&mut secret, &account(), &new("a", "r")));
        let found = grant(&secret, &account()).unwrap();
        assert_eq!(
            (found.access_token.expose_secret(), found.collector_id, found.expires_at),
            ("a", 7, datetime!(2027-05-21 12:00 UTC))
        );
        assert_eq!(application(&secret).unwrap().client_id, "123");
        assert_eq!((&secret["note"], &secret["accounts"]["Demo"]["note"]), (&json!("x"), &json!("y")));
        assert_eq!(accounts(&secret).len(), 2, "one that cannot be read is told of too");
        assert!(grant(&secret, &AccountId::parse("broken").unwrap()).is_none());
    }

    #[test]
    fn only_the_tokens_that_were_used_are_replaced() {
        let mut secret = Document::new();
        put_grant(&mut secret, &account(), &new("a1", "r1"));
        let used = SecretString::from("r1".to_owned());
        assert!(replace_grant(&mut secret, &account(), &used, &new("a2", "r2")));
        assert!(replace_grant(&mut secret, &account(), &used, &new("a2", "r2")), "made again");
        assert!(!replace_grant(&mut secret, &account(), &used, &new("a3", "r3")), "r1 is not the last one");
        assert_eq!(secret["accounts"]["demo"]["refresh_token"], "r2");
    }

    #[test]
    fn another_sellers_tokens_are_not_put_in() {
        let mut secret = Document::new();
        put_grant(&mut secret, &account(), &new("a1", "r1"));
        assert!(!put_grant(&mut secret, &account(), &Grant { collector_id: 8, ..new("a2", "r2") }));
        assert_eq!(secret["accounts"]["demo"]["access_token"], "a1");
    }

    #[test]
    fn a_copy_changes_the_token_and_leaves_what_a_person_wrote() {
        let mut all = document(
            json!({"DEMO": {"access_token": "old", "collector_id": "7", "live": false, "country": "AR"}}),
        );
        assert!(put_copy(&mut all, &account(), &new("a", "r")));
        assert!(!put_copy(&mut all, &account(), &new("a", "r")), "it is there already");
        let expected =
            json!({"DEMO": {"access_token": "a", "collector_id": "7", "live": false, "country": "AR"}});
        assert_eq!(Value::Object(all), expected);
        let mut none = Document::new();
        assert!(put_copy(&mut none, &account(), &new("a", "r")));
        assert_eq!(
            Value::Object(none),
            json!({"demo": {"access_token": "a", "collector_id": 7, "live": true}})
        );
    }

    #[test]
    fn an_application_without_a_secret_is_none() {
        for wrong in [
            json!({}),
            json!({"application": {"client_id": "1"}}),
            json!({"application": {"client_id": "1", "client_secret": ""}}),
            json!({"application": {"client_id": [], "client_secret": "s"}}),
        ] {
            assert!(application(&document(wrong.clone())).is_none(), "{wrong}");
        }
    }
}
