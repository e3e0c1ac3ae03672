//! The time, as one process reads it.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

/// A clock. It is made where a process starts and handed on, so that whoever decides by the time can be given another
/// one: clocks of two processes differ, and a test owns its own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> OffsetDateTime + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::of(OffsetDateTime::now_utc)
    }

    /// Any other clock.
    #[must_use]
    pub fn of(read: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
