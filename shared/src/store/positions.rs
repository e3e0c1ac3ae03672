//! Positions, and the one question that lookups ask.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use time::OffsetDateTime;

use super::{Item, Store, StoreError, keyed, read, s};
use crate::id::{PositionId, StationId};
use crate::lookup::{Position, PositionState};
use crate::sale::Sale;

pub(super) fn partition(station: &StationId, position: &PositionId) -> String {
    format!("position#{station}#{position}")
}

pub(super) const STATE: &str = "state";

fn instant(at: OffsetDateTime) -> Result<String, StoreError> {
    at.format(&time::format_description::well_known::Rfc3339)
        .map_err(|error| StoreError::Item(error.to_string()))
}

impl Store {
    /// A position and its newest sale, strongly consistent. `None` for a position that does not exist. One read.
    pub async fn look_up(
        &self,
        station: &StationId,
        position: &PositionId,
    ) -> Result<Option<(Position, Option<Sale>)>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(partition(station, position)))
            .scan_index_forward(false)
            .limit(2);
        let answer = query.send().await.map_err(|error| StoreError::call(&error))?;
        let mut items = answer.items.unwrap_or_default().into_iter();
        let is_state = |item: &Item| item.get("sk").is_some_and(|sk| sk.as_s().is_ok_and(|sk| sk == STATE));
        let Some(position) = items.next().filter(is_state) else { return Ok(None) };
        Ok(Some((read(position)?, items.next().map(read).transpose()?)))
    }

    /// Writes a position whole: for set-up.
    pub async fn put_position(&self, position: &Position) -> Result<(), StoreError> {
        let pk = partition(&position.station, &position.position);
        let item = keyed(pk, STATE.to_owned(), position)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::call(&error))
    }

    /// An update of a position that exists.
    fn update_position(&self, station: &StationId, position: &PositionId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(partition(station, position)))
            .key("sk", s(STATE))
            .condition_expression("attribute_exists(pk)")
    }

    /// Writes what the station says of a position. `None` for a position that does not exist.
    pub async fn set_state(
        &self,
        station: &StationId,
        position: &PositionId,
        state: PositionState,
        now: OffsetDateTime,
    ) -> Result<Option<Position>, StoreError> {
        let update = self
            .update_position(station, position)
            .update_expression("SET #state = :state, state_at = :now, seen_at = :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", s(state.word()))
            .expression_attribute_values(":now", s(instant(now)?))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(answer) => answer.attributes.map(read).transpose(),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(StoreError::call(&error)),
        }
    }

    /// Writes a sign of life of the station into a position.
    pub async fn touch(
        &self,
        station: &StationId,
        position: &PositionId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let update = self
            .update_position(station, position)
            .update_expression("SET seen_at = :now")
            .expression_attribute_values(":now", s(instant(now)?));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(StoreError::call(&error)),
        }
    }
}

pub(super) fn condition_failed<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
