//! What people and programs see: text with colours where a terminal is, or JSON; progress on the error stream.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Where text goes.
pub(crate) struct Screen {
    json: bool,
    colour: anstream::ColorChoice,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const CHANGED: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// A text in a style.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

impl Screen {
    pub(crate) fn new(json: bool, colour: ColorChoice) -> Self {
        let colour = match colour {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { json, colour }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people.
    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        let mut out = anstream::AutoStream::new(std::io::stdout(), self.colour);
        let _ = writeln!(out, "{line}");
    }

    /// A document for programs.
    #[allow(
        clippy::unused_self,
        reason = "what is shown goes to the screen, also where it needs nothing of it"
    )]
    pub(crate) fn json(&self, document: &impl Serialize) {
        let text = serde_json::to_string_pretty(document).unwrap_or_default();
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// A line on the error stream.
    pub(crate) fn warn(&self, line: impl std::fmt::Display) {
        let mut out = anstream::AutoStream::new(std::io::stderr(), self.colour);
        let _ = writeln!(out, "{line}");
    }

    pub(crate) fn failed(&self, error: &anyhow::Error) {
        if self.json {
            self.json(&serde_json::json!({"error": format!("{error:#}")}));
        }
        self.warn(format!("{} {error:#}", styled(BAD.bold(), "surtidor:")));
    }

    /// A line that tells what is being done, gone when it is done. Only where a terminal is.
    pub(crate) fn busy(&self) -> ProgressBar {
        if self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// Counts what is done of so many: a bar on a terminal, a line at each tenth elsewhere.
    pub(crate) fn progress(&self, what: &'static str, all: usize) -> Progress<'_> {
        let terminal = std::io::stderr().is_terminal() && !self.json;
        let bar = terminal.then(|| {
            let bar = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX));
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len}, {eta} left");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar
        });
        Progress { screen: self, what, all, done: AtomicUsize::new(0), bar }
    }
}

/// How far long work is.
pub(crate) struct Progress<'a> {
    screen: &'a Screen,
    what: &'static str,
    all: usize,
    done: AtomicUsize,
    bar: Option<ProgressBar>,
}

/// Less than so much needs no progress lines.
const LONG: usize = 50;

impl Progress<'_> {
    /// One more is done.
    pub(crate) fn tick(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        let tenth = |done: usize| done.saturating_mul(10).checked_div(self.all).unwrap_or(10);
        if self.all >= LONG && tenth(done) > tenth(done.saturating_sub(1)) {
            self.screen.warn(format!("{} {done} of {}", self.what, self.all));
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
