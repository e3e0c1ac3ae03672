//! Holds every answer of the running system against `docs/api.yaml`: route, status, content type and body.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::Answer;

struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let text = include_str!("../docs/api.yaml");
        let document = serde_yaml_ng::from_str(text).expect("docs/api.yaml is YAML");
        Contract { document, validators: Mutex::default() }
    })
}

/// Asserts that an answer is one that the document promises.
///
/// # Panics
/// When it is not.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let contract = contract();
    let Some((route, operation)) = contract.operation(method, path) else { return };
    let status = answer.status.to_string();
    let responses = &operation["responses"];
    let (key, response) = match &responses[&status] {
        Value::Null => ("default", contract.resolve(&responses["default"])),
        response => (status.as_str(), contract.resolve(response)),
    };
    let content_type = answer.header("content-type").split(';').next().unwrap_or_default();
    let schema = &response["content"][content_type]["schema"];
    let place = format!("{method} {route} {key} {content_type}");
    assert!(!schema.is_null(), "docs/api.yaml does not tell of {place} ({status}): {}", answer.text);
    let validator = contract.validator(&place, schema);
    let body = if content_type.ends_with("json") { answer.json.clone() } else { json!(answer.text) };
    if let Err(error) = validator.validate(&body) {
        panic!(
            "{place} is not what docs/api.yaml says: {error} at {}: {}",
            error.instance_path(),
            answer.text
        );
    }
}

/// Every route of the document, as `METHOD /path`.
#[must_use]
pub fn routes() -> Vec<String> {
    let paths = contract().document["paths"].as_object().into_iter().flatten();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods =
            methods.as_object().into_iter().flatten().map(|(method, _)| method.to_ascii_uppercase());
        methods
            .filter(|method| matches!(method.as_str(), "GET" | "POST" | "PUT"))
            .map(|method| format!("{method} {path}"))
            .collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

impl Contract {
    /// The operation that a request is, and its path as the document writes it.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let method = method.to_ascii_lowercase();
        let matches = |template: &str| {
            let (mut given, mut wanted) = (path.split('/'), template.split('/'));
            loop {
                match (given.next(), wanted.next()) {
                    (None, None) => return true,
                    (Some(given), Some(wanted))
                        if given == wanted || (wanted.starts_with('{') && !given.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        let paths = self.document["paths"].as_object()?;
        let (template, item) =
            paths.iter().find(|(template, item)| matches(template) && !item[&method].is_null())?;
        Some((template, &item[&method]))
    }

    /// What a `$ref` stands for.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                self.document.pointer(reference.trim_start_matches('#')).expect("a $ref that leads somewhere")
            }
            None => value,
        }
    }

    fn validator(&self, place: &str, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let made = validators.entry(place.to_owned()).or_insert_with(|| {
            let whole = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": self.document["components"], "allOf": [schema],
            });
            Arc::new(jsonschema::validator_for(&whole).expect("docs/api.yaml has valid schemas"))
        });
        Arc::clone(made)
    }
}
