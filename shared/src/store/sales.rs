//! Sales: told once, settled under their version, found again by the station's name or by reference.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Item, Store, StoreError, keyed, positions, read, s, sortable, stations};
use crate::id::{AccountId, ExternalReference, PaymentId, PositionId, SaleId, StationId};
use crate::payment::PaymentFact;
use crate::sale::{Command, Place, Sale};

/// What the station's name of a sale leads to. It is written before the sale, so that the same name can never
/// stand for two sales, whatever dies in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleName {
    /// The sale.
    pub reference: ExternalReference,
    /// Hash of what the station said, to tell a repeat from another sale of that name.
    pub digest: String,
}

/// What came of telling a sale.
#[derive(Clone, Debug)]
pub enum Registered {
    /// It is new.
    New,
    /// The name is taken, by the same sale or another.
    Known(SaleName),
}

/// Why a sale was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote it since it was read; this is what stands now.
    #[error("the sale was changed by somebody else")]
    Conflict(Box<Sale>),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page of open commands.
#[derive(Clone, Debug, Default)]
pub struct OpenCommands {
    /// Sales with open commands, longest waiting first, each with all its commands.
    pub sales: Vec<Vec<Command>>,
    /// Where the next page begins, if there is one.
    pub next: Option<(String, ExternalReference)>,
}

/// The index `unresolved` is spread over as many keys, so that no key takes every write of a chain.
const SHARDS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

fn shard_of(reference: &ExternalReference) -> &'static str {
    let sum: usize = reference.as_str().bytes().map(usize::from).sum();
    SHARDS.get(sum.checked_rem(SHARDS.len()).unwrap_or(0)).copied().unwrap_or("0")
}

/// A sale that must be looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct Unresolved {
    /// The sale.
    pub reference: ExternalReference,
    /// Whose it is.
    pub account: AccountId,
    /// Since when it must be looked at, as the index sorts it.
    look_at: String,
}

/// What the index `open-commands` holds of a sale.
#[derive(Deserialize)]
struct Row {
    commands: Vec<Command>,
    command_since: String,
}

/// More deliveries than can be told of one position at once.
const RECENT: i32 = 25;

fn key(reference: &ExternalReference) -> (String, String) {
    let pk = positions::partition(reference.station(), reference.position());
    (pk, format!("sale#{}", reference.within_position()))
}

/// A sale as an item. While a command waits for the station, the sale is in the sparse index `open-commands`; while there
/// is something to find out about it, in the sparse index `unresolved`.
fn item_of(sale: &Sale, now: OffsetDateTime) -> Result<Item, StoreError> {
    let (pk, sk) = key(&sale.reference);
    let mut item = keyed(pk, sk, sale)?;
    if let Some(oldest) = sale.open_commands().next() {
        item.insert("command_station".to_owned(), s(sale.station.as_str()));
        item.insert("command_since".to_owned(), s(sortable(oldest.created_at)));
    }
    if let Some(next) = sale.next_look(now) {
        item.insert("look_shard".to_owned(), s(shard_of(&sale.reference)));
        item.insert("look_at".to_owned(), s(sortable(next)));
    }
    Ok(item)
}

impl Store {
    /// A sale by its reference, strongly consistent. One read.
    pub async fn sale(&self, reference: &ExternalReference) -> Result<Option<Sale>, StoreError> {
        let (pk, sk) = key(reference);
        let sale: Option<Sale> = self.get(pk, &sk).await?.map(read).transpose()?;
        Ok(sale.filter(|sale| sale.reference == *reference))
    }

    /// What the station's name of a sale leads to. One read.
    pub async fn sale_name(
        &self,
        station: &StationId,
        sale: &SaleId,
    ) -> Result<Option<SaleName>, StoreError> {
        self.get(stations::partition(station), &format!("sale#{sale}")).await?.map(read).transpose()
    }

    /// A sale by the station's name of it. Two reads.
    pub async fn sale_named(&self, station: &StationId, sale: &SaleId) -> Result<Option<Sale>, StoreError> {
        match self.sale_name(station, sale).await? {
            Some(name) => self.sale(&name.reference).await,
            None => Ok(None),
        }
    }

