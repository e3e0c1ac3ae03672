//! Stations: which positions they have, and when they were last heard of.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::positions::condition_failed;
use super::{Store, StoreError, keyed, read, s, sortable};
use crate::id::{AccountId, PositionId, StationId};
use crate::lookup::{DEFAULT_SILENCE_LIMIT, default_silence_limit};

/// A station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Its id.
    pub station: StationId,
    /// Whose money is taken there.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// Its positions.
    pub positions: Vec<PositionId>,
    /// Seconds that it may be silent; 0 for any time.
    #[serde(default = "default_silence_limit")]
    pub silence_limit: u32,
    /// Its zone of the IANA database: for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What is printed on its QRs beside its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
}

impl Station {
    /// How often a sign of life is written down: four times within the silence that is allowed.
    #[must_use]
    pub fn pause_between_signs(&self) -> Duration {
        let limit = if self.silence_limit == 0 { DEFAULT_SILENCE_LIMIT } else { self.silence_limit };
        Duration::milliseconds(i64::from(limit).saturating_mul(250))
    }
}

pub(super) fn partition(station: &StationId) -> String {
    format!("station#{station}")
}

pub(super) const STATION: &str = "station";

impl Store {
    /// A station. One read.
    pub async fn station(&self, station: &StationId) -> Result<Option<Station>, StoreError> {
        self.get(partition(station), STATION).await?.map(read).transpose()
    }

    /// Writes a station whole: for set-up.
    pub async fn put_station(&self, station: &Station) -> Result<(), StoreError> {
        let item = keyed(partition(&station.station), STATION.to_owned(), station)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::call(&error))
    }

    /// Claims the task of spreading a sign of life over the station's positions: of all callers at most one gets
    /// it until `next`, so that a busy station costs no more writes than a quiet one. One write.
    pub async fn claim_sign_of_life(
        &self,
        station: &StationId,
        now: OffsetDateTime,
        next: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(partition(station)))
            .key("sk", s(STATION))
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(next_sign) OR next_sign <= :now)",
            )
            .update_expression("SET next_sign = :next")
            .expression_attribute_values(":now", s(sortable(now)))
            .expression_attribute_values(":next", s(sortable(next)));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(StoreError::call(&error)),
        }
    }
}
