//! Notifications: what is told to whom, in which dialect, and what became of it.

mod compose;
mod deliver;
pub mod signature;

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::app::{App, lock};
use crate::clock::Moment;
use crate::faults::{Fate, happens};
use crate::world::Change;

/// The two systems of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// The feed: `topic` and `id` in the query, never verifiable.
    Ipn,
    /// Webhooks: `type` and `data.id` in the query, signed.
    Webhooks,
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On its way, or between two tries.
    Sending,
    /// Kept until released.
    Held,
    /// Never sent.
    Lost,
    /// Acknowledged with 200 or 201.
    Delivered,
    /// Given up after the last try.
    Failed,
}

/// A notification with its story.
#[derive(Debug, Clone, Serialize)]
pub struct Notification {
    /// Its number here.
    pub id: u64,
    /// The seller.
    pub account: u64,
    /// The application that acts for the seller and is told; none when it is the seller's own.
    pub application: Option<u64>,
    /// The system that sends it.
    pub dialect: Dialect,
    /// `merchant_order`, `payment`, ...
    pub topic: String,
    /// The id of what it is about.
    pub resource: String,
    /// Where it goes, query included.
    pub url: String,
    /// Its body.
    pub body: String,
    /// When it was made.
    pub created: Moment,
    /// Where it stands.
    pub state: State,
    /// Each try.
    pub tries: Vec<Try>,
}

/// One try to deliver a notification.
#[derive(Debug, Clone, Serialize)]
pub struct Try {
    /// When.
    pub at: Moment,
    /// What was sent beside the body.
    pub headers: Vec<(String, String)>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The beginning of the answer's body, or why there was none.
    pub answer: String,
}

/// The order in which held notifications are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOrder {
    /// Oldest first.
    #[default]
    Fifo,
    /// Newest first.
    Lifo,
    /// Any order, from a seed.
    Shuffle,
}

/// A log of that length is shortened by its oldest tenth, but nothing that is still to be sent.
const LONGEST_LOG: usize = 20_000;

#[derive(Default)]
struct Log {
    /// Oldest first. Numbers are given in order and kept, so they are sorted.
    kept: Vec<Notification>,
    /// The length that it is shortened at. What is still to be sent may fill it beyond [`LONGEST_LOG`]; then it is not
    /// searched for something to drop at each addition, but at each tenth more.
    full: usize,
}

impl Log {
    fn shorten(&mut self) {
        let mut surplus = self.kept.len().saturating_sub(LONGEST_LOG / 10 * 9);
        self.kept.retain(|old| {
            let goes = surplus > 0 && !matches!(old.state, State::Sending | State::Held);
            surplus -= usize::from(goes);
            !goes
        });
        self.full = LONGEST_LOG.max(self.kept.len() + LONGEST_LOG / 10);
    }
}

/// All notifications of a simulator.
pub struct News {
    log: Mutex<Log>,
    /// How many tries are due now or under way.
    busy: watch::Sender<usize>,
}

impl Default for News {
    fn default() -> Self {
        Self { log: Mutex::default(), busy: watch::Sender::new(0) }
    }
}

impl News {
    /// All of them, oldest first.
    pub fn all(&self) -> Vec<Notification> {
        lock(&self.log).kept.clone()
    }

    /// The newest ones, oldest first.
    pub fn newest(&self, count: usize) -> Vec<Notification> {
        let kept = &lock(&self.log).kept;
        kept[kept.len().saturating_sub(count)..].to_vec()
    }

    /// Forgets them.
    pub fn clear(&self) {
        lock(&self.log)
            .kept
            .retain(|notification| matches!(notification.state, State::Sending | State::Held));
    }

    /// Changes one.
    fn with<T>(&self, id: u64, act: impl FnOnce(&mut Notification) -> T) -> Option<T> {
        let kept = &mut lock(&self.log).kept;
        let at = kept.binary_search_by_key(&id, |notification| notification.id).ok()?;
        kept.get_mut(at).map(act)
    }