    /// Writes a sale for the first time: its name, then the sale. A name that is taken is not taken again; after a
    /// death between the two writes, the station's repeat finds the name and brings the sale.
    pub async fn register(&self, sale: &Sale, digest: &str) -> Result<Registered, StoreError> {
        let name = SaleName { reference: sale.reference.clone(), digest: digest.to_owned() };
        let sk = format!("sale#{}", sale.delivery.sale_id);
        let item = keyed(stations::partition(&sale.station), sk, &name)?;
        match self.put_new(item).await? {
            None => {}
            Some(taken) => return Ok(Registered::Known(read(taken)?)),
        }
        self.put_new(item_of(sale, sale.received_at)?).await?;
        Ok(Registered::New)
    }

    /// The sale of a name that is known. If the process that took the name died before it wrote the sale, what was told is
    /// written now, in the place that the name holds.
    pub async fn sale_told_before(
        &self,
        name: &SaleName,
        make: impl FnOnce(Place) -> Sale,
    ) -> Result<Sale, StoreError> {
        if let Some(sale) = self.sale(&name.reference).await? {
            return Ok(sale);
        }
        let sale = make(Place { order: name.reference.order(), late: false });
        let standing = self.put_new(item_of(&sale, sale.received_at)?).await?;
        standing.map_or(Ok(sale), read)
    }

