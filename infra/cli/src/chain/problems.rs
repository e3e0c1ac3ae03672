//! What is wrong with a chain's file.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What it is about: `stations.6232.address.city`.
    pub field: String,
    /// The rule that is broken, and how to keep it.
    pub rule: String,
}

/// All that is wrong, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            let Problem { line, field, rule } = problem;
            let end = if number == 0 { "" } else { "\n" };
            if field.is_empty() {
                write!(f, "{end}line {line}: {rule}")?;
            } else {
                write!(f, "{end}line {line}: {field} {rule}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The line of a place in a text.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1)
}
