//! `/v1/chargebacks`. The reference and the SDKs document two shapes; both are read.

use serde::Deserialize;
use time::OffsetDateTime;

use super::wire::{self, Text};
use crate::id::{PaymentId, ResourceId};
use crate::sale::{self, DocumentationStatus};

/// A chargeback, in either of the two shapes that are documented.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chargeback {
    id: Text,
    #[serde(deserialize_with = "wire::list")]
    payments: Vec<Text>,
    payment_id: Text,
    currency: Text,
    currency_id: Text,
    amount: Text,
    reason: Text,
    reason_id: Text,
    #[serde(deserialize_with = "wire::optional")]
    coverage_applied: Option<bool>,
    #[serde(rename = "coverage_elegible", deserialize_with = "wire::optional")]
    coverage_eligible: Option<bool>,
    #[serde(deserialize_with = "wire::optional")]
    documentation_required: Option<bool>,
    documentation_status: Text,
    date_documentation_deadline: Text,
    date_created: Text,
    date_last_updated: Text,
    last_modified: Text,
}

/// An answer of `/v1/chargebacks/search`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChargebackSearch {
    /// The chargebacks of this page.
    #[serde(deserialize_with = "wire::list")]
    pub results: Vec<Chargeback>,
}

impl Chargeback {
    /// The payments that are taken back, each once: a document may have both shapes in it.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentId> {
        let told = self.payments.iter().chain([&self.payment_id]);
        let mut payments: Vec<_> = told.filter_map(|id| PaymentId::parse(id.as_deref()?).ok()).collect();
        payments.sort();
        payments.dedup();
        payments
    }

    /// The facts of the one that was asked for by its id.
    #[must_use]
    pub fn fact(self, id: ResourceId) -> sale::Chargeback {
        let payments = self.payments();
        let dates = [&self.date_last_updated, &self.last_modified, &self.date_created];
        let updated_at = dates.into_iter().find_map(Text::time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        sale::Chargeback {
            updated_at,
            documentation_status: self.documentation_status.into_inner().map(DocumentationStatus),
            coverage_applied: self.coverage_applied,
            coverage_eligible: self.coverage_eligible,
            documentation_required: self.documentation_required,
            documentation_deadline: self.date_documentation_deadline.time(),
            amount: [&self.currency, &self.currency_id].into_iter().find_map(|of| self.amount.money(of)),
            reason: self.reason.into_inner().or(self.reason_id.into_inner()),
            created_at: self.date_created.time(),
            payments,
            id,
        }
    }
}

impl ChargebackSearch {
    /// The facts of those that take a payment back. Others may be among them: how the search takes a payment is not
    /// documented, and a parameter that it does not know may be passed over.
    pub fn of(self, payment: &PaymentId) -> impl Iterator<Item = sale::Chargeback> {
        let facts = self.results.into_iter().filter_map(|found| {
            let id = ResourceId::parse(found.id.as_deref()?).ok()?;
            Some(found.fact(id))
        });
        facts.filter(move |fact| fact.payments.contains(payment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn fact(body: &str) -> sale::Chargeback {
        serde_json::from_str::<Chargeback>(body).unwrap().fact(ResourceId::parse("217000061").unwrap())
    }

    fn ids(payments: &[PaymentId]) -> String {
        payments.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_shape_of_the_reference_is_read() {
        let fact = fact(
            r#"{"id":"217000061680860000","payments":[13340009020,"2"],"payment_id":2,"currency":"ARS","amount":98.1,
                "reason":"general","coverage_applied":null,"coverage_elegible":true,"documentation_required":true,
                "documentation_status":"pending","documentation":[],
                "date_documentation_deadline":"2026-12-02T00:00:00.000-04:00","date_created":"2026-11-22T10:00:00.000-04:00",
                "date_last_updated":"2026-11-22T11:00:00.000-04:00","live_mode":true}"#,
        );
        assert_eq!(ids(&fact.payments), "13340009020 2");
        assert_eq!(fact.amount.map(crate::money::Money::minor), Some(9_810));
        assert_eq!(fact.documentation_deadline, Some(datetime!(2026-12-02 04:00 UTC)));
        assert_eq!(fact.updated_at, datetime!(2026-11-22 15:00 UTC));
        assert_eq!(fact.documentation_status, Some(DocumentationStatus("pending".to_owned())));
        let flags = (fact.documentation_required, fact.coverage_applied, fact.coverage_eligible);
        assert_eq!(flags, (Some(true), None, Some(true)));
    }

    #[test]
    fn the_shape_of_the_sdks_is_read() {
        let fact = fact(
            r#"{"id":5,"payment_id":"3","status":"in_review","currency_id":"CLP","amount":"5000","reason_id":"fraud",
                "last_modified":"2026-11-22T15:00:00Z"}"#,
        );
        assert_eq!((ids(&fact.payments), fact.reason.as_deref()), ("3".to_owned(), Some("fraud")));
        assert_eq!(fact.amount.map(crate::money::Money::minor), Some(5_000));
        assert_eq!(fact.updated_at, datetime!(2026-11-22 15:00 UTC));
        assert_eq!((fact.documentation_status, fact.documentation_deadline), (None, None));
    }

    #[test]
    fn odd_types_are_absent_and_do_not_break_the_rest() {
        let fact = fact(
            r#"{"id":[],"payments":7,"payment_id":3,"currency":null,"amount":{"x":1},"coverage_applied":"no",
                "documentation_required":1,"documentation_status":false,"date_documentation_deadline":"soon",
                "date_created":"2026-11-22T15:00:00Z","date_last_updated":null}"#,
        );
        assert_eq!((ids(&fact.payments), fact.amount), ("3".to_owned(), None));
        assert_eq!((fact.documentation_required, fact.documentation_status), (None, None));
        assert_eq!(fact.updated_at, datetime!(2026-11-22 15:00 UTC));
        assert_eq!(serde_json::from_str::<Chargeback>("{}").unwrap().payments(), []);
    }

    #[test]
    fn of_what_a_search_finds_only_the_payments_own_counts() {
        let body = r#"{"results":[{"id":"8","payments":[1]},{"id":"9","payment_id":2},{"payments":[2]},{"id":"?","payments":[2]}]}"#;
        let found: ChargebackSearch = serde_json::from_str(body).unwrap();
        let ids: Vec<_> = found.of(&PaymentId::parse("2").unwrap()).map(|fact| fact.id.to_string()).collect();
        assert_eq!(ids, ["9"]);
        for empty in ["{}", r#"{"results":null}"#, r#"{"results":"none"}"#] {
            assert!(serde_json::from_str::<ChargebackSearch>(empty).unwrap().results.is_empty());
        }
    }
}
