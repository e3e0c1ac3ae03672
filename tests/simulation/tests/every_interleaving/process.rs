//! The functions, one step of I/O at a time. Between two of them lies only pure code, which is the product's own; what
//! does the I/O is played after `reconcile.rs`, `refunding.rs`, `change.rs` and the handlers.

use surtidor::sale::{Acknowledgement, CommandKind, Refund, RefundRequest, Requested, Sale};
use surtidor::settlement::{Seller, settle};

use crate::frozen::Frozen;
use crate::mercado_pago::{self, Answer, COLLECTOR, ars, number_of, payment_id};
use crate::world::{Hint, time_of};

/// Who a process is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `payment-reconciliation`.
    Consumer,
    /// `refunds`, called with an `Idempotency-Key`, for minor units.
    Office { key: &'static str, amount: u64 },
    /// `station-api`: the cashier took cash.
    Cashier,
    /// `station-api`: the station withdraws the sale.
    Void,
    /// `station-api`: the station answers `paid` with `paid_elsewhere`.
    PaidElsewhere,
}

impl Role {
    /// Two consumers are alike, so they have no names.
    pub fn name(&self) -> String {
        match self {
            Self::Consumer => "a consumer".to_owned(),
            Self::Office { key, amount } => format!("the office's call for {amount} with key {key}"),
            Self::Cashier => "the cashier".to_owned(),
            Self::Void => "the withdrawal".to_owned(),
            Self::PaidElsewhere => "the station".to_owned(),
        }
    }
}

/// The next step of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A consumer waits for a message; another role has not begun.
    Rest,
    /// Ask Mercado Pago about the hint.
    Fetch,
    /// Read the sale.
    Read(Change),
    /// Write what the change makes of the copy, if the copy is what stands.
    Write(Change),
    /// Ask for the refunds of a payment of which more went back than is known.
    ListUnlisted,
    /// Put the sale on the queue, before Mercado Pago is asked for the due refunds.
    SendBack,
    /// Look whether the first due refund was made before.
    List,
    /// Ask for the first due refund.
    Post,
    /// Take the message off the queue.
    Acknowledge,
    /// A caller has its answer.
    Done { refused: bool },
    /// A caller's function died.
    Dead,
}

