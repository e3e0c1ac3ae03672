//! The query of a request.

use axum::extract::RawQuery;

use crate::error::ApiError;

/// The parameters of a query in their order.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of a request.
    pub fn new(RawQuery(raw): RawQuery) -> Self {
        let raw = raw.unwrap_or_default();
        Self(
            reqwest::Url::parse(&format!("http://query/?{raw}"))
                .map_or_else(|_| Vec::new(), |url| url.query_pairs().into_owned().collect()),
        )
    }

    /// The value of a parameter; an empty one counts as not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The first parameter that is not known.
    pub fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }

    /// A number up to a limit.
    pub fn number(&self, name: &str, usual: usize, most: usize, wrong: &ApiError) -> Result<usize, ApiError> {
        match self.get(name).map(str::parse) {
            None => Ok(usual),
            Some(Ok(number)) if number <= most => Ok(number),
            Some(_) => Err(wrong.clone()),
        }
    }
}
