//! Chance, from one seed.

use std::sync::{Mutex, PoisonError};

/// A source of chance. All of a world's chance comes from one, in the order in which things happen, so that the same
/// seed plays the same story.
#[derive(Debug)]
pub struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    /// Chance of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// True so many times in a thousand.
    pub fn happens(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.draw(|rng| rng.u32(..1_000)) < per_mille
    }

    /// A number from the first to the last, both included.
    pub fn between(&self, first: u64, last: u64) -> u64 {
        self.draw(|rng| rng.u64(first..=last))
    }

    /// A span of milliseconds of which short ones are as probable as long ones: each doubling has the same chance.
    pub fn span(&self, shortest: u64, longest: u64) -> u64 {
        let doublings = u64::from(longest.max(1).ilog2().saturating_sub(shortest.max(1).ilog2()));
        let least = shortest.max(1) << self.between(0, doublings);
        self.between(least, (least * 2).min(longest.max(least)))
    }

    /// One of several.
    ///
    /// # Panics
    /// When there is none.
    pub fn one_of<T: Copy>(&self, all: &[T]) -> T {
        let last = u64::try_from(all.len()).expect("a length") - 1;
        all[usize::try_from(self.between(0, last)).expect("a place")]
    }
}
