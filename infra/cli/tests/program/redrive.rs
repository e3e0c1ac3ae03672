//! Redriving.

use surtidor_tests::{World, eventually};

use crate::operator::Operator;

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_shown_and_go_back_once_the_cause_is_gone() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let station = world.station();
    let none = operator.run(&["redrive"]).await.ended(0);
    assert!(none.out.starts_with("0 dead letters"), "{}", none.out);

    station.deliver("a", "1", "500.00").await;
    let paid = world.scan_to_checkout(station.pos("1")).await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    world.mercado_pago.pay(paid, "visa").unwrap();
    eventually("hints are dead letters", || async {
        world.stack.redeliver_now("HintQueue");
        (world.stack.queue("DeadLetterQueue").visible > 0).then_some(())
    })
    .await;
    let shown = operator.run(&["redrive", "--dry-run"]).await.ended(3);
    shown.told(&["\"account\":\"demo\"", "nothing was moved"]);
    assert!(world.stack.queue("DeadLetterQueue").visible > 0);

    world.stack.faults().clear();
    let moved = operator.run(&["redrive"]).await.ended(0);
    assert!(moved.err.contains("moved back"), "{}", moved.err);
    station.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_wrong_is_said() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    operator.run(&["redrive", "--per-second", "0"]).await.ended(2).told(&["--per-second"]);
    let queue = format!("{}/000000000000/nowhere", world.stack.endpoints().sqs);
    operator.change_stack(|stack| stack["dead_letter_queue_url"] = queue.into());
    operator.run(&["redrive"]).await.ended(1).told(&["does not exist"]);
    operator.change_stack(|stack| *stack = serde_json::Value::Null);
    operator.run(&["redrive"]).await.ended(1).told(&["is `cargo local` running?"]);
}
