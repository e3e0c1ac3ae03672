//! `chain.toml` as it is written. What its values must be is checked afterwards, so that one run tells of everything.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::problems::{Problem, Problems, line};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub accounts: BTreeMap<Spanned<String>, Account>,
    #[serde(default)]
    pub stations: BTreeMap<Spanned<String>, Station>,
    pub oauth: Option<Spanned<OAuth>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth {
    pub client_id: Number,
    pub client_secret: Option<Spanned<Value>>,
    pub application: Option<Spanned<String>>,
    #[serde(default)]
    pub webhook_secrets: Vec<Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub country: Spanned<String>,
    pub collector_id: Spanned<Number>,
    pub brand: Option<String>,
    pub sponsor_id: Option<Spanned<Number>>,
    #[serde(default = "yes")]
    pub live: bool,
    pub point: Option<Spanned<String>>,
    pub client_id: Option<Spanned<Number>>,
    pub access_token: Option<Spanned<Value>>,
    pub oauth: Option<Spanned<bool>>,
    #[serde(default)]
    pub webhook_secrets: Vec<Spanned<Value>>,
    pub unverified: Option<Spanned<String>>,
    // What its stations have where they say nothing themselves.
    pub lookup: Option<Spanned<String>>,
    pub hours: Option<Spanned<Value>>,
    pub time_zone: Option<Spanned<String>>,
    pub silence_limit: Option<Spanned<i64>>,
    pub loyalty: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Station {
    pub account: Spanned<String>,
    pub name: Spanned<String>,
    pub address: Spanned<Address>,
    pub hours: Option<Spanned<Value>>,
    pub time_zone: Option<Spanned<String>>,
    pub silence_limit: Option<Spanned<i64>>,
    pub lookup: Option<Spanned<String>>,
    pub loyalty: Option<Spanned<String>>,
    pub site_id: Option<Spanned<Number>>,
    pub store: Option<Spanned<String>>,
    pub positions: Spanned<Value>,
    #[serde(default)]
    pub terminals: Vec<Spanned<Terminal>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    pub street: String,
    pub number: Number,
    pub city: String,
    pub state: String,
    pub latitude: f64,
    pub longitude: f64,
    pub zip_code: Option<Number>,
    pub reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terminal {
    pub serial: String,
    pub position: Option<Number>,
    pub till: Option<Number>,
    pub pos: Option<String>,
}

/// A number, or a text: people write both.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a text or a whole number")]
pub(super) enum Number {
    Integer(i64),
    Text(String),
}

impl Number {
    pub fn text(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => text.trim().to_owned(),
        }
    }
}

fn yes() -> bool {
    true
}

/// Reads the file as TOML with these tables and fields.
pub(super) fn read(text: &str) -> Result<File, Problems> {
    toml::from_str(text).map_err(|error| {
        let line = line(text, error.span().map_or(0, |span| span.start));
        let rule = error.message().trim().to_owned();
        Problems(vec![Problem { line, field: table_at(text, line), rule }])
    })
}

/// The table that a line is in, as its header names it.
fn table_at(text: &str, line: usize) -> String {
    let headers = text.lines().take(line).filter_map(|line| line.trim().strip_prefix('['));
    headers.last().and_then(|header| header.split(']').next()).unwrap_or_default().to_owned()
}
