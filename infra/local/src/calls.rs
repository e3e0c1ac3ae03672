//! How often functions called each service: the figures behind "one read, one write".

use std::collections::BTreeMap;

/// Calls so far, by service and operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(pub(crate) BTreeMap<(String, String), u64>);

impl Calls {
    pub(crate) fn count(&mut self, service: &str, operation: &str) {
        *self.0.entry((service.to_owned(), operation.to_owned())).or_default() += 1;
    }

    /// Calls of one operation: `of("DynamoDB", "Query")`.
    #[must_use]
    pub fn of(&self, service: &str, operation: &str) -> u64 {
        self.0.get(&(service.to_owned(), operation.to_owned())).copied().unwrap_or(0)
    }

    /// All calls.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
