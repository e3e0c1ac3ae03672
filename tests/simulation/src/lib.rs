//! The whole system in one process, by a seed: the code of every function with its real store, queue and client, AWS's
//! stand-ins embedded, a simulated Mercado Pago, many stations with their drivers and cashiers, and everything going
//! wrong. Time is virtual and chance comes from the seed, so a seed plays the same story every time. In the end three
//! books are compared: what the pumps delivered, our ledger, and Mercado Pago's accounts.

pub mod books;
pub mod chance;
pub mod charges;
pub mod cloud;
pub mod outside;
pub mod people;
pub mod station;
pub mod tills;
pub mod weather;
pub mod wires;
pub mod world;

mod setting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use books::Difference;
use people::Journey;
use station::Station;
use weather::Weather;
use world::World;

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What chance starts from.
    pub seed: u64,
    /// Stations.
    pub stations: u64,
    /// Pump sides of each.
    pub sides: u64,
    /// Deliveries at each pump side: each begins a journey.
    pub deliveries: u64,
    /// What goes wrong while they last.
    pub weather: Weather,
    /// Whether payments are looked back at. Without that net every notification must count.
    pub looks_back: bool,
    /// Whether the story is written down.
    pub told: bool,
}

impl Plan {
    /// A plan of the usual size. Every fourth is played without looking back and with no notification lost: what was
    /// acknowledged once must not be lost, and no net hides it if it is.
    #[must_use]
    pub fn new(seed: u64, weather: Weather) -> Self {
        let looks_back = !seed.is_multiple_of(4);
        let news_lost = if looks_back { weather.news_lost } else { 0 };
        let weather = Weather { news_lost, ..weather };
        Self { seed, stations: 5, sides: 4, deliveries: 40, weather, looks_back, told: false }
    }

    /// How many journeys it has.
    #[must_use]
    pub fn journeys(&self) -> u64 {
        self.stations * self.sides * self.deliveries
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where the books differ.
    pub differences: Vec<Difference>,
    /// What was counted: journeys, faults, invocations, by kind.
    pub tally: BTreeMap<String, u64>,
    /// The story, if it was to be told.
    pub story: Vec<String>,
}

/// Plays a plan to its end.
///
/// # Panics
/// When something happens that no plan allows for.
#[must_use]
pub fn play(plan: &Plan) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(story(plan))
}

async fn story(plan: &Plan) -> Outcome {
    let world = World::new(plan.seed, plan.weather, plan.told);
    let stations = setting::set_up(&world, plan).await;
    let background = background(&world, &stations, plan.looks_back);
    let pumps: Vec<_> = stations
        .iter()
        .flat_map(|station| (0..station.sides.len()).map(move |side| (Arc::clone(station), side)))
        .map(|(station, side)| tokio::spawn(pump(Arc::clone(&world), station, side, plan.deliveries)))
        .collect();
    for pump in pumps {
        pump.await.expect("a pump that works to the end");
    }
    // Late news and late payments come while it still storms; then it calms down, and what is left is repaired.
    tokio::time::sleep(Duration::from_hours(3)).await;
    world.calm();
    for hours in [2, 10, 24] {
        if hours == 24 {
            tills::try_each_terminal(&world, &stations).await;
        }
        world.aws.redrive("DeadLetterQueue");
        world.bell.notify_waiters();
        tokio::time::sleep(Duration::from_hours(hours)).await;
    }
    for task in background {
        task.abort();
    }
    let mut differences = books::compare(&world, &stations);
    for body in world.aws.bodies("DeadLetterQueue") {
        differences
            .push(Difference { about: vec![body.clone()], what: format!("a dead letter is left: {body}") });
    }
    Outcome { differences, tally: world.tally(), story: world.story() }
}

/// One pump side: a delivery, a journey, the next delivery.
async fn pump(world: Arc<World>, station: Arc<Station>, side: usize, deliveries: u64) {
    let (id, pos) = station.sides[side].clone();
    for number in 0..deliveries {
        world.pause(5_000, 240_000).await;
        if world.chance.happens(200) {
            station.set(&world, &id, "in_use").await;
            world.pause(20_000, 180_000).await;
            station.set(&world, &id, "idle").await;
        }
        let sale = format!("{}p{id}n{number}", station.id);
        let minor = world.chance.one_of(&[
            world.chance.between(1, 99),
            world.chance.between(100, 100_000),
            world.chance.between(100_000, 10_000_000),
        ]);
        station.deliver(&world, &sale, &id, minor).await;
        let journey =
            Journey { world: Arc::clone(&world), station: Arc::clone(&station), sale, pos: pos.clone() };
        journey.play().await;
    }
}

/// What goes on all the time: pollers, the sweep, looks back, stations that ask for commands, forgers.
fn background(
    world: &Arc<World>,
    stations: &[Arc<Station>],
    looks_back: bool,
) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks: Vec<_> = (0..3).map(|_| tokio::spawn(Arc::clone(world).keep_reconciling())).collect();
    let storms = |world: &World| world.weather() != world.weather().calmed();
    // Every quarter of an hour, and far back once a day, as the template says.
    let backward = Arc::clone(world);
    tasks.push(tokio::spawn(async move {
        for quarter in 1_u64.. {
            tokio::time::sleep(Duration::from_mins(15)).await;
            if looks_back && (storms(&backward) || quarter.is_multiple_of(12)) {
                backward.look_back(quarter.is_multiple_of(96)).await;
            }
        }
    }));
    let timer = Arc::clone(world);
    tasks.push(tokio::spawn(async move {
        loop {
            // Once a minute; rarely in the days of calm, which would only take longer to play.
            let pause = if storms(&timer) { 60 } else { 1_800 };
            tokio::time::sleep(Duration::from_secs(pause)).await;
            timer.sweep().await;
        }
    }));
    // Time passes at terminals too.
    let terminals = Arc::clone(world);
    tasks.push(tokio::spawn(async move {
        loop {
            let pause = if storms(&terminals) { 10 } else { 300 };
            tokio::time::sleep(Duration::from_secs(pause)).await;
            terminals.mercado_pago().catch_up();
        }
    }));
    for station in stations {
        let (world, station) = (Arc::clone(world), Arc::clone(station));
        tasks.push(tokio::spawn(async move {
            loop {
                let pause = if storms(&world) { 30 } else { 1_800 };
                tokio::time::sleep(Duration::from_secs(pause)).await;
                station.mind_commands(&world).await;
            }
        }));
    }
    // Now and then a whole service is down for some minutes, so that whatever wants it then fails together.
    let fate = Arc::clone(world);
    tasks.push(tokio::spawn(async move {
        while storms(&fate) {
            fate.pause(300_000, 3_600_000).await;
            let service = fate.chance.one_of(&["AmazonSQS", "AmazonSQS", "DynamoDB", "MercadoPago"]);
            if storms(&fate) {
                fate.take_down(service, fate.chance.between(30, 400));
            }
        }
    }));
    let forger = Arc::clone(world);
    tasks.push(tokio::spawn(async move {
        while storms(&forger) {
            forger.pause(10_000, 120_000).await;
            people::forge(&forger, &setting::notification_url(&forger)).await;
        }
    }));
    tasks
}