    /// Returns when nothing is under way that is due.
    pub async fn idle(&self) {
        // The sender lives in `self`: the channel cannot be closed.
        let _ = self.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    fn add(&self, notification: Notification) -> u64 {
        let mut log = lock(&self.log);
        let id = log.kept.last().map_or(1, |last| last.id + 1);
        if log.kept.len() >= log.full.max(LONGEST_LOG) {
            log.shorten();
        }
        log.kept.push(Notification { id, ..notification });
        id
    }
}

impl App {
    /// Tells whom changes concern.
    pub fn announce(self: &Arc<Self>, changes: &[Change]) {
        let faults = self.faults();
        let composed = {
            let world = self.world();
            let now = self.clock.now();
            changes
                .iter()
                .flat_map(|change| compose::compose(&world, change, &faults, now))
                .collect::<Vec<_>>()
        };
        let rules = &faults.notifications;
        for notification in composed {
            for _ in 0..=rules.extra_copies {
                let fate =
                    if happens(rules.chance, &mut lock(&self.rng)) { rules.fate } else { Fate::Deliver };
                let state = match fate {
                    Fate::Deliver => State::Sending,
                    Fate::Lose => State::Lost,
                    Fate::Hold => State::Held,
                };
                let id = self.news.add(Notification { state, ..notification.clone() });
                if fate == Fate::Deliver {
                    self.deliver(vec![id], rules.delay_ms);
                }
            }
        }
    }

    /// Sends what was held, one after the other, in an order. Returns the numbers in that order.
    pub fn release(self: &Arc<Self>, order: ReleaseOrder, seed: u64) -> Vec<u64> {
        let mut ids: Vec<u64> = {
            let mut log = lock(&self.news.log);
            let held = log.kept.iter_mut().filter(|notification| notification.state == State::Held);
            held.map(|notification| {
                notification.state = State::Sending;
                notification.id
            })
            .collect()
        };
        match order {
            ReleaseOrder::Fifo => {}
            ReleaseOrder::Lifo => ids.reverse(),
            ReleaseOrder::Shuffle => fastrand::Rng::with_seed(seed).shuffle(&mut ids),
        }
        self.deliver(ids.clone(), 0);
        ids
    }

    /// Sends one again, whatever became of it.
    pub fn resend(self: &Arc<Self>, id: u64) -> bool {
        let found = self.news.with(id, |notification| notification.state = State::Sending).is_some();
        if found {
            self.deliver(vec![id], 0);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_loses_what_is_over() {
        let news = News::default();
        let note = |state| Notification {
            id: 0,
            account: 1,
            application: None,
            dialect: Dialect::Ipn,
            topic: String::new(),
            resource: String::new(),
            url: String::new(),
            body: String::new(),
            created: crate::clock::Clock::default().now(),
            state,
            tries: Vec::new(),
        };
        let held = news.add(note(State::Held));
        let first = news.add(note(State::Delivered));
        let last = (0..2 * LONGEST_LOG).map(|_| news.add(note(State::Delivered))).last().unwrap();
        assert!(news.all().len() <= LONGEST_LOG);
        for (id, kept) in [(held, true), (first, false), (last, true)] {
            assert_eq!(news.with(id, |_| ()).is_some(), kept, "{id}");
        }
        for _ in 0..2 * LONGEST_LOG {
            news.add(note(State::Held));
        }
        let held = |note: &Notification| note.state == State::Held;
        assert_eq!(
            news.all().into_iter().filter(held).count(),
            2 * LONGEST_LOG + 1,
            "all are still to be sent"
        );
        for id in 1..=news.all().last().unwrap().id {
            news.with(id, |note| note.state = State::Delivered);
        }
        for _ in 0..LONGEST_LOG {
            news.add(note(State::Delivered));
        }
        assert!(news.all().len() <= LONGEST_LOG);
    }
}
