//! Terminals: which station they stand at, and which charge holds each.

use serde::{Deserialize, Serialize};

use super::positions::condition_failed;
use super::{Store, StoreError, read, s};
use crate::id::{AccountId, PositionId, StationId, TerminalId};

/// A terminal of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Whose it is.
    pub account: AccountId,
    /// Its id at Mercado Pago.
    pub terminal: TerminalId,
    /// The station that it stands at.
    pub station: StationId,
    /// The pump side that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionId>,
    /// The till that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<PositionId>,
    /// The charge that it was last claimed for. Whether that still holds it, the charge tells: nothing is written when it
    /// ends, so nothing can be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

const TERMINAL: &str = "terminal";

fn partition(account: &AccountId, terminal: &TerminalId) -> String {
    format!("terminal#{account}#{terminal}")
}

impl Store {
    /// A terminal, if it was ever linked or charged at. One read.
    pub async fn terminal(
        &self,
        account: &AccountId,
        terminal: &TerminalId,
    ) -> Result<Option<Terminal>, StoreError> {
        self.get(partition(account, terminal), TERMINAL).await?.map(read).transpose()
    }

    /// Those of several terminals that were ever linked or charged at. One read for each hundred.
    pub async fn terminals(
        &self,
        account: &AccountId,
        terminals: &[TerminalId],
    ) -> Result<Vec<Terminal>, StoreError> {
        self.batch(terminals.iter().map(|terminal| (partition(account, terminal), TERMINAL)).collect()).await
    }

    /// Links a terminal with a station, and there with a pump side or a till. It refuses, with `false`, one that stands at
    /// another station. One write.
    pub async fn link_terminal(&self, link: &Terminal) -> Result<bool, StoreError> {
        let mut update =
            self.terminal_update(link).condition_expression("attribute_not_exists(pk) OR station = :station");
        let mut set = vec!["account = :account, terminal = :terminal, station = :station".to_owned()];
        let mut remove = Vec::new();
        for (name, value) in [("position", &link.position), ("till", &link.till)] {
            update = update.expression_attribute_names(format!("#{name}"), name);
            match value {
                Some(id) => {
                    set.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), s(id.as_str()));
                }
                None => remove.push(format!("#{name}")),
            }
        }
        let remove = if remove.is_empty() { String::new() } else { format!(" REMOVE {}", remove.join(", ")) };
        let update = update.update_expression(format!("SET {}{remove}", set.join(", ")));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(StoreError::call(&error)),
        }
    }

    /// Claims a terminal for the charge `holder`, over the holder that was read: of all who try at once, one gets it. The
    /// first charge at a terminal links it with the station. One write.
    pub async fn claim_terminal(&self, terminal: &Terminal, holder: &str) -> Result<bool, StoreError> {
        let free = match &terminal.holder {
            Some(_) => "(holder = :known OR holder = :holder)",
            None => "(attribute_not_exists(holder) OR holder = :holder)",
        };
        let mut update = self
            .terminal_update(terminal)
            .condition_expression(format!("attribute_not_exists(pk) OR (station = :station AND {free})"))
            .update_expression(
                "SET account = :account, terminal = :terminal, station = :station, holder = :holder",
            )
            .expression_attribute_values(":holder", s(holder));
        if let Some(known) = &terminal.holder {
            update = update.expression_attribute_values(":known", s(known));
        }
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(StoreError::call(&error)),
        }
    }

    fn terminal_update(
        &self,
        of: &Terminal,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", s(partition(&of.account, &of.terminal)))
            .key("sk", s(TERMINAL))
            .expression_attribute_values(":account", s(of.account.as_str()))
            .expression_attribute_values(":terminal", s(of.terminal.as_str()))
            .expression_attribute_values(":station", s(of.station.as_str()))
    }
}
