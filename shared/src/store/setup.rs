//! What set-up writes: stations and positions without touching what the functions write of them, and a record of what was
//! set up, by which all of it is found.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use serde::{Deserialize, Serialize};

use super::{Item, Station, Store, StoreError, keyed, positions, read, s, stations};
use crate::id::{AccountId, PositionId, StationId};
use crate::lookup::Position;

/// A station as set-up left it: what there is of it outside the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The station.
    pub station: StationId,
    /// Whose money is taken there.
    pub account: AccountId,
    /// Our id of its store at Mercado Pago.
    pub store: String,
    /// What was last sent of the store, as a hash: Mercado Pago does not tell an address in its parts.
    #[serde(default)]
    pub store_sent: String,
    /// Its points of sale, by pump side.
    pub points: BTreeMap<PositionId, PrintedQr>,
    /// Points of sale of its tills, by our ids of them.
    #[serde(default)]
    pub tills: Vec<String>,
}

/// The QR of a pump side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedQr {
    /// Our id of its point of sale.
    pub pos: String,
    /// What tells this point of sale from another of the same name: a new one has a new QR.
    pub identity: String,
    /// Which QR of this pump side it is, from 1.
    pub version: u32,
    /// The version that was last printed; 0 for none.
    #[serde(default)]
    pub printed: u32,
}

/// Partition of the records: only set-up reads and writes it.
const CHAIN: &str = "chain";
/// The most keys of one call of DynamoDB.
const BATCH: usize = 100;

impl Store {
    /// The record of every station that was set up. One read a megabyte.
    pub async fn records(&self) -> Result<Vec<Record>, StoreError> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(CHAIN))
            .into_paginator()
            .items()
            .send();
        let items = pages.collect::<Result<Vec<Item>, _>>().await;
        items.map_err(|error| StoreError::call(&error))?.into_iter().map(read).collect()
    }

    /// Writes the record of a station.
    pub async fn put_record(&self, record: &Record) -> Result<(), StoreError> {
        let item = keyed(CHAIN.to_owned(), format!("station#{}", record.station), record)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::call(&error))
    }

    /// Removes the record of a station.
    pub async fn remove_record(&self, station: &StationId) -> Result<(), StoreError> {
        self.remove(CHAIN.to_owned(), &format!("station#{station}")).await
    }

    /// The stations that there are, of those that are asked for. One read for each hundred.
    pub async fn stations(&self, wanted: &[StationId]) -> Result<Vec<Station>, StoreError> {
        let key = |station: &StationId| (stations::partition(station), stations::STATION);
        self.batch(wanted.iter().map(key).collect()).await
    }

    /// The positions that there are, of those that are asked for. One read for each hundred.
    pub async fn positions(&self, wanted: &[(StationId, PositionId)]) -> Result<Vec<Position>, StoreError> {
        let key = |(station, position): &(_, _)| (positions::partition(station, position), positions::STATE);
        self.batch(wanted.iter().map(key).collect()).await
    }

    /// Items by their keys, those that there are. One read for each hundred.
    pub(super) async fn batch<T: serde::de::DeserializeOwned>(
        &self,
        keys: Vec<(String, &str)>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        for batch in keys.chunks(BATCH) {
            let key =
                |(pk, sk): &(String, &str)| Item::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(*sk))]);
            let mut keys: Vec<Item> = batch.iter().map(key).collect();
            // What DynamoDB did not get to is asked for again.
            while !keys.is_empty() {
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut keys)))
                    .consistent_read(true)
                    .build()
                    .map_err(|error| StoreError::Item(error.to_string()))?;
                let get = self.client.batch_get_item().request_items(&self.table, wanted);
                let answer = get.send().await.map_err(|error| StoreError::call(&error))?;
                let items = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
                for item in items {
                    found.push(read(item)?);
                }
                let left = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
                keys = left.map(|left| left.keys).unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// Writes what set-up says of a station; what the functions wrote of it stays. One write.
    pub async fn set_up_station(&self, station: &Station) -> Result<(), StoreError> {
        let item: Item = serde_dynamo::to_item(station).map_err(|error| StoreError::item(&error))?;
        self.merge(stations::partition(&station.station), stations::STATION, item, &[]).await.map(drop)
    }

    /// Writes what set-up says of a position, and gives it as it then is: a lookup key that it has stays, and so does what
    /// the station said of it. One write.
    pub async fn set_up_position(&self, position: &Position) -> Result<Position, StoreError> {
        let pk = positions::partition(&position.station, &position.position);
        let item: Item = serde_dynamo::to_item(position).map_err(|error| StoreError::item(&error))?;
        let keep = ["lookup_key", "state", "state_at", "seen_at"];
        read(self.merge(pk, positions::STATE, item, &keep).await?)
    }

    /// Removes a position, not its sales: lookups say `invalid` from then on.
    pub async fn remove_position(
        &self,
        station: &StationId,
        position: &PositionId,
    ) -> Result<(), StoreError> {
        self.remove(positions::partition(station, position), positions::STATE).await
    }

    /// Removes a station, not its sales: its software is refused from then on.
    pub async fn remove_station(&self, station: &StationId) -> Result<(), StoreError> {
        self.remove(stations::partition(station), stations::STATION).await
    }

    async fn remove(&self, pk: String, sk: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).key("pk", s(pk)).key("sk", s(sk));
        delete.send().await.map(drop).map_err(|error| StoreError::call(&error))
    }

    /// Sets the attributes of `item`, those of `keep` only where there are none, and leaves all others; attributes that an
    /// item of this kind may have and this one has not, are removed. The item as it then is.
    async fn merge(&self, pk: String, sk: &str, item: Item, keep: &[&str]) -> Result<Item, StoreError> {
        let mut names = HashMap::new();
        let mut values: HashMap<String, AttributeValue> = HashMap::new();
        let mut set = Vec::new();
        for (number, (name, value)) in item.iter().enumerate() {
            let (n, v) = (format!("#n{number}"), format!(":v{number}"));
            set.push(if keep.contains(&name.as_str()) {
                format!("{n} = if_not_exists({n}, {v})")
            } else {
                format!("{n} = {v}")
            });
            names.insert(n, name.clone());
            values.insert(v, value.clone());
        }
        let mut remove = Vec::new();
        for (number, name) in OPTIONAL.iter().filter(|name| !item.contains_key(**name)).enumerate() {
            let n = format!("#r{number}");
            remove.push(n.clone());
            names.insert(n, (*name).to_owned());
        }
        let remove = if remove.is_empty() { String::new() } else { format!(" REMOVE {}", remove.join(", ")) };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .update_expression(format!("SET {}{remove}", set.join(", ")))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew);
        let answer = update.send().await.map_err(|error| StoreError::call(&error))?;
        answer.attributes.ok_or_else(|| StoreError::Item("DynamoDB gave no item back".to_owned()))
    }
}

/// What a station or a position may have and may not.
const OPTIONAL: [&str; 6] = ["sponsor_id", "client_id", "site_id", "loyalty", "time_zone", "brand"];
