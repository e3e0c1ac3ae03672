//! Secrets that come from outside: environment variables and files.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;

use crate::chain::SecretAt;

/// Where secrets are looked up.
pub struct Sources {
    folder: PathBuf,
    variable: Box<Variable>,
}

type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Sources {
    /// Those of this process: its environment, and files beside the chain's.
    #[must_use]
    pub fn of_process(folder: PathBuf) -> Self {
        Self { folder, variable: Box::new(|name| std::env::var(name).ok()) }
    }

    /// Variables of one's own.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { folder: PathBuf::new(), variable: Box::new(variable) }
    }

    /// The secret of a place, without the line end that files have.
    pub fn read(&self, at: &SecretAt) -> Result<SecretString> {
        let (text, place) = match at {
            SecretAt::Env(name) => {
                let text = (self.variable)(name).filter(|text| !text.trim().is_empty());
                let text = text.with_context(|| format!("the environment variable {name} is not set"))?;
                (text, format!("the environment variable {name}"))
            }
            SecretAt::File(path) => {
                let path = self.folder.join(path);
                let text = std::fs::read_to_string(&path);
                (text.with_context(|| format!("cannot read {}", path.display()))?, path.display().to_string())
            }
        };
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("{place} must hold the secret alone: one word without spaces");
        }
        Ok(SecretString::from(text.to_owned()))
    }
}
