//! The environment that a function is started with. It is read in `main` and nowhere else.

/// A function cannot start with this environment.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {rule}")]
pub struct ConfigError {
    name: String,
    rule: String,
}

impl ConfigError {
    /// `name` breaks `rule`.
    #[must_use]
    pub fn new(name: &str, rule: &str) -> Self {
        Self { name: name.to_owned(), rule: rule.to_owned() }
    }
}

/// Access to environment variables, whose errors name the variable.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment;

impl Environment {
    /// A variable that must be set and not empty.
    pub fn required(self, name: &str) -> Result<String, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::new(name, "is not set"))
    }

    /// A variable; empty counts as not set.
    #[must_use]
    pub fn optional(self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}
