//! The ledger in DynamoDB: every key, every conditional expression, and what each of them keeps true.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | position | `position#<station>#<position>` | `state` |
//! | sale | `position#<station>#<position>` | `sale#<order><hash>`, from its external reference |
//! | name of a sale | `station#<station>` | `sale#<the station's sale id>` |
//! | station | `station#<station>` | `station` |
//! | key | `key#<SHA-256 of the key>` | `key` |
//! | key, in the list of all | `keys` | the key's name |
//! | terminal | `terminal#<account>#<terminal>` | `terminal` |
//! | record of what was set up | `chain` | `station#<station>` |
//! | payment under review | `payment#<payment>` | `review` |
//! | invitation to link a seller | `oauth#<SHA-256 of its state>` | `invitation` |
//! | link with a seller | `link#<account>` | `link` |
//!
//! **Invariant.** `state` sorts after every `sale#…`, so that one `Query` backwards with limit 2 gives a position
//! and its newest sale. **Invariant.** A sale is written only under the version that was read. **Invariant.** A key is in both of its items
//! or in none, and revoked in both or in none.

mod error;
mod keys;
mod links;
mod positions;
mod sales;
mod setup;
mod stations;
mod terminals;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

pub use error::StoreError;
pub use keys::{CallerKey, Created, InvalidKey, KeyList, NoRandomness, Revoked, hash_of_key, new_key};
pub use links::{Invitation, InvitationStatus, Link, LinkStatus};
pub use sales::{OpenCommands, Registered, SaleName, SaveError, Unresolved};
pub use setup::{PrintedQr, Record};
pub use stations::Station;
pub use terminals::Terminal;

type Item = HashMap<String, AttributeValue>;

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table of a name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    async fn get(&self, pk: String, sk: &str) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = get.key("pk", s(pk)).key("sk", s(sk)).send().await;
        Ok(answer.map_err(|error| StoreError::call(&error))?.item)
    }
}

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn keyed<T: serde::Serialize>(pk: String, sk: String, value: &T) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|error| StoreError::item(&error))?;
    item.insert("pk".to_owned(), s(pk));
    item.insert("sk".to_owned(), s(sk));
    Ok(item)
}

fn read<T: serde::de::DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::item(&error))
}

/// A time as text that sorts by age: UTC, whole microseconds.
fn sortable(at: time::OffsetDateTime) -> String {
    use time::macros::format_description;
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    at.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}
