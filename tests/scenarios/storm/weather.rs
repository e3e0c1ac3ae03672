//! What goes wrong while people go about their business.

use std::time::Duration;

use serde_json::{Value, json};
use simulated_mercado_pago::ReleaseOrder;
use surtidor_local::Disorder;

use super::Storm;

/// Kills functions at whatever they are doing. Now and then there is a lull, in which even a slow machine gets something
/// done.
pub(super) async fn kill(storm: &Storm) {
    let mut chance = storm.chance(100);
    loop {
        let pause = if chance.u8(..8) == 0 { 700 } else { chance.u64(30..150) };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let function = match chance.u8(..20) {
            0..=10 => "payment-reconciliation",
            11..=17 => "refunds",
            _ => "station-api",
        };
        storm.world.stack.kill(function);
    }
}

/// Lets Mercado Pago and AWS fail in turns. What functions that died held is delivered again at once, as it would be after
/// minutes.
pub(super) async fn blow(storm: &Storm) {
    let mut chance = storm.chance(101);
    let world = &storm.world;
    world.stack.disorder(Disorder { twice: true, shuffled: true });
    loop {
        world.faults(mercado_pago(&mut chance));
        aws(storm, &mut chance);
        tokio::time::sleep(Duration::from_millis(chance.u64(150..500))).await;
        let _ = world.mercado_pago.release(ReleaseOrder::Shuffle, chance.u64(..));
        if chance.u8(..3) == 0 {
            world.stack.redeliver_now("HintQueue");
        }
    }
}

fn mercado_pago(chance: &mut fastrand::Rng) -> Value {
    let mut failing = Vec::new();
    for route in [
        "GET /v1/payments/*",
        "GET /merchant_orders/*",
        "POST /v1/payments/*/refunds",
        "GET /v1/payments/*/refunds",
    ] {
        let how = match chance.u8(..6) {
            0 => json!({"do": "status", "status": 429}),
            1 => json!({"do": "status", "status": 503}),
            2 | 3 => json!({"do": "lose_answer"}),
            4 => json!({"do": "garbage"}),
            _ => continue,
        };
        let mut rule = json!({"route": route, "chance": 0.3});
        rule.as_object_mut()
            .into_iter()
            .zip(how.as_object())
            .for_each(|(rule, how)| rule.extend(how.clone()));
        failing.push(rule);
    }
    let fate = chance.choice(["deliver", "hold", "lose"]).unwrap_or("hold");
    let outcome = if chance.u8(..6) == 0 { "in_process" } else { "approved" };
    json!({
        "api": failing, "refunds": {"outcome": outcome},
        "notifications": {"fate": fate, "chance": 0.4, "extra_copies": chance.u8(..2), "retry_ms": [40, 400]},
    })
}

fn aws(storm: &Storm, chance: &mut fastrand::Rng) {
    let faults = storm.world.stack.faults();
    faults.clear();
    let calls = Some(chance.u32(1..5));
    match chance.u8(..8) {
        0 => faults.fail("DynamoDB", "PutItem", "ThrottlingException", calls),
        1 => faults.lose_answer("DynamoDB", "PutItem", calls),
        2 => faults.fail("DynamoDB", "GetItem", "InternalServerError", calls),
        3 => faults.fail("SQS", "SendMessage", "InternalError", calls),
        4 => faults.lose_answer("SQS", "SendMessage", calls),
        5 => faults.delay("DynamoDB", "PutItem", Duration::from_millis(60), calls),
        _ => {}
    }
}
