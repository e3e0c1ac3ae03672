//! What must be true: always, and when nothing more can happen.

use std::collections::BTreeSet;

use surtidor::sale::{CommandKind, RefundStatus};

use crate::mercado_pago::{Payment, number_of, payment_id};
use crate::process::{Role, Step};
use crate::world::World;

pub type Verdict = Result<(), String>;

pub fn must(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// True in every state, of every case.
pub fn always(world: &World) -> Verdict {
    let sale = &world.ledger;
    must(sale.impossible || sale.status == sale.status_of_facts(), || {
        format!("the ledger says {} and its facts add up to {}", sale.status, sale.status_of_facts())
    })?;
    for payment in &world.mercado_pago.payments {
        let keys: Vec<_> = payment.refunds.iter().filter_map(|refund| refund.key.as_deref()).collect();
        let intents: BTreeSet<_> = keys.iter().filter_map(|key| key.split('/').next()).collect();
        must(intents.len() == keys.len(), || format!("one intent was refunded more than once: {keys:?}"))?;
        for intent in intents {
            must(sale.refunds.iter().any(|refund| refund.id == intent), || {
                format!("money moved for {intent}, which is not in the ledger")
            })?;
        }
        let told = world.told(CommandKind::Paid, payment.id);
        must(told <= 1, || format!("the station was told {told} times that {} paid", payment.id))?;
    }
    Ok(())
}

/// True in every end, of every case: nothing is left to do, and the ledger and Mercado Pago have the same refunds.
pub fn at_the_end(world: &World) -> Verdict {
    must(world.queue.is_empty(), || format!("on the queue is left {:?}", world.queue))?;
    must(world.ledger.pending_refunds().next().is_none(), || "a refund is pending".to_owned())?;
    let (ours, theirs) = (world.refunds_in_ledger(), world.refunds_at_mercado_pago());
    must(ours == theirs, || format!("the ledger has the refunds {ours:?}, Mercado Pago {theirs:?}"))?;
    let told = world.ledger.commands.iter().filter(|command| command.kind == CommandKind::Refunded);
    let told = sorted(told.map(|command| {
        let id = command.id.rsplit('-').next().unwrap_or_default().to_owned();
        (number_of(&command.payment_id), id, command.amount.minor())
    }));
    must(told == theirs, || format!("of the refunds {theirs:?} the station was told {told:?}"))
}

/// A refund: of which payment, its number, minor units.
type Booked = (u64, String, u64);

impl World {
    pub fn refunds_in_ledger(&self) -> Vec<Booked> {
        let made = self.ledger.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved);
        let booked = made.map(|refund| {
            let id = refund.mercado_pago_id.clone().unwrap_or_default();
            (number_of(&refund.payment_id), id, refund.amount.minor())
        });
        sorted(booked)
    }

    pub fn refunds_at_mercado_pago(&self) -> Vec<Booked> {
        let payments = self.mercado_pago.payments.iter();
        sorted(payments.flat_map(|payment| {
            payment.refunds.iter().map(|refund| (payment.id, refund.id.clone(), refund.amount))
        }))
    }

    /// How often the station is told something of a payment.
    pub fn told(&self, kind: CommandKind, payment: u64) -> usize {
        let of_it = |command: &&surtidor::sale::Command| {
            command.kind == kind && command.payment_id == payment_id(payment)
        };
        self.ledger.commands.iter().filter(of_it).count()
    }

    /// Minor units of a payment that Mercado Pago gave back.
    pub fn given_back(&self, payment: u64) -> u64 {
        self.mercado_pago.payment(payment).map_or(0, Payment::refunded)
    }

    /// Whether a caller of a kind was refused; none if its function died or it never called.
    pub fn was_refused(&self, is_it: impl Fn(&Role) -> bool) -> Option<bool> {
        self.processes.iter().find(|process| is_it(&process.role)).and_then(|process| match process.at {
            Step::Done { refused } => Some(refused),
            _ => None,
        })
    }
}

fn sorted(booked: impl Iterator<Item = Booked>) -> Vec<Booked> {
    let mut booked: Vec<_> = booked.collect();
    booked.sort_unstable();
    booked
}
