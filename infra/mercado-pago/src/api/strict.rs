//! Reading the bodies of the Orders API, which refuses what it does not know.
//!
//! The codes are documented; that `details` names the property is inferred.

use crate::error::OrderError;
use crate::json::Json;

/// A property with its path.
pub struct Property<'a> {
    path: String,
    value: &'a Json,
}

impl<'a> Property<'a> {
    /// A whole body.
    pub fn root(value: &'a Json) -> Self {
        Self { path: String::new(), value }
    }

    /// Requires an object of these members only.
    pub fn object(self, known: &[&str]) -> Result<Self, OrderError> {
        if !self.value.is_object() {
            return Err(self.wrong_type("must be an object"));
        }
        match self.value.unknown(known) {
            Some(name) => Err(OrderError::new(
                400,
                "unsupported_properties",
                "The request has properties that are not supported",
            )
            .because(self.below(name))),
            None => Ok(self),
        }
    }

    /// A member, given or not.
    pub fn member(&self, name: &str) -> Property<'a> {
        Property { path: self.below(name), value: self.value.get(name) }
    }

    /// A member that must be given.
    pub fn required(&self, name: &str) -> Result<Property<'a>, OrderError> {
        let member = self.member(name);
        if member.value.is_null() {
            return Err(OrderError::new(400, "required_properties", "The request lacks required properties")
                .because(member.path));
        }
        Ok(member)
    }

    /// A member when it is given.
    pub fn optional(&self, name: &str) -> Option<Property<'a>> {
        Some(self.member(name)).filter(|member| !member.value.is_null())
    }

    /// The value.
    pub fn value(&self) -> &'a Json {
        self.value
    }

    /// The string.
    pub fn text(&self) -> Result<&'a str, OrderError> {
        self.value.text().ok_or_else(|| self.wrong_type("must be a string"))
    }

    /// A string of at most so many characters, and of one at least.
    pub fn short_text(&self, longest: usize) -> Result<&'a str, OrderError> {
        let text = self.text()?;
        if (1..=longest).contains(&text.chars().count()) {
            Ok(text)
        } else {
            Err(self.wrong(&format!("must have from 1 to {longest} characters")))
        }
    }

    /// One of some words.
    pub fn word(&self, words: &[&str]) -> Result<&'a str, OrderError> {
        let text = self.text()?;
        if words.contains(&text) {
            Ok(text)
        } else {
            Err(self.wrong(&format!("must be one of {}", words.join(", "))))
        }
    }

    /// The one item of a list.
    pub fn only_item(&self) -> Result<Property<'a>, OrderError> {
        match self.list()? {
            [item] => Ok(Property { path: format!("{}[0]", self.path), value: item }),
            _ => Err(self.wrong("must have exactly one item")),
        }
    }

    /// The items of a list.
    pub fn items(&self) -> Result<Vec<Property<'a>>, OrderError> {
        let items = self.list()?.iter().enumerate();
        Ok(items.map(|(at, value)| Property { path: format!("{}[{at}]", self.path), value }).collect())
    }

    fn list(&self) -> Result<&'a [Json], OrderError> {
        self.value.list().ok_or_else(|| self.wrong_type("must be a list"))
    }

    /// The error of a value that cannot be.
    pub fn wrong(&self, why: &str) -> OrderError {
        OrderError::new(400, "property_value", "A property has a value that is not valid")
            .because(format!("{} {why}", self.path))
    }

    fn wrong_type(&self, why: &str) -> OrderError {
        let path = if self.path.is_empty() { "the body" } else { &self.path };
        OrderError::new(400, "property_type", "A property has a wrong type").because(format!("{path} {why}"))
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Reads a body.
pub fn parse(bytes: &[u8]) -> Result<Json, OrderError> {
    Json::parse(bytes).map_err(|error| {
        OrderError::new(400, "bad_request", "The request body is not valid JSON").because(error.to_string())
    })
}

/// Minor units of a text with exactly the currency's decimals, as the guide wants it (the reference also takes none).
pub fn amount(property: &Property<'_>, decimals: u32) -> Result<i64, OrderError> {
    let text = property.text()?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let exact = fraction.map_or(0, str::len) == decimals as usize && fraction != Some("");
    let plain = whole == "0" || !whole.starts_with('0');
    let minor = crate::amount::minor_units(text, decimals).ok().filter(|minor| exact && plain && *minor > 0);
    minor
        .ok_or_else(|| property.wrong(&format!("must be a positive amount with exactly {decimals} decimals")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_exactly_the_decimals_of_its_currency() {
        let read = |text: &str, decimals| amount(&Property::root(&Json::from(text)), decimals).ok();
        assert_eq!(
            (read("24.90", 2), read("0.01", 2), read("15000", 0)),
            (Some(2_490), Some(1), Some(15_000))
        );
        for (wrong, decimals) in [
            ("24.9", 2),
            ("24", 2),
            ("24.900", 2),
            ("024.90", 2),
            ("-1.00", 2),
            ("0.00", 2),
            ("1,00", 2),
            ("15000.00", 0),
            ("15000.", 0),
        ] {
            assert_eq!(read(wrong, decimals), None, "{wrong}");
        }
    }
}
