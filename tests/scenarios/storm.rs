//! Functions are killed at random while phones, cashiers and the back office compete, Mercado Pago and AWS fail, and news
//! come late, twice, in any order or not at all. Then it calms down, and three books must tell the same: what the pumps
//! delivered and the office was answered, the ledger behind the API, and Mercado Pago's accounts.

mod books;
mod calm;
mod journey;
mod till;
mod weather;

use futures_util::future::{join_all, select};
use surtidor_tests::{Station, World};

use journey::Pump;
use till::Till;

/// Deliveries at each position; two stations have six positions.
const DELIVERIES: u32 = 7;

/// A system, and what its users wrote down of it.
struct Storm {
    world: World,
    till: Till,
    seed: u64,
}

impl Storm {
    fn stations(&self) -> [Station<'_>; 2] {
        [self.world.station(), self.world.station_v2()]
    }

    /// Chance of one of those who take part: each has its own, so that the seed decides what all of them want.
    fn chance(&self, of: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_mul(1_000).wrapping_add(of))
    }
}

/// `STORM_SEED` plays the journeys of an earlier run again; what happens first among them, machines decide.
fn seed() -> u64 {
    std::env::var("STORM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..1_000_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_in_which_functions_die_loses_and_doubles_nothing() {
    let seed = seed();
    // Shown when the test fails.
    println!("STORM_SEED={seed}");
    let storm = Storm { world: World::start().await, till: Till::default(), seed };
    let stations = storm.stations();
    let positions =
        stations.iter().flat_map(|station| station.positions.iter().map(move |at| (*station, at)));
    let pumps = positions.zip(1..).map(|((station, at), number)| {
        let pump =
            Pump { storm: &storm, station, position: &at.position, chance: storm.chance(number), late: None };
        pump.serve(DELIVERIES)
    });
    let minders = join_all(stations.iter().map(|station| storm.till.mind(*station)));
    let pumps = Box::pin(join_all(pumps));
    let trouble = Box::pin(async { tokio::join!(weather::kill(&storm), weather::blow(&storm)) });
    let minders = Box::pin(minders);
    select(pumps, select(trouble, minders)).await;
    calm::settle(&storm).await;
    let differences = books::compare(&storm).await;
    assert!(differences.is_empty(), "STORM_SEED={seed}\n{}", differences.join("\n"));
}
