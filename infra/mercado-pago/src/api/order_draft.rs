//! What an order of type `point` is made of. Source: the Orders reference, with the limits of the Point pages.

use time::Duration;

use super::strict::{Property, amount};
use super::terminals::{has_terminals, unsupported_site};
use crate::account::Account;
use crate::clock::Moment;
use crate::error::OrderError;
use crate::json::{Json, object};
use crate::model::charge::{Charge, Form, OrderForm, Standing};
use crate::world::World;

/// What an order is made of.
pub struct Draft {
    terminal: String,
    amount: i64,
    /// The seller's own reference.
    pub external_reference: String,
    description: Option<String>,
    expiration_time: String,
    lasts: Duration,
    config: Json,
    integration_data: Json,
}

impl Draft {
    /// Reads the body of a request.
    pub fn read(body: &Json, seller: &Account) -> Result<Draft, OrderError> {
        let body = Property::root(body).object(&[
            "type",
            "external_reference",
            "expiration_time",
            "transactions",
            "config",
            "description",
            "integration_data",
        ])?;
        // Orders of the type `qr` are not simulated.
        body.required("type")?.word(&["point"])?;
        if !has_terminals(seller.site) {
            return Err(unsupported_site());
        }
        let reference = body.required("external_reference")?;
        let external_reference = reference.short_text(64)?;
        if !external_reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            return Err(reference.wrong("must have letters, digits, hyphens and underscores only"));
        }
        let expiration = body.optional("expiration_time");
        let lasts = match &expiration {
            None => Duration::minutes(15),
            Some(property) => duration(property.text()?)
                .filter(|lasts| (30..=10_800).contains(lasts))
                .map(Duration::seconds)
                .ok_or_else(|| property.wrong("must be a duration from PT30S to PT3H"))?,
        };
        let expiration_time = expiration.as_ref().and_then(|property| property.value().text());
        let description = body.optional("description").map(|text| text.short_text(150)).transpose()?;
        let transactions = body.required("transactions")?.object(&["payments"])?;
        let payment = transactions.required("payments")?.only_item()?.object(&["amount"])?;
        let amount = amount(&payment.required("amount")?, seller.site.decimals())?;
        let (terminal, config) = config(&body.required("config")?.object(&["point", "payment_method"])?)?;
        if let Some(data) = body.optional("integration_data") {
            let data = data.object(&["platform_id", "integrator_id", "sponsor"])?;
            for name in ["platform_id", "integrator_id"] {
                data.optional(name).map(|text| text.short_text(64)).transpose()?;
            }
            if let Some(sponsor) = data.optional("sponsor") {
                sponsor.object(&["id"])?.required("id")?.short_text(64)?;
            }
        }
        Ok(Draft {
            terminal,
            amount,
            external_reference: external_reference.to_owned(),
            description: description.map(str::to_owned),
            expiration_time: expiration_time.unwrap_or("PT15M").to_owned(),
            lasts,
            config,
            integration_data: body.member("integration_data").value().clone(),
        })
    }

    /// Whether the terminal is the seller's and takes another charge.
    pub fn check_terminal(&self, world: &World, seller: &Account) -> Result<(), OrderError> {
        let terminal = world.terminals.get(&self.terminal).ok_or_else(|| {
            OrderError::new(404, "terminal_not_found", "The terminal was not found").because(&self.terminal)
        })?;
        if terminal.owner != seller.collector_id {
            return Err(OrderError::new(
                403,
                "forbidden_checking_terminal_owner",
                "The terminal belongs to another seller",
            ));
        }
        // Inferred: a terminal that is used by hand takes the order, and never shows it.
        if terminal.is_occupied() {
            return Err(OrderError::new(
                409,
                "already_queued_order_for_terminal",
                "There is already a queued order for the terminal",
            ));
        }
        Ok(())
    }

    /// The order, with the ids of itself and of its transaction.
    pub fn order(self, seller: &Account, (id, transaction): (String, String), now: Moment) -> Charge {
        Charge {
            id,
            number: 0,
            owner: seller.collector_id,
            site: seller.site,
            terminal: self.terminal,
            amount: self.amount,
            tip: 0,
            description: self.description,
            external_reference: Some(self.external_reference),
            form: Form::Order(OrderForm {
                transaction,
                expiration_time: self.expiration_time,
                config: self.config,
                integration_data: self.integration_data,
            }),
            standing: Standing::Waiting,
            payment: None,
            cancel_asked: None,
            given_up: None,
            reads: 0,
            version: 1,
            created: now,
            updated: now,
            expires: now.plus(self.lasts),
        }
    }
}

/// `config`: the terminal, and what is kept.
fn config(config: &Property<'_>) -> Result<(String, Json), OrderError> {
    let point = config.required("point")?.object(&["terminal_id", "print_on_terminal", "ticket_number"])?;
    let terminal = point.required("terminal_id")?.text()?.to_owned();
    let ticket = match point.optional("print_on_terminal") {
        Some(word) => word.word(&["seller_ticket", "no_ticket"])?,
        None => "seller_ticket",
    };
    let mut kept = object! {"terminal_id": terminal.as_str(), "print_on_terminal": ticket};
    if let Some(number) = point.optional("ticket_number") {
        // Inferred: its length is not documented.
        kept.put("ticket_number", number.short_text(20)?.into());
    }
    let mut all = object! {"point": kept};
    if let Some(method) = config.optional("payment_method") {
        let method = method.object(&["default_type", "default_installments", "installments_cost"])?;
        if let Some(kind) = method.optional("default_type") {
            kind.word(&["credit_card", "debit_card"])?;
        }
        if let Some(number) = method.optional("default_installments") {
            // Whether it is a number or a string is not clear.
            let count = number.value().id().filter(|count| (1..=36).contains(count));
            count.ok_or_else(|| number.wrong("must be a number of instalments"))?;
        }
        if let Some(cost) = method.optional("installments_cost") {
            cost.word(&["seller", "buyer"])?;
        }
        all.put("payment_method", method.value().clone());
    }
    Ok((terminal, all))
}

/// The seconds of an ISO 8601 duration of hours, minutes and seconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0_i64;
    let mut units = [('H', 3_600), ('M', 60), ('S', 1)].into_iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        // Each unit once, in this order.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        seconds += i64::from(count.parse::<u16>().ok()?) * length;
        rest = tail.get(1..)?;
    }
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        assert_eq!(
            (duration("PT30S"), duration("PT3H"), duration("PT1H30M5S")),
            (Some(30), Some(10_800), Some(5_405))
        );
        for wrong in ["", "PT", "30", "P1D", "PT-5M", "PT5", "PT1M1H", "PT1M1M", "pt5m", "PT1.5M"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
