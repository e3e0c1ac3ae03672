//! What the parts of one simulator share.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::buyer::scan::Scans;
use crate::calls::Calls;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::news::News;
use crate::outside::Outside;
use crate::world::{Change, World};

/// What a simulator is made of, beside its world.
pub struct Parts {
    /// Where it listens, or pretends to.
    pub base: String,
    /// Whether scans ask the seller's server by themselves.
    pub auto_poll: bool,
    /// The time.
    pub clock: Clock,
    /// For callbacks and notifications.
    pub outside: Arc<dyn Outside>,
    /// What decides whether something goes wrong.
    pub rng: fastrand::Rng,
    /// What ids that look random are made of. They do not come from `rng`: a call more would change what goes wrong after
    /// it.
    pub ids: fastrand::Rng,
}

/// One simulator. Nothing here is global: many run in one process.
pub struct App {
    /// Where it listens: `http://127.0.0.1:9001`.
    pub base: String,
    /// Whether scans ask the seller's server by themselves.
    pub auto_poll: bool,
    /// The time.
    pub clock: Clock,
    /// For callbacks and notifications.
    pub outside: Arc<dyn Outside>,
    /// Sellers, stores, orders, payments.
    pub world: Mutex<World>,
    /// What goes wrong.
    pub faults: Mutex<Faults>,
    /// Phones that scanned.
    pub scans: Mutex<Scans>,
    /// What was notified.
    pub news: News,
    /// What was called.
    pub calls: Mutex<Calls>,
    /// Chance, from the seed.
    pub rng: Mutex<fastrand::Rng>,
    /// Told when the world changed, to write it down.
    pub changed: Notify,
    /// Held while the world is written down.
    pub writing: Mutex<()>,
    ids: Mutex<fastrand::Rng>,
    tasks: Mutex<JoinSet<()>>,
}

/// A lock whose data is used even after a panic elsewhere: every change of it is made in one step.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// A simulator of that world.
    pub fn new(parts: Parts, world: World) -> Self {
        Self {
            base: parts.base,
            auto_poll: parts.auto_poll,
            clock: parts.clock,
            outside: parts.outside,
            world: Mutex::new(world),
            faults: Mutex::default(),
            scans: Mutex::new(Scans(BTreeMap::new())),
            news: News::default(),
            calls: Mutex::default(),
            rng: Mutex::new(parts.rng),
            ids: Mutex::new(parts.ids),
            changed: Notify::new(),
            writing: Mutex::default(),
            tasks: Mutex::default(),
        }
    }

    /// The world, to be read.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// A copy of the switches.
    pub fn faults(&self) -> Faults {
        lock(&self.faults).clone()
    }

    /// Changes the world, has it written down, and tells whom it concerns.
    pub fn change<T>(self: &Arc<Self>, act: impl FnOnce(&mut World) -> (T, Vec<Change>)) -> T {
        let (outcome, changes) = act(&mut self.world());
        self.changed.notify_one();
        self.announce(&changes);
        outcome
    }

    /// An id that looks random.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(lock(&self.ids).u128(..).to_be_bytes()).into_uuid()
    }

    /// Runs something beside the requests until the simulator stops.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Ends what runs beside the requests.
    pub fn stop(&self) {
        lock(&self.tasks).abort_all();
    }
}
