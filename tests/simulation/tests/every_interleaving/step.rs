//! The steps of a process: each is one call to the queue, the ledger or Mercado Pago, and all that follows without one.

use surtidor::sale::{CommandKind, Sale};

use crate::mercado_pago::{Answer, number_of};
use crate::process::{Change, Process, Role, Step};
use crate::world::{Broken, Hint, Rules, World, frozen};

impl World {
    /// Every way in which a process can take its next step.
    pub fn step_of(&self, at: usize, rules: Rules) -> Vec<(String, Self)> {
        let one = |what: &str, next: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            next(&mut world);
            vec![(what.to_owned(), world)]
        };
        match &self.processes[at].at {
            Step::Rest => self.begin(at),
            Step::Fetch => one("fetches", &|world| world.fetch(at)),
            Step::Read(change) => one("reads the sale", &|world| world.read(at, change)),
            Step::Write(change) => self.write(at, change, rules),
            Step::ListUnlisted => one("lists the refunds of a payment", &|world| {
                let payment = world.processes[at].unlisted[0];
                let refunds = world.mercado_pago.payment(payment).map(|found| found.refunds.clone());
                let refunds = refunds.unwrap_or_default();
                world.processes[at].enter(Change::See { payment, refunds });
            }),
            Step::SendBack => one("puts the sale on the queue", &|world| {
                world.put_on_queue(Hint::Sale);
                world.processes[at].begin_due();
            }),
            Step::List => one("lists what was given back", &|world| {
                let payment = number_of(&world.processes[at].due[0].payment_id);
                let refunds = world.mercado_pago.payment(payment).map(|found| found.refunds.clone());
                world.processes[at].read_list(&refunds.unwrap_or_default());
            }),
            Step::Post => self.post(at, rules),
            Step::Acknowledge => one("acknowledges its message", &|world| {
                world.processes[at] = Process::new(Role::Consumer);
            }),
            Step::Done { .. } | Step::Dead => Vec::new(),
        }
    }

    /// A run's one reading of the clock is made here: what came before did not need it.
    fn read(&mut self, at: usize, change: &Change) {
        let now = self.fresh_time();
        let process = &mut self.processes[at];
        process.now = now;
        process.copy = Some(self.ledger.clone());
        process.enter(change.clone());
    }

    fn begin(&self, at: usize) -> Vec<(String, Self)> {
        let change = match self.processes[at].role {
            Role::Consumer => {
                let mut distinct = self.queue.clone();
                distinct.dedup();
                return distinct.into_iter().flat_map(|hint| self.receive(at, hint)).collect();
            }
            Role::Office { key, amount } => Change::Ask { key, amount },
            Role::Cashier => Change::Cash,
            Role::Void => Change::Void,
            Role::PaidElsewhere => Change::PaidElsewhere,
        };
        // Nobody answers a command that was not given, or asks for money of a payment that nobody knows of: the call would
        // be refused and be over.
        let is_paid = self.ledger.commands.iter().any(|command| command.kind == CommandKind::Paid);
        if !is_paid && !matches!(change, Change::Cash | Change::Void) {
            return Vec::new();
        }
        let mut world = self.clone();
        world.read(at, &change);
        vec![("reads the sale".to_owned(), world)]
    }

    /// SQS delivers a message; now and then it does so although somebody works on it.
    fn receive(&self, at: usize, hint: Hint) -> Vec<(String, Self)> {
        let mut world = self.clone();
        world.processes[at].hint = Some(hint);
        world.processes[at].at = Step::Fetch;
        let mut ways = Vec::new();
        if self.left.redeliveries > 0 {
            let mut twice = world.clone();
            twice.left.redeliveries -= 1;
            ways.push((format!("receives {hint:?}, which will come once more"), twice));
        }
        let place = world.queue.iter().position(|known| *known == hint).expect("a message on the queue");
        world.queue.remove(place);
        ways.push((format!("receives {hint:?}"), world));
        ways
    }

    fn fetch(&mut self, at: usize) {
        let hint = self.processes[at].hint.expect("a message in hand");
        let all = &self.mercado_pago.payments;
        let facts = match hint {
            Hint::Payment(id) | Hint::MerchantOrder(id) => {
                all.iter().filter(|payment| payment.id == id).cloned().collect()
            }
            Hint::Sale | Hint::Changes => all.clone(),
        };
        let one_by_one = !matches!(hint, Hint::MerchantOrder(_));
        self.processes[at].at = Step::Read(Change::Settle { facts, one_by_one });
    }

    /// The conditional write. Who is overtaken is given what stands, and applies the change to that.
    fn write(&self, at: usize, change: &Change, rules: Rules) -> Vec<(String, Self)> {
        let mut world = self.clone();
        let process = &mut world.processes[at];
        if process.sale().version != self.ledger.version && rules.broken != Some(Broken::BlindWrites) {
            process.copy = Some(self.ledger.clone());
            process.enter(change.clone());
            return vec![("is overtaken, and is given what stands".to_owned(), world)];
        }
        let mut sale = Sale::clone(process.sale());
        let given = change.apply(&mut sale, process.now).ok().expect("a change that was possible before");
        sale.version += 1;
        let what = format!("writes {}: {}", change.word(), sale.status);
        let sale = frozen(sale);
        process.copy = Some(sale.clone());
        process.after(change, given);
        world.ledger = sale;
        vec![(what, world)]
    }

    /// Mercado Pago is asked for a refund, and its answer may be lost.
    fn post(&self, at: usize, rules: Rules) -> Vec<(String, Self)> {
        let mut world = self.clone();
        let process = &self.processes[at];
        let refund = process.due[0].clone();
        let payment = number_of(&refund.payment_id);
        let amount = (!process.sale().is_whole(&refund)).then_some(refund.amount.minor());
        let mut key = refund.idempotency_key().to_owned();
        if rules.broken == Some(Broken::FreshKeys) {
            world.tries += 1;
            key = format!("{key}/{}", world.tries);
        }
        let before = world.mercado_pago.clone();
        let answer = world.mercado_pago.refund(payment, amount, &key);
        if rules.tells_of_our_refunds && world.mercado_pago != before {
            world.notify(payment, rules);
        }
        let mut ways = Vec::new();
        if self.left.lost_answers > 0 {
            let mut lost = world.clone();
            lost.left.lost_answers -= 1;
            lost.processes[at].next_due();
            ways.push((format!("asks for {key}, and the answer is lost"), lost));
        }
        let what = match &answer {
            Answer::Made(made) => format!("asks for {key}: {} is given back", made.amount),
            Answer::Refused => format!("asks for {key}: refused"),
        };
        world.processes[at].enter(Change::Conclude { refund: refund.id.clone(), answer });
        ways.push((what, world));
        ways
    }
}

impl Change {
    fn word(&self) -> &'static str {
        match self {
            Self::Settle { .. } => "what it fetched",
            Self::See { .. } => "what was listed",
            Self::Conclude { .. } => "the outcome of a refund",
            Self::Ask { .. } => "the intent of a refund",
            Self::Cash => "that cash was taken",
            Self::Void => "that the sale is withdrawn",
            Self::PaidElsewhere => "that it was paid elsewhere",
        }
    }
}
