//! Secrets and personal data that every test tells the system, and the search for them in what functions write.

use surtidor_local::LogLine;

/// The document's number of the attendant of every delivery.
pub const ATTENDANT: &str = "30777123456";

/// A text that no log may hold.
#[derive(Clone, Debug)]
pub struct Canary {
    what: &'static str,
    text: String,
}

impl Canary {
    /// `text` is a secret of the kind `what`.
    ///
    /// # Panics
    /// When the text is so short that it would be found anywhere.
    #[must_use]
    pub fn new(what: &'static str, text: &str) -> Self {
        assert!(text.len() >= 8, "{what} is too short to be searched for");
        Self { what, text: text.to_owned() }
    }
}

/// The first line that holds one of the canaries, or tells of a panic, in words for the failed test.
#[must_use]
pub fn leak(lines: &[LogLine], canaries: &[Canary]) -> Option<String> {
    lines.iter().find_map(|line| {
        let found = canaries.iter().find(|canary| line.line.contains(&canary.text)).map(|canary| canary.what);
        let what = found.or_else(|| line.line.contains("panicked").then_some("a panic"))?;
        Some(format!("{what} is in the log of {}: {}", line.function, line.line))
    })
}
