//! Point terminals: found, driven, charged, watched, and settled by the road of every payment. What holds in both of Mercado
//! Pago's APIs is tried in both.

mod amounts;
mod busy;
mod cancelling;
mod charges;
mod competition;
mod lost;
mod odoo;
mod setup;
mod states;

use serde_json::{Value, json};
use simulated_mercado_pago::CardRead;
use surtidor::sale::PointApi;
use surtidor_tests::World;

/// A system for each of the two APIs.
async fn both() -> [World; 2] {
    [world(PointApi::Orders).await, world(PointApi::PaymentIntents).await]
}

/// A system whose terminals are driven by an API.
async fn world(point: PointApi) -> World {
    World::start_with(|demo| demo.point = point).await
}

fn card(means: &str) -> CardRead {
    CardRead { means: means.to_owned(), ..CardRead::default() }
}

/// A pump sale of 500.00 that is at the terminal, waiting for a card; its charge.
async fn at_the_terminal(world: &World, sale: &str) -> Value {
    let station = world.station();
    station.deliver(sale, "1", "500.00").await;
    let made = station.charge(&world.demo.terminal, json!({"sale_id": sale})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    world.mercado_pago.receive(&world.demo.terminal).expect("a terminal that listens");
    made.json
}