/// What is done to the sale between reading and writing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    Settle { facts: Vec<mercado_pago::Payment>, one_by_one: bool },
    See { payment: u64, refunds: Vec<mercado_pago::Refund> },
    Conclude { refund: String, answer: Answer },
    Ask { key: &'static str, amount: u64 },
    Cash,
    Void,
    PaidElsewhere,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Process {
    pub role: Role,
    pub at: Step,
    /// The message in hand.
    pub hint: Option<Hint>,
    /// When this run began, by our clock; 0 at rest.
    pub now: u8,
    /// The sale in hand.
    pub copy: Option<Frozen<Sale>>,
    /// Refunds still to be carried out, as they were when they were found due.
    pub due: Vec<Frozen<Refund>>,
    /// Payments whose refunds are still to be listed.
    pub unlisted: Vec<u64>,
}

impl Process {
    pub fn new(role: Role) -> Self {
        Self { role, at: Step::Rest, hint: None, now: 0, copy: None, due: Vec::new(), unlisted: Vec::new() }
    }

    /// Who it is and what it has in hand.
    pub fn name(&self) -> String {
        match self.hint {
            Some(hint) => format!("the consumer of {hint:?}"),
            None => self.role.name(),
        }
    }

    pub fn is_at_work(&self) -> bool {
        !matches!(self.at, Step::Rest | Step::Done { .. } | Step::Dead)
    }

    /// The sale in hand.
    pub fn sale(&self) -> &Frozen<Sale> {
        self.copy.as_ref().expect("a process that has read the sale")
    }

    /// What is in hand does not matter any more. A consumer has its message still to acknowledge.
    fn end(&mut self, refused: bool) {
        let at = if self.role == Role::Consumer { Step::Acknowledge } else { Step::Done { refused } };
        *self = Self { at, hint: self.hint, ..Self::new(self.role.clone()) };
    }

    /// Applies a change to the copy. The write comes next if it changed anything, as `change` has it.
    pub fn enter(&mut self, change: Change) {
        let standing = self.sale().clone();
        let mut sale = Sale::clone(&standing);
        match change.apply(&mut sale, self.now) {
            Err(Refused) => self.end(true),
            Ok(given) if sale == *standing => self.after(&change, given),
            Ok(_) => self.at = Step::Write(change),
        }
    }

    /// What comes after a change stands in the ledger.
    pub fn after(&mut self, change: &Change, given: Option<Requested>) {
        match change {
            Change::Settle { .. } => {
                self.unlisted = self.sale().with_unlisted_refunds().map(number_of).collect();
                self.list_or_carry_out();
            }
            Change::See { .. } => {
                self.unlisted.remove(0);
                self.list_or_carry_out();
            }
            Change::Conclude { .. } => self.next_due(),
            Change::Ask { .. } => match given.expect("what the request came to") {
                Requested::New(refund) => {
                    self.due = vec![Frozen::new(refund)];
                    self.at = Step::SendBack;
                }
                Requested::Known(refund) if refund.is_pending() => {
                    self.due = vec![Frozen::new(refund)];
                    self.begin_due();
                }
                Requested::Known(_) => self.end(false),
            },
            Change::Cash | Change::Void => self.end(false),
            Change::PaidElsewhere => {
                if self.sale().pending_refunds().next().is_some() {
                    self.at = Step::SendBack;
                } else {
                    self.end(false);
                }
            }
        }
    }

    fn list_or_carry_out(&mut self) {
        if !self.unlisted.is_empty() {
            self.at = Step::ListUnlisted;
            return;
        }
        self.due = self.due_refunds();
        if self.due.is_empty() {
            return self.end(false);
        }
        self.at = Step::SendBack;
    }

    /// Which refunds a hint carries out: `Reconciler::carry_out_refunds`.
    fn due_refunds(&self) -> Vec<Frozen<Refund>> {
        use surtidor::sale::RefundOrigin;
        let let_go = self.hint == Some(Hint::Sale);
        let ours = |refund: &&Refund| match refund.origin {
            RefundOrigin::System => let_go || refund.created_at == time_of(self.now),
            RefundOrigin::Request { .. } => let_go,
            RefundOrigin::MercadoPago => let_go && refund.mercado_pago_id.is_some(),
        };
        self.sale().pending_refunds().filter(ours).cloned().map(Frozen::new).collect()
    }

    /// Begins with the first due refund, or ends if there is none.
    pub fn begin_due(&mut self) {
        self.at = match self.due.first() {
            Some(refund) if refund.created_at == time_of(self.now) => Step::Post,
            Some(_) => Step::List,
            None => return self.end(false),
        };
    }

    /// Goes on with the next due refund, whatever came of the first.
    pub fn next_due(&mut self) {
        self.due.remove(0);
        self.begin_due();
    }

    /// What the list of refunds says of the first due one: the second half of `refunding::carry_out`'s `Try::Again`.
    pub fn read_list(&mut self, listed: &[mercado_pago::Refund]) {
        let (refund, sale) = (self.due[0].clone(), self.sale().clone());
        let conclude = |made: &mercado_pago::Refund| Change::Conclude {
            refund: refund.id.clone(),
            answer: Answer::Made(made.clone()),
        };
        if let Some(id) = &refund.mercado_pago_id {
            return match listed.iter().find(|made| made.id == *id) {
                Some(made) => self.enter(conclude(made)),
                None => self.next_due(),
            };
        }
        let known = |id: &str| sale.refunds.iter().any(|other| other.mercado_pago_id.as_deref() == Some(id));
        let mut answers = listed.iter().filter(|made| ars(made.amount) == refund.amount && !known(&made.id));
        match (answers.next(), answers.next(), sale.is_only_intent(&refund)) {
            (Some(made), None, true) => self.enter(conclude(made)),
            _ => self.at = Step::Post,
        }
    }
}

/// The product refused the change.
pub struct Refused;

impl Change {
    /// What the product's own code makes of the sale.
    pub fn apply(&self, sale: &mut Sale, now: u8) -> Result<Option<Requested>, Refused> {
        let now = time_of(now);
        match self {
            Self::Settle { facts, one_by_one } => {
                let seller = Seller { collector_id: COLLECTOR.to_owned(), live: true };
                let reference = sale.reference.to_string();
                let facts: Vec<_> = facts.iter().map(|fact| fact.fact(&reference, *one_by_one)).collect();
                *sale = settle(sale, &seller, &facts, now);
            }
            Self::See { payment, refunds } => {
                let facts: Vec<_> = refunds.iter().map(mercado_pago::Refund::fact).collect();
                sale.see_listed_refunds(&payment_id(*payment), &facts, now);
            }
            Self::Conclude { refund, answer } => sale.conclude_refund(refund, &answer.outcome(), now),
            Self::Ask { key, amount } => {
                let (key, digest) = ((*key).to_owned(), amount.to_string());
                let (reason, caller) = ("asked for".to_owned(), "key".to_owned());
                let amount = Some(ars(*amount));
                let request = RefundRequest { amount, payment: None, reason, key, digest, caller };
                return sale.request_refund(request, now).map(Some).map_err(|_| Refused);
            }
            Self::Cash => sale.settle_elsewhere("cash", now).map_err(|_| Refused)?,
            Self::Void => sale.void(now).map_err(|_| Refused)?,
            Self::PaidElsewhere => {
                let paid = sale.commands.iter().find(|command| command.kind == CommandKind::Paid);
                let id = paid.map(|command| command.id.clone()).ok_or(Refused)?;
                sale.acknowledge(&id, Acknowledgement::PaidElsewhere, now).map_err(|_| Refused)?;
            }
        }
        Ok(None)
    }
}
