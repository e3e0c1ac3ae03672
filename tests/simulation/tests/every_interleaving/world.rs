//! Everything that can be different between two moments, and every step that leads from one to the next.

use std::hash::{DefaultHasher, Hash, Hasher};

use surtidor::id::{AccountId, PositionId, SaleId, SaleOrder, StationId};
use surtidor::sale::{Delivery, Place, Sale};

use crate::frozen::Frozen;
use crate::mercado_pago::{Answer, MercadoPago, NOON, ars};
use crate::process::{Process, Role, Step};

/// A moment: the ledger's one item, Mercado Pago, the queue, everybody's hands, and what may still come.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub ledger: Frozen<Sale>,
    pub mercado_pago: MercadoPago,
    /// Messages that nobody holds, sorted: SQS keeps no order.
    pub queue: Vec<Hint>,
    pub processes: Vec<Process>,
    pub to_come: Vec<Event>,
    pub left: Budget,
    /// Calls for refunds, counted only where each has a key of its own.
    pub tries: u8,
    /// Whether the look back came.
    pub looked_back: bool,
}

/// What a message asks to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    Payment(u64),
    MerchantOrder(u64),
    Sale,
    /// Every payment that changed.
    Changes,
}

/// What happens outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A phone's payment is approved.
    Approval { payment: u64, amount: u64 },
    /// Somebody gives money of a payment back in Mercado Pago's panel, all that is left of it or a part.
    Panel { payment: u64, amount: u64 },
}

/// How much may still go wrong. It bounds the exploration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Deaths of a process between two steps. Its message comes back.
    pub crashes: u8,
    /// Messages that are delivered once more although their consumer lives.
    pub redeliveries: u8,
    /// Answers to a call for a refund that are lost after Mercado Pago acted.
    pub lost_answers: u8,
}

/// A fault that an exploration must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A write does not look at the version.
    BlindWrites,
    /// Each call for a refund has a new key.
    FreshKeys,
}

/// What holds during a whole exploration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Notifications name merchant orders instead of payments.
    pub merchant_orders: bool,
    /// Mercado Pago notifies of what we refund through its API, too.
    pub tells_of_our_refunds: bool,
    /// The look back, which comes every quarter of an hour, comes once more after all else.
    pub looks_back: bool,
    /// What is broken on purpose.
    pub broken: Option<Broken>,
}

impl World {
    /// One sale of 500 pesos that is owed, two consumers, and what may happen.
    pub fn new(to_come: Vec<Event>, others: Vec<Role>, left: Budget) -> Self {
        let processes =
            [Role::Consumer, Role::Consumer].into_iter().chain(others).map(Process::new).collect();
        let delivery = Delivery::new(
            SaleId::parse("45ea80da").expect("an id"),
            PositionId::parse("1").expect("an id"),
            ars(50_000),
        );
        let station = StationId::parse("6232").expect("an id");
        let account = AccountId::parse("demo").expect("an id");
        let place = Place { order: SaleOrder::at(NOON), late: false };
        let sale = Sale::new(station, account, delivery, place, NOON);
        Self {
            ledger: frozen(sale),
            mercado_pago: MercadoPago::default(),
            queue: Vec::new(),
            processes,
            to_come,
            left,
            tries: 0,
            looked_back: false,
        }
    }

    /// The same with one consumer, where two others race already.
    pub fn with_one_consumer(mut self) -> Self {
        self.processes.remove(0);
        self
    }

    pub fn put_on_queue(&mut self, hint: Hint) {
        self.queue.push(hint);
        self.queue.sort_unstable();
    }

    /// Mercado Pago notifies of a payment; intake has put it on the queue.
    pub fn notify(&mut self, payment: u64, rules: Rules) {
        self.put_on_queue(if rules.merchant_orders {
            Hint::MerchantOrder(payment)
        } else {
            Hint::Payment(payment)
        });
    }

