//! The life of a charge, from the queue of its terminal to its end.

use time::Duration;

use crate::clock::Moment;
use crate::model::charge::{Charge, Standing};
use crate::model::payment::Payment;
use crate::world::{Attempt, Change, Told, World};

/// How long a result is waited for before somebody has to look at the terminal.
const PATIENCE: Duration = Duration::seconds(40);

impl World {
    /// Whether time alone may change something.
    pub fn has_open_charges(&self) -> bool {
        self.terminals.values().any(|terminal| terminal.slot.is_some())
    }

    /// Queues a charge for its terminal, which was found free.
    pub fn queue(&mut self, mut charge: Charge) {
        self.created += 1;
        charge.number = self.created;
        if let Some(terminal) = self.terminals.get_mut(&charge.terminal) {
            terminal.slot = Some(charge.id.clone());
        }
        self.charges.insert(charge.id.clone(), charge);
    }

    /// The charge that is queued for a terminal or shown by it.
    pub fn charge_at(&self, terminal: &str) -> Option<&Charge> {
        self.charges.get(self.terminals.get(terminal)?.slot.as_ref()?)
    }

    /// The charge with a reference that one of the seller's orders has already.
    pub fn has_reference(&self, seller: u64, reference: &str) -> bool {
        self.charges.values().any(|charge| {
            charge.owner == seller
                && charge.is_order()
                && charge.external_reference.as_deref() == Some(reference)
        })
    }

    /// Lets happen what is due; none when nothing was. Terminals that receive by themselves do so after a pause.
    pub fn catch_up(&mut self, now: Moment, receive: Option<Duration>) -> Option<Vec<Change>> {
        let slots = self.terminals.values().filter(|terminal| !terminal.stuck);
        let due: Vec<(String, String, bool)> = slots
            .filter_map(|terminal| {
                Some((terminal.id.clone(), terminal.slot.clone()?, terminal.is_listening()))
            })
            .collect();
        let mut changes = Vec::new();
        let mut moved = false;
        for (terminal, id, listening) in due {
            let Some(charge) = self.charges.get(&id) else { continue };
            let (expires, given_up) = (charge.expires, charge.given_up);
            if let Some(pause) = receive.filter(|_| listening) {
                let seen = |since: Moment| since.plus(pause) <= now && since.plus(pause) < expires;
                let notices = charge
                    .cancel_asked
                    .map_or_else(|| charge.standing == Standing::Waiting && seen(charge.created), seen);
                if notices {
                    moved = true;
                    changes.extend(self.receive(&terminal, now));
                }
            }
            if given_up.is_some_and(|at| at <= now) {
                changes.extend(self.conclude(&id, Standing::ActionRequired, now));
            } else if given_up.is_none() && expires <= now {
                changes.extend(self.conclude(&id, Standing::Expired, now));
            }
        }
        (moved || !changes.is_empty()).then_some(changes)
    }

    /// A terminal takes what is queued for it, and lets go what the API called off.
    pub fn receive(&mut self, terminal: &str, now: Moment) -> Option<Change> {
        let id = self.terminals.get(terminal)?.slot.clone()?;
        let charge = self.charges.get_mut(&id)?;
        if charge.cancel_asked.is_some() && charge.standing == Standing::AtTerminal {
            return self.conclude(&id, Standing::Canceled, now);
        }
        if charge.standing == Standing::Waiting {
            charge.standing = Standing::AtTerminal;
            charge.version += 1;
            charge.updated = now;
        }
        None
    }

    /// A card makes a payment of a charge. The charge does not know yet.
    pub fn charge_card(&mut self, id: &str, tip: i64, payment: Payment) -> Vec<Change> {
        let (made, changes) = self.pay(Attempt { payment, order: None });
        if let Some(charge) = self.charges.get_mut(id) {
            charge.payment = Some(made);
            charge.tip = tip;
        }
        changes
    }

    /// A charge learns what its payment came to.
    pub fn learn(&mut self, id: &str, now: Moment) -> Option<Change> {
        let payment = self.charges.get(id)?.payment.and_then(|payment| self.payments.get(&payment))?;
        let paid = payment.approved.is_some();
        self.conclude(id, if paid { Standing::Processed } else { Standing::Failed }, now)
    }

    /// What a charge does when its terminal is cut off: it is waited for, and then given up.
    pub fn cut_off(&mut self, id: &str, now: Moment) {
        if let Some(charge) = self.charges.get_mut(id) {
            if charge.payment.is_some() {
                charge.standing = Standing::Processing;
                charge.version += 1;
                charge.updated = now;
            }
            charge.given_up = Some(now.plus(PATIENCE));
        }
    }

    /// Ends a charge and frees the slot.
    pub fn conclude(&mut self, id: &str, standing: Standing, now: Moment) -> Option<Change> {
        let charge = self.charges.get_mut(id).filter(|charge| !charge.standing.is_over())?;
        charge.standing = standing;
        charge.given_up = None;
        charge.version += 1;
        charge.updated = now;
        if let Some(terminal) = self.terminals.get_mut(&charge.terminal) {
            terminal.slot.take_if(|slot| slot == id);
            terminal.last = Some(id.to_owned());
        }
        let told = match standing {
            Standing::Processed => Told::Processed,
            Standing::Failed | Standing::Broken => Told::Failed,
            Standing::Canceled => Told::Canceled,
            Standing::Expired => Told::Expired,
            _ => Told::ActionRequired,
        };
        Some(Change::Charge(id.to_owned(), told))
    }
}
