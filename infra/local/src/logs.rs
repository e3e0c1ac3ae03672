//! What functions write.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// One line of a function's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Logical id of the function.
    pub function: String,
    /// Number of its process.
    pub instance: u64,
    /// The line.
    pub line: String,
}

/// The latest lines.
#[derive(Debug)]
pub(crate) struct Logs {
    lines: Mutex<VecDeque<LogLine>>,
    echo: bool,
}

/// Lines that are kept.
const MOST: usize = 20_000;

impl Logs {
    pub(crate) fn new(echo: bool) -> Self {
        Self { lines: Mutex::default(), echo }
    }

    pub(crate) fn push(&self, function: &str, instance: u64, line: String) {
        if self.echo {
            println!("{function}: {line}");
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(LogLine { function: function.to_owned(), instance, line });
    }

    pub(crate) fn all(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
