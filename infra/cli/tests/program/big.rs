//! A large chain.

use std::time::Instant;

use surtidor_tests::World;

use crate::operator::{Operator, station};

/// Makes a chain, and finds it made.
async fn make(stations: usize, sides: usize) {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain =
        operator.chain(&(0..stations).map(|n| station(&(10_000 + n).to_string(), sides)).collect::<String>());
    // A store, a row and a POS for each side, the station, and the record.
    let steps = stations * (1 + 2 * sides + 2);
    let start = Instant::now();
    operator.run(&["plan", &chain]).await.ended(0).told(&[&format!("{steps} to add, 0 to change")]);
    let planned = start.elapsed();
    let calls = world.stack.calls().total();
    let start = Instant::now();
    let applied = operator.run(&["apply", &chain]).await.ended(0);
    let made = start.elapsed();
    applied.told(&[&format!("{steps} steps done.")]);
    for tenth in 1..=10 {
        let line = format!("applied {} of {steps}\n", (steps * tenth).div_ceil(10));
        assert!(applied.err.contains(&line), "{line} is missing in:\n{}", applied.err);
    }
    let calls = world.stack.calls().total() - calls;
    let start = Instant::now();
    operator.is_settled(&chain).await;
    println!(
        "{} pump sides: planned in {planned:.1?}, {steps} steps in {made:.1?}, planned again in {:.1?}; {calls} calls of AWS",
        stations * sides,
        start.elapsed()
    );
    let points = operator.points().await;
    assert_eq!(points.len(), 8 + stations * sides);
    assert_eq!(operator.stores().await.len(), 2 + stations);
    assert_eq!(world.mercado_pago.calls("POST /pos"), u64::try_from(points.len()).unwrap(), "one call a POS");
    assert_eq!(world.mercado_pago.calls("PUT /pos/{pos}"), 0, "none is made and then changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_sixty_stations_is_made_at_once() {
    make(60, 12).await;
}

/// `cargo test -p surtidor-cli --test program -- --ignored --nocapture five_hundred`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes"]
async fn a_chain_of_five_hundred_stations_is_made_at_once() {
    make(500, 12).await;
}
