//! Everything works again, and what is left is repaired by what runs anyway: the queue, the redrive of dead letters, the
//! sweep and the look back.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulated_mercado_pago::{RefundStatus, ReleaseOrder};
use surtidor::id::ExternalReference;
use surtidor_local::{Disorder, QueueDepth};
use surtidor_tests::eventually;

use super::Storm;
use super::books::payments;

/// Returns once nothing is left to be done.
pub(super) async fn settle(storm: &Storm) {
    let world = &storm.world;
    world.faults(json!({}));
    world.stack.faults().clear();
    world.stack.disorder(Disorder::default());
    let _ = world.mercado_pago.release(ReleaseOrder::Shuffle, storm.seed);
    for payment in payments(&storm.world) {
        for refund in payment["refunds"].as_array().into_iter().flatten() {
            if refund["status"] == "in_process" {
                let id = refund["id"].as_u64().expect("a refund's id");
                world.mercado_pago.complete_refund(id, RefundStatus::Approved).expect("a refund");
            }
        }
    }
    world.mercado_pago.idle().await;
    work_off(storm).await;
    look_at_everything(storm).await;
    world.stack.fire("SweepFunction").await.expect("a sweep");
    work_off(storm).await;
    world.stack.fire("PaymentReconciliationFunction").await.expect("a look back");
    work_off(storm).await;
    // A station that was paid elsewhere may say so only now.
    for _ in 0..2 {
        answer_commands(storm).await;
        work_off(storm).await;
    }
}

async fn answer_commands(storm: &Storm) {
    for station in storm.stations() {
        eventually("the station has answered every command", || async {
            (storm.till.mind_once(station).await == Some(0)).then_some(())
        })
        .await;
    }
}

/// How long a message may be in the hands of a function, before the function counts as dead.
const DEAD: Duration = Duration::from_secs(1);

/// What waits in the queue is worked off, and so is what went to the dead letters.
async fn work_off(storm: &Storm) {
    let stack = &storm.world.stack;
    let redelivered = Cell::new(Instant::now());
    stack.redeliver_now("HintQueue");
    eventually("the queue is worked off", || async {
        stack.redrive("DeadLetterQueue");
        let (waits, none) = (stack.queue("HintQueue"), QueueDepth::default());
        if waits.visible == 0 && redelivered.get().elapsed() > DEAD {
            stack.redeliver_now("HintQueue");
            redelivered.set(Instant::now());
        }
        (waits == none && stack.queue("DeadLetterQueue") == none).then_some(())
    })
    .await;
}

/// Time passes for every sale that waits for a look.
async fn look_at_everything(storm: &Storm) {
    for station in storm.stations() {
        let names: Vec<_> =
            storm.till.sales().keys().filter(|name| name.starts_with(station.id)).cloned().collect();
        for name in names {
            let sale: Value = station.sale(&name).await;
            let reference = sale["external_reference"].as_str().unwrap_or_default();
            let reference = ExternalReference::parse(reference).expect("a reference");
            // An error says that there is nothing to look for.
            let _ = storm.world.store().look_now(&reference).await;
        }
    }
}
