//! One world: its time, its chance, its weather, AWS and Mercado Pago, and the story of what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use simulated_mercado_pago::Simulator;
use surtidor::clock::Clock;
use surtidor_local::Disorder;
use surtidor_local::embedded::Embedded;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::books::Difference;
use crate::chance::Chance;
use crate::cloud::Pools;
use crate::weather::Weather;

/// When every story begins.
const DAWN: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

/// A world.
pub struct World {
    /// All chance.
    pub chance: Chance,
    /// The table, the queues, the secrets.
    pub aws: Embedded,
    /// Rung when a queue may have something to work off.
    pub bell: Notify,
    pub(crate) pools: Mutex<Pools>,
    mercado_pago: OnceLock<Simulator>,
    weather: Mutex<Weather>,
    tally: Mutex<BTreeMap<String, u64>>,
    story: Option<Mutex<Vec<String>>>,
    violations: Mutex<Vec<Difference>>,
    /// Charges of which Mercado Pago says that they were taken at another terminal, and whether it was heard.
    elsewhere: Mutex<BTreeMap<String, bool>>,
    /// How often Mercado Pago made a payment intent for a charge. The API before orders knows no repeat: it makes another
    /// one once the first is over.
    intents: Mutex<BTreeMap<String, u32>>,
    /// The service that is down, and until when.
    outage: Mutex<Option<(&'static str, Instant)>>,
    born: Instant,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// A lock whose data is used even after a panic elsewhere.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn since(born: Instant) -> OffsetDateTime {
    DAWN + Instant::now().duration_since(born)
}

impl World {
    /// A new world. It must be made inside its runtime, whose time it takes as its own.
    ///
    /// # Panics
    /// When the template cannot be run.
    #[must_use]
    pub fn new(seed: u64, weather: Weather, told: bool) -> Arc<Self> {
        let born = Instant::now();
        // The SDK and the client jitter their pauses by the thread's own chance.
        fastrand::seed(seed);
        let milliseconds =
            move || u64::try_from(since(born).unix_timestamp_nanos() / 1_000_000).unwrap_or(u64::MAX);
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let aws = Embedded::start(&template, milliseconds).expect("template.yaml can be run");
        aws.disorder(Disorder { twice: weather.queue_disordered, shuffled: weather.queue_disordered });
        Arc::new(Self {
            chance: Chance::new(seed),
            aws,
            bell: Notify::new(),
            pools: Mutex::default(),
            mercado_pago: OnceLock::new(),
            weather: Mutex::new(weather),
            tally: Mutex::default(),
            story: told.then(Mutex::default),
            violations: Mutex::default(),
            elsewhere: Mutex::default(),
            intents: Mutex::default(),
            outage: Mutex::default(),
            born,
        })
    }

    /// Gives the world its Mercado Pago, once.
    pub fn found(&self, mercado_pago: Simulator) {
        let _ = self.mercado_pago.set(mercado_pago);
    }

    /// Mercado Pago.
    ///
    /// # Panics
    /// Before it was founded.
    #[must_use]
    pub fn mercado_pago(&self) -> &Simulator {
        self.mercado_pago.get().expect("a Mercado Pago")
    }

    /// The true time.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        since(self.born)
    }

    /// A clock that is apart from the true time, by at most what the weather allows.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let most = self.weather().clocks_apart;
        let apart = Duration::from_millis(self.chance.between(0, 2 * most));
        let (born, most) = (self.born, Duration::from_millis(most));
        Clock::of(move || since(born) + apart - most)
    }

    /// The weather.
    #[must_use]
    pub fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    /// Gives the weather that was.
    pub(crate) fn replace_weather(&self, weather: Weather) -> Weather {
        std::mem::replace(&mut *lock(&self.weather), weather)
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        let calmed = self.weather().calmed();
        *lock(&self.weather) = calmed;
        self.aws.disorder(Disorder::default());
        self.tell(|| "the weather calms down".to_owned());
    }

    /// Whether something goes wrong now; it is counted.
    pub fn strikes(&self, what: &str, per_mille: u32) -> bool {
        let strikes = self.chance.happens(per_mille);
        if strikes {
            self.count(&format!("fault: {what}"));
        }
        strikes
    }

    /// Lets some time pass.
    pub async fn pause(&self, shortest_ms: u64, longest_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.chance.span(shortest_ms, longest_ms))).await;
    }

    /// Counts something.
    pub fn count(&self, what: &str) {
        *lock(&self.tally).entry(what.to_owned()).or_default() += 1;
    }

    /// Everything that was counted.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<String, u64> {
        lock(&self.tally).clone()
    }

    /// Takes a service down for a while: none of its calls is answered.
    pub fn take_down(&self, service: &'static str, seconds: u64) {
        self.count("fault: service down");
        self.tell(|| format!("{service} is down for {seconds} s"));
        *lock(&self.outage) = Some((service, Instant::now() + Duration::from_secs(seconds)));
    }

    /// Whether the service of a call (`X-Amz-Target`, or `MercadoPago`) is down.
    #[must_use]
    pub fn is_down(&self, target: &str) -> bool {
        lock(&self.outage)
            .is_some_and(|(service, until)| target.starts_with(service) && Instant::now() < until)
    }

    /// Notes what must never happen, at the moment at which it does.
    pub fn violated(&self, difference: Difference) {
        self.tell(|| format!("VIOLATION: {}", difference.what));
        lock(&self.violations).push(difference);
    }

    /// What should never have happened.
    #[must_use]
    pub fn violations(&self) -> Vec<Difference> {
        lock(&self.violations).clone()
    }

    /// From now on Mercado Pago says of a charge that it is at another terminal.
    pub fn misplace(&self, charge: &str) {
        self.tell(|| format!("Mercado Pago has {charge} at another terminal"));
        lock(&self.elsewhere).insert(charge.to_owned(), false);
    }

    /// Whether Mercado Pago says that a charge is at another terminal.
    pub(crate) fn is_misplaced(&self, charge: &str) -> bool {
        lock(&self.elsewhere).contains_key(charge)
    }

    /// That it is was heard by somebody who will act on it.
    pub(crate) fn heard_of_misplaced(&self, charge: &str) {
        lock(&self.elsewhere).insert(charge.to_owned(), true);
    }

    /// Mercado Pago made a payment intent for a charge: intents have no key, so a second one is one too many.
    pub(crate) fn made_intent(&self, charge: &str) {
        let times = {
            let mut intents = lock(&self.intents);
            let times = intents.entry(charge.to_owned()).or_default();
            *times += 1;
            *times
        };
        if times > 1 {
            let what = format!("there are {times} payment intents of the charge {charge}");
            self.violated(Difference { about: vec![charge.to_owned()], what });
        }
    }

    /// Whether it was heard that a charge is at another terminal.
    #[must_use]
    pub fn was_misplaced(&self, charge: &str) -> bool {
        lock(&self.elsewhere).get(charge).is_some_and(|heard| *heard)
    }

    /// Adds a line to the story, if it is told.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            let at = self.now() - DAWN;
            let (hours, minutes) = (at.whole_hours(), at.whole_minutes() % 60);
            let (seconds, millis) = (at.whole_seconds() % 60, at.subsec_milliseconds());
            lock(story).push(format!("{hours:3}:{minutes:02}:{seconds:02}.{millis:03} {}", line()));
        }
    }

    /// The story so far.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        self.story.as_ref().map(|story| lock(story).clone()).unwrap_or_default()
    }
}
