//! Refunds of an order. Source: the Point pages' table of refund errors.

use axum::http::StatusCode;
use time::Duration;

use super::once::Outcome;
use super::orders::find;
use super::strict::{Property, amount};
use crate::account::Account;
use crate::clock::Moment;
use crate::error::OrderError;
use crate::faults::Refunds;
use crate::json::{Json, object};
use crate::model::charge::{Charge, Form, OrderForm, Standing};
use crate::model::payment::Payment;
use crate::model::refund::{Refund, RefundStatus};
use crate::world::World;

/// The reference of Point; other pages have other windows.
const WINDOW: Duration = Duration::days(90);

/// Refunds all that is left of an order, or a part. That all that is left may be asked for after a part is inferred, and
/// so is the order in which faults are found.
pub fn refund(
    world: &mut World,
    seller: &Account,
    id: &str,
    body: &Json,
    rules: &Refunds,
    now: Moment,
) -> Outcome {
    let order = find(world, seller, id)?;
    let Form::Order(form) = &order.form else { return Err(not_refundable()) };
    let payment = order.payment.and_then(|id| world.payments.get(&id));
    let payment = payment.filter(|_| order.standing == Standing::Processed).ok_or_else(not_refundable)?;
    check_state(payment, rules, now)?;
    let amount = match part(body, order, form)? {
        None => payment.refundable(),
        Some(part) => {
            check_part(part, order, payment)?;
            part
        }
    };
    let form = form.clone();
    let (refund, changes) = world
        .refund(Refund {
            id: 0,
            payment: payment.id,
            amount,
            status: rules.outcome,
            source: "collector".to_owned(),
            created: now,
        })
        .ok_or_else(not_refundable)?;
    let order = find(world, seller, id)?;
    let payment = world.payments.get(&refund.payment);
    let (status, detail) = order.order_status(payment);
    let answer = object! {
        "id": id,
        "status": status,
        "status_detail": detail,
        "transactions": object! {"refunds": vec![order.render_refund(&form, &refund)]},
    };
    Ok((StatusCode::CREATED, answer, changes))
}

fn not_refundable() -> OrderError {
    OrderError::new(409, "cannot_refund_order", "The order cannot be refunded in its status")
}

fn check_state(payment: &Payment, rules: &Refunds, now: Moment) -> Result<(), OrderError> {
    let error = |status, code, message: &str| Err(OrderError::new(status, code, message));
    if payment.refunded() >= payment.amount {
        return error(409, "order_already_refunded", "The order was already refunded");
    }
    if payment.refunds.iter().any(|refund| refund.status == RefundStatus::InProcess) {
        return error(409, "refund_in_progress", "A refund of the order is in progress");
    }
    if payment.status != "approved" {
        return error(422, "payment_not_refundable", "The payment cannot be refunded in its status");
    }
    if payment.approved.is_some_and(|approved| now.since(approved) > WINDOW) {
        return error(409, "refund_period_exceeded", "The period for refunds is over");
    }
    if rules.insufficient_balance {
        return error(428, "insufficient_money_for_refund", "There is not enough money for the refund");
    }
    Ok(())
}

/// The amount of a part; none for all.
fn part(body: &Json, order: &Charge, form: &OrderForm) -> Result<Option<i64>, OrderError> {
    if body.is_null() {
        return Ok(None);
    }
    let body = Property::root(body).object(&["transactions"])?;
    let Some(transactions) = body.optional("transactions") else { return Ok(None) };
    let transaction = transactions.only_item()?.object(&["id", "amount"])?;
    let id = transaction.required("id")?.text()?;
    if id != form.transaction {
        return Err(
            OrderError::new(404, "transaction_not_found", "The transaction was not found").because(id)
        );
    }
    transaction.optional("amount").map(|property| amount(&property, order.site.decimals())).transpose()
}

fn check_part(part: i64, order: &Charge, payment: &Payment) -> Result<(), OrderError> {
    // All of it, written as a part, is no part.
    if part == payment.amount {
        return if payment.refundable() == part { Ok(()) } else { Err(exceeds()) };
    }
    if order.tip > 0 {
        return Err(OrderError::new(
            403,
            "partial_refund_forbidden_with_tips",
            "An order with a tip is refunded in full only",
        ));
    }
    if !payment.method.is_card() {
        return Err(OrderError::new(
            400,
            "unsupported_partially_refunds",
            "This means of payment is refunded in full only",
        ));
    }
    if part > payment.refundable() { Err(exceeds()) } else { Ok(()) }
}

fn exceeds() -> OrderError {
    OrderError::new(400, "refund_amount_exceeds", "The amount exceeds what is left of the payment")
}
