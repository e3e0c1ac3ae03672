//! Intrinsic functions of CloudFormation, as far as templates use them for values that matter here.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

use super::{Names, TemplateError};

/// Values that intrinsics may name.
pub(super) struct Scope<'a> {
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) conditions: &'a Value,
    pub(super) names: &'a Names,
}

impl Scope<'_> {
    /// A value with every intrinsic in it resolved, as JSON. `at` names the place for errors.
    pub(super) fn json(&self, at: &str, value: &Value) -> Result<serde_json::Value, TemplateError> {
        use serde_json::Value as Json;
        if let Some((function, argument)) = intrinsic(value) {
            return self.call(at, &function, argument);
        }
        Ok(match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => serde_json::to_value(number).unwrap_or(Json::Null),
            Value::String(text) => Json::String(text.clone()),
            Value::Sequence(items) => {
                Json::Array(items.iter().map(|item| self.json(at, item)).collect::<Result<_, _>>()?)
            }
            Value::Mapping(entries) => {
                let mut map = serde_json::Map::new();
                for (key, value) in entries {
                    let key = key.as_str().unwrap_or_default();
                    map.insert(key.to_owned(), self.json(&format!("{at}.{key}"), value)?);
                }
                Json::Object(map)
            }
            Value::Tagged(tagged) => {
                return Err(TemplateError(format!("{at}: {} is not understood", tagged.tag)));
            }
        })
    }

    /// A value as text.
    pub(super) fn text(&self, at: &str, value: &Value) -> Result<String, TemplateError> {
        match self.json(at, value)? {
            serde_json::Value::String(text) => Ok(text),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            serde_json::Value::Bool(value) => Ok(value.to_string()),
            _ => Err(TemplateError(format!("{at}: must be text"))),
        }
    }

    fn call(&self, at: &str, function: &str, argument: &Value) -> Result<serde_json::Value, TemplateError> {
        let text = |value: String| Ok(serde_json::Value::String(value));
        let unknown =
            |what: &str| TemplateError(format!("{at}: {function} names {what}, which does not exist"));
        match function {
            "Ref" => {
                let name = argument.as_str().unwrap_or_default();
                text(self.reference(name).ok_or_else(|| unknown(name))?)
            }
            "GetAtt" => {
                let name = match argument {
                    Value::Sequence(parts) => {
                        parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".")
                    }
                    other => other.as_str().unwrap_or_default().to_owned(),
                };
                text(self.names.attributes.get(&name).cloned().ok_or_else(|| unknown(&name))?)
            }
            "Sub" => {
                let pattern = argument
                    .as_str()
                    .ok_or_else(|| TemplateError(format!("{at}: only Fn::Sub of one text is understood")))?;
                text(self.substitute(at, pattern)?)
            }
            "Join" => {
                let parts = self.json(at, argument.get(1).unwrap_or(&Value::Null))?;
                let parts = parts.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
                let glue = argument.get(0).and_then(Value::as_str).unwrap_or_default();
                text(parts.collect::<Vec<_>>().join(glue))
            }
            "If" => {
                let name = argument.get(0).and_then(Value::as_str).unwrap_or_default();
                let condition = self.conditions.get(name).ok_or_else(|| unknown(name))?;
                let branch = if self.holds(at, condition)? { 1 } else { 2 };
                self.json(at, argument.get(branch).unwrap_or(&Value::Null))
            }
            "Equals" | "Not" | "And" | "Or" | "Condition" => {
                Ok(serde_json::Value::Bool(self.condition(at, function, argument)?))
            }
            other => Err(TemplateError(format!("{at}: the intrinsic {other} is not understood"))),
        }
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, at: &str, condition: &Value) -> Result<bool, TemplateError> {
        match intrinsic(condition) {
            Some((function, argument)) => self.condition(at, &function, argument),
            None => Err(TemplateError(format!("{at}: is no condition"))),
        }
    }

    fn condition(&self, at: &str, function: &str, argument: &Value) -> Result<bool, TemplateError> {
        let all = || {
            argument
                .as_sequence()
                .into_iter()
                .flatten()
                .map(|part| self.holds(at, part))
                .collect::<Result<Vec<_>, _>>()
        };
        match function {
            "Equals" => {
                let side = |index: usize| self.text(at, argument.get(index).unwrap_or(&Value::Null));
                Ok(side(0)? == side(1)?)
            }
            "Not" => Ok(!all()?.into_iter().any(|part| part)),
            "And" => Ok(all()?.into_iter().all(|part| part)),
            "Or" => Ok(all()?.into_iter().any(|part| part)),
            "Condition" => {
                let name = argument.as_str().unwrap_or_default();
                let condition = self.conditions.get(name);
                self.holds(
                    at,
                    condition.ok_or_else(|| TemplateError(format!("{at}: there is no condition {name}")))?,
                )
            }
            other => Err(TemplateError(format!("{at}: {other} is no condition"))),
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        self.parameters.get(name).or_else(|| self.names.refs.get(name)).cloned()
    }

    fn substitute(&self, at: &str, pattern: &str) -> Result<String, TemplateError> {
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| TemplateError(format!("{at}: ${{ without }}")))?;
            let value = self.reference(name).or_else(|| self.names.attributes.get(name).cloned());
            out.push_str(before);
            out.push_str(
                &value.ok_or_else(|| {
                    TemplateError(format!("{at}: Fn::Sub names {name}, which does not exist"))
                })?,
            );
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The name and the argument of an intrinsic, in its short (`!Ref x`) or its long form (`Fn::If: […]`).
pub(super) fn intrinsic(value: &Value) -> Option<(String, &Value)> {
    match value {
        Value::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            Some((name.trim_start_matches('!').to_owned(), &tagged.value))
        }
        Value::Mapping(entries) if entries.len() == 1 => {
            let (key, argument) = entries.iter().next()?;
            let key = key.as_str()?;
            let name = match key {
                "Ref" | "Condition" => key,
                key => key.strip_prefix("Fn::")?,
            };
            Some((name.to_owned(), argument))
        }
        _ => None,
    }
}
