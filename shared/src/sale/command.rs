//! What the station must do about a sale, open until the station says that it is done.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Event, Sale};
use crate::id::{PaymentId, SaleId};
use crate::money::Money;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Mark the sale as paid and let the car go.
    Paid,
    /// Money went back to the buyer.
    Refunded,
    /// The payment that the station was told of does not stand any more.
    Withdrawn,
}

impl CommandKind {
    /// The word in our API and in command ids.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What the station answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgement {
    /// Carried out.
    Done,
    /// Had been carried out before.
    AlreadyDone,
    /// The sale was paid by other means meanwhile: the wallet payment goes back.
    PaidElsewhere,
    /// The station does not know the sale: a case for the back office.
    Unknown,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The sale's reference and what makes this command unique in it, so that the same cause gives the same
    /// command however often it is found.
    pub id: String,
    /// What to do.
    pub kind: CommandKind,
    /// The station's name of the sale.
    pub sale_id: SaleId,
    /// How much.
    pub amount: Money,
    /// The payment behind it.
    pub payment_id: PaymentId,
    /// How it was paid, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Since when it is open.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// What the station answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
}

/// The sale has no command of that id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchCommand;

impl Sale {
    /// Commands that wait for the station, oldest first.
    pub fn open_commands(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(|command| command.acknowledged.is_none())
    }

    /// Whether the station answered, when it was told that a payment paid the sale, that it had taken other money.
    #[must_use]
    pub fn was_paid_elsewhere(&self, payment: &PaymentId) -> bool {
        self.commands.iter().any(|command| {
            command.kind == CommandKind::Paid
                && command.payment_id == *payment
                && command.acknowledged == Some(Acknowledgement::PaidElsewhere)
        })
    }

    /// Adds a command unless it is there; whether it was not.
    pub(crate) fn command(
        &mut self,
        kind: CommandKind,
        cause: &str,
        amount: Money,
        payment: (&PaymentId, Option<&str>),
        now: OffsetDateTime,
    ) -> bool {
        let id = format!("{}-{}-{cause}", self.reference, kind.word());
        let is_new = self.commands.iter().all(|command| command.id != id);
        if is_new {
            let (payment_id, method) = (payment.0.clone(), payment.1.map(str::to_owned));
            let sale_id = self.delivery.sale_id.clone();
            let command = Command {
                id,
                kind,
                sale_id,
                amount,
                payment_id,
                method,
                created_at: now,
                acknowledged: None,
            };
            self.commands.push(command);
        }
        is_new
    }

    /// The station's answer to a command. The first answer stands; the same or another one later changes nothing,
    /// as a station that lost our answer repeats its own. Says whether it was the first.
    pub fn acknowledge(
        &mut self,
        command: &str,
        answer: Acknowledgement,
        now: OffsetDateTime,
    ) -> Result<bool, NoSuchCommand> {
        let Some(command) = self.commands.iter_mut().find(|known| known.id == command) else {
            return Err(NoSuchCommand);
        };
        if command.acknowledged.is_some() {
            return Ok(false);
        }
        command.acknowledged = Some(answer);
        let (kind, payment_id) = (command.kind, command.payment_id.clone());
        self.note(now, Event::Acknowledged { command: kind, answer });
        if kind == CommandKind::Paid && answer == Acknowledgement::PaidElsewhere {
            self.give_back(&payment_id, super::refund::PAID_ELSEWHERE, now);
        }
        self.refresh_status(now);
        Ok(true)
    }
}
