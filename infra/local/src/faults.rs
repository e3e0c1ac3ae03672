//! What goes wrong at AWS's stand-ins, as switches.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error of this code, and nothing is done.
    Error(String),
    /// It is done, and the connection breaks before the answer is whole.
    LoseAnswer,
    /// It takes longer.
    Delay(Duration),
    /// No answer ever.
    Hang,
}

#[derive(Clone, Debug)]
struct Rule {
    service: String,
    operation: String,
    fault: Fault,
    left: Option<u32>,
}

/// The switches. A rule is for one operation of one service, for some calls or for all; the oldest that matches counts.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    /// Answers an error: `fail("DynamoDB", "Query", "ThrottlingException", Some(2))`.
    pub fn fail(&self, service: &str, operation: &str, code: &str, calls: Option<u32>) {
        self.add(service, operation, Fault::Error(code.to_owned()), calls);
    }

    /// Does it, and loses the answer.
    pub fn lose_answer(&self, service: &str, operation: &str, calls: Option<u32>) {
        self.add(service, operation, Fault::LoseAnswer, calls);
    }

    /// Answers late.
    pub fn delay(&self, service: &str, operation: &str, by: Duration, calls: Option<u32>) {
        self.add(service, operation, Fault::Delay(by), calls);
    }

    /// Never answers.
    pub fn hang(&self, service: &str, operation: &str, calls: Option<u32>) {
        self.add(service, operation, Fault::Hang, calls);
    }

    /// Everything works again.
    pub fn clear(&self) {
        self.rules().clear();
    }

    fn add(&self, service: &str, operation: &str, fault: Fault, left: Option<u32>) {
        let (service, operation) = (service.to_owned(), operation.to_owned());
        self.rules().push(Rule { service, operation, fault, left });
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, service: &str, operation: &str) -> Option<Fault> {
        let mut rules = self.rules();
        let found = rules.iter().position(|rule| rule.service == service && rule.operation == operation)?;
        let rule = rules.get_mut(found)?;
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.left {
            *left -= 1;
            if *left == 0 {
                rules.remove(found);
            }
        }
        Some(fault)
    }
}
