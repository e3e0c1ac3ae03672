//! Redriving, as an operator does it.

use std::process::Command;

use surtidor_tests::{World, eventually};

/// Runs the program against the stand-ins of a world.
async fn surtidor(world: &World, arguments: &[&str]) -> (bool, String) {
    let queue = world.stack.resource("DeadLetterQueue").expect("a dead-letter queue");
    let mut program = Command::new(env!("CARGO_BIN_EXE_surtidor"));
    program.env_clear().args(arguments).env("SURTIDOR_DEAD_LETTERS", queue);
    program.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
    program.env("AWS_ENDPOINT_URL_SQS", &world.stack.endpoints().sqs);
    let output = tokio::task::spawn_blocking(move || program.output()).await.expect("a thread");
    let output = output.expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_shown_and_go_back_once_the_cause_is_gone() {
    let world = World::start().await;
    let station = world.station();
    let (done, told) = surtidor(&world, &["redrive"]).await;
    assert!(done && told.starts_with("0 dead letters"), "{told}");

    station.deliver("a", "1", "500.00").await;
    let paid = world.scan_to_checkout(station.pos("1")).await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    world.mercado_pago.pay(paid, "visa").unwrap();
    eventually("hints are dead letters", || async {
        world.stack.redeliver_now("HintQueue");
        (world.stack.queue("DeadLetterQueue").visible > 0).then_some(())
    })
    .await;
    let (done, told) = surtidor(&world, &["redrive", "--dry-run"]).await;
    assert!(done && told.contains("\"account\":\"demo\"") && told.contains("nothing was moved"), "{told}");
    assert!(world.stack.queue("DeadLetterQueue").visible > 0);

    world.stack.faults().clear();
    let (done, told) = surtidor(&world, &["redrive"]).await;
    assert!(done && told.contains("moved back"), "{told}");
    station.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_wrong_is_said() {
    let world = World::start().await;
    let queue = format!("{}/000000000000/nowhere", world.stack.endpoints().sqs);
    let (done, told) = surtidor(&world, &["redrive", "--queue", &queue]).await;
    assert!(!done && told.contains("does not exist"), "{told}");
    let (done, told) = surtidor(&world, &["redrive", "--local", "/nowhere/demo.json"]).await;
    assert!(!done && told.contains("is `cargo local` running?"), "{told}");
    let (done, told) = surtidor(&world, &["redrive", "--per-second", "0"]).await;
    assert!(!done && told.contains("--per-second"), "{told}");
}
