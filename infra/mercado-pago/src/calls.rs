//! How often each route of the API was called.

use std::collections::BTreeMap;

use crate::json::{Json, object};

/// Counts by route, then by the status that was answered.
#[derive(Debug, Default)]
pub struct Calls(BTreeMap<String, BTreeMap<u16, u64>>);

impl Calls {
    /// Counts a call. Status 0: no answer left the simulator.
    pub fn count(&mut self, route: String, status: u16) {
        *self.0.entry(route).or_default().entry(status).or_default() += 1;
    }

    /// How often a route (`GET /v1/payments/{id}`) was called.
    pub fn of(&self, route: &str) -> u64 {
        self.0.get(route).map_or(0, |statuses| statuses.values().sum())
    }

    /// All of them.
    pub fn render(&self) -> Json {
        let total: u64 = self.0.values().flat_map(BTreeMap::values).sum();
        let routes: Vec<Json> = self
            .0
            .iter()
            .map(|(route, statuses)| {
                let by_status =
                    statuses.iter().map(|(status, count)| (status.to_string(), Json::from(*count))).collect();
                object! {
                    "route": route.as_str(),
                    "calls": statuses.values().sum::<u64>(),
                    "statuses": Json::Object(by_status),
                }
            })
            .collect();
        object! {"total": total, "routes": routes}
    }
}