    /// The newest sales of a position, newest first, strongly consistent. One read.
    pub async fn recent_sales(
        &self,
        station: &StationId,
        position: &PositionId,
    ) -> Result<Vec<Sale>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :sale)")
            .expression_attribute_values(":pk", s(positions::partition(station, position)))
            .expression_attribute_values(":sale", s("sale#"))
            .scan_index_forward(false)
            .limit(RECENT);
        let answer = query.send().await.map_err(|error| StoreError::call(&error))?;
        answer.items.unwrap_or_default().into_iter().map(read).collect()
    }

    /// Writes an item unless its key is taken; gives the item that stands there.
    async fn put_new(&self, item: Item) -> Result<Option<Item>, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(None),
            Err(error) => standing_item(&error).map(Some).ok_or_else(|| StoreError::call(&error)),
        }
    }

    /// Writes a sale over the version that it was made from. One write; on a conflict the answer holds what
    /// stands now, so that nothing need be read again.
    pub async fn save(&self, sale: &mut Sale, now: OffsetDateTime) -> Result<(), SaveError> {
        let read_version = sale.version;
        sale.version = read_version.saturating_add(1);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(sale, now)?))
            .condition_expression("version = :read")
            .expression_attribute_values(":read", AttributeValue::N(read_version.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => match standing_item(&error) {
                Some(standing) => {
                    let standing: Sale = read(standing)?;
                    // The answer to an earlier try of this very write was lost, and the SDK repeated it.
                    if standing == *sale { Ok(()) } else { Err(SaveError::Conflict(Box::new(standing))) }
                }
                None => Err(StoreError::call(&error).into()),
            },
        }
    }

    /// Open commands of a station, longest waiting first. Strong consistency is not to be had from an index: a
    /// command may take a moment to show, and an acknowledged one to vanish. One read.
    pub async fn open_commands(
        &self,
        station: &StationId,
        after: Option<&(String, ExternalReference)>,
        limit: i32,
    ) -> Result<OpenCommands, StoreError> {
        let start = after.map(|(since, reference)| {
            let (pk, sk) = key(reference);
            let of = |name: &str, value: AttributeValue| (name.to_owned(), value);
            HashMap::from([
                of("pk", s(pk)),
                of("sk", s(sk)),
                of("command_station", s(station.as_str())),
                of("command_since", s(since)),
            ])
        });
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("open-commands")
            .key_condition_expression("command_station = :station")
            .expression_attribute_values(":station", s(station.as_str()))
            .set_exclusive_start_key(start)
            .limit(limit);
        let answer = query.send().await.map_err(|error| StoreError::call(&error))?;
        let rows = answer.items.unwrap_or_default().into_iter().map(read::<Row>);
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let last = rows.last().and_then(|row| {
            let reference = row.commands.first()?.id.split('-').next()?;
            Some((row.command_since.clone(), ExternalReference::parse(reference).ok()?))
        });
        let next = answer.last_evaluated_key.and(last);
        Ok(OpenCommands { sales: rows.into_iter().map(|row| row.commands).collect(), next })
    }

    /// The keys of the index of what is unresolved.
    #[must_use]
    pub fn shards() -> &'static [&'static str] {
        &SHARDS
    }

    /// Sales of a shard that must be looked at by now, longest waiting first. One read.
    pub async fn unresolved(
        &self,
        shard: &str,
        now: OffsetDateTime,
        limit: i32,
    ) -> Result<Vec<Unresolved>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("unresolved")
            .key_condition_expression("look_shard = :shard AND look_at <= :now")
            .expression_attribute_values(":shard", s(shard))
            .expression_attribute_values(":now", s(sortable(now)))
            .limit(limit);
        let answer = query.send().await.map_err(|error| StoreError::call(&error))?;
        answer.items.unwrap_or_default().into_iter().map(read).collect()
    }

    /// Notes that a sale was looked at: it must be looked at next when its age says so, or not again. It changes nothing
    /// if the sale was written meanwhile. One read and one write.
    pub async fn looked_at(&self, seen: &Unresolved, now: OffsetDateTime) -> Result<(), StoreError> {
        let next = self.sale(&seen.reference).await?.and_then(|sale| sale.next_look(now));
        self.set_look(&seen.reference, &seen.look_at, next).await
    }

    /// Makes a sale that waits for a look due at once: for an operator who does not want to wait. One read and one write.
    pub async fn look_now(&self, reference: &ExternalReference) -> Result<(), StoreError> {
        let (pk, sk) = key(reference);
        let item = self.get(pk, &sk).await?.unwrap_or_default();
        let from = item.get("look_at").and_then(|at| at.as_s().ok()).cloned();
        let from = from.ok_or_else(|| StoreError::Item("the sale waits for no look".to_owned()))?;
        self.set_look(reference, &from, Some(OffsetDateTime::UNIX_EPOCH)).await
    }

    /// Moves a sale's next look from the time that it has.
    async fn set_look(
        &self,
        reference: &ExternalReference,
        from: &str,
        next: Option<OffsetDateTime>,
    ) -> Result<(), StoreError> {
        let (pk, sk) = key(reference);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .condition_expression("look_at = :from")
            .expression_attribute_values(":from", s(from));
        let update = match next {
            Some(next) => update
                .update_expression("SET look_at = :next")
                .expression_attribute_values(":next", s(sortable(next))),
            None => update.update_expression("REMOVE look_at, look_shard"),
        };
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) if positions::condition_failed(&error) => Ok(()),
            Err(error) => Err(StoreError::call(&error)),
        }
    }

    /// Writes down a payment that names a sale of ours which does not exist: somebody must look. Says whether it
    /// is new. One write.
    pub async fn put_under_review(
        &self,
        account: &AccountId,
        fact: &PaymentFact,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        #[derive(Serialize)]
        struct Stray<'a> {
            account: &'a AccountId,
            payment_id: &'a PaymentId,
            reference: Option<&'a str>,
            amount: Option<crate::money::Money>,
            status: &'a str,
            seen_at: String,
        }
        let stray = Stray {
            account,
            payment_id: &fact.id,
            reference: fact.reference.as_deref(),
            amount: fact.amount,
            status: &fact.status.0,
            seen_at: sortable(now),
        };
        let item = keyed(format!("payment#{}", fact.id), "review".to_owned(), &stray)?;
        Ok(self.put_new(item).await?.is_none())
    }
}

fn standing_item<R>(error: &SdkError<PutItemError, R>) -> Option<Item> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
        _ => None,
    }
}