    /// Every step that can be taken now.
    pub fn steps(&self, rules: Rules) -> Vec<(String, Self)> {
        let mut steps = Vec::new();
        self.outside(rules, &mut steps);
        for (at, process) in self.processes.iter().enumerate() {
            let name = process.name();
            for (what, world) in self.step_of(at, rules) {
                steps.push((format!("{name} {what}"), world));
            }
            if process.is_at_work() && self.left.crashes > 0 {
                let mut world = self.clone();
                world.left.crashes -= 1;
                world.crash(at);
                steps.push((format!("{name} dies"), world));
            }
        }
        // Half an hour later, when all else has come to rest, the sweep finds what is open.
        if steps.is_empty() && self.ledger.pending_refunds().next().is_some() {
            let mut world = self.clone();
            world.put_on_queue(Hint::Sale);
            steps.push(("the sweep puts the sale on the queue".to_owned(), world));
        }
        if steps.is_empty() && rules.looks_back && !self.looked_back {
            let mut world = self.clone();
            world.looked_back = true;
            world.put_on_queue(Hint::Changes);
            steps.push(("the look back is put on the queue".to_owned(), world));
        }
        for (_, world) in &mut steps {
            world.forget_who_is_who();
        }
        steps
    }

    /// Processes of one role are alike: which of them does what makes no difference, and half as many states.
    fn forget_who_is_who(&mut self) {
        self.processes.sort_by_cached_key(|process| {
            let mut hasher = DefaultHasher::new();
            process.hash(&mut hasher);
            (process.role.clone(), hasher.finish())
        });
    }

    fn outside(&self, rules: Rules, steps: &mut Vec<(String, Self)>) {
        for (at, event) in self.to_come.iter().enumerate() {
            let mut world = self.clone();
            world.to_come.remove(at);
            let (payment, what) = match event {
                Event::Approval { payment, amount } => {
                    world.mercado_pago.approve(*payment, *amount);
                    (*payment, format!("payment {payment} is approved"))
                }
                Event::Panel { payment, amount } => {
                    let Some(known) = self.mercado_pago.payment(*payment) else { continue };
                    let amount = (*amount).min(known.amount - known.refunded());
                    match world.mercado_pago.refund_in_the_panel(*payment, amount) {
                        Answer::Made(made) => (
                            *payment,
                            format!("somebody gives {} of payment {payment} back in the panel", made.amount),
                        ),
                        // Nothing is left: the person sees it and goes away.
                        Answer::Refused => {
                            steps.push(("somebody finds nothing to give back".to_owned(), world));
                            continue;
                        }
                    }
                }
            };
            world.notify(payment, rules);
            steps.push((what, world));
        }
    }

    fn crash(&mut self, at: usize) {
        let process = &mut self.processes[at];
        let held = process.hint;
        *process = Process::new(process.role.clone());
        if process.role != Role::Consumer {
            process.at = Step::Dead;
        }
        if let Some(hint) = held {
            self.put_on_queue(hint);
        }
    }

    /// A reading of the clock that equals no other which still means something. Only whether two readings are one is ever
    /// asked, so numbers are used again and fewer states differ.
    pub fn fresh_time(&self) -> u8 {
        let copies = self.processes.iter().filter_map(|process| process.copy.as_ref());
        let refunds = copies.chain([&self.ledger]).flat_map(|sale| &sale.refunds);
        let due = self.processes.iter().flat_map(|process| &process.due).map(|refund| &**refund);
        let stored: Vec<_> = refunds.chain(due).map(|refund| refund.created_at).collect();
        let in_hand = |now: u8| self.processes.iter().any(|process| process.now == now);
        (1..=u8::MAX).find(|now| !in_hand(*now) && !stored.contains(&time_of(*now))).expect("a free number")
    }
}

pub fn time_of(now: u8) -> time::OffsetDateTime {
    NOON + time::Duration::seconds(i64::from(now))
}

/// A sale as it is kept in a state. What no rule reads is the same in all: the story, and when things were learned. Without
/// that, two ways to the same ledger would count as two ledgers.
pub fn frozen(mut sale: Sale) -> Frozen<Sale> {
    sale.timeline.clear();
    sale.status_since = NOON;
    for command in &mut sale.commands {
        command.created_at = NOON;
    }
    Frozen::new(sale)
}
