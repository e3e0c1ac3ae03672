//! What the doctor finds, each with its remedy; and that it writes nothing.

use reqwest::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{Account, OperatingMode};
use surtidor_tests::{World, eventually};

use crate::operator::Operator;

/// The same where nobody else is at work, so that it is seen that the doctor writes nothing.
async fn findings(operator: &Operator<'_>, code: i32) -> Vec<(String, String)> {
    let writes = operator.writes();
    let found = look(operator, code).await;
    assert_eq!(operator.writes(), writes);
    found
}

/// The codes of what is found, with their places. The text names each, and each has a remedy.
async fn look(operator: &Operator<'_>, code: i32) -> Vec<(String, String)> {
    let found = operator.run(&["doctor", "--json"]).await.ended(code).json();
    let shown = operator.run(&["doctor"]).await.ended(code);
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let findings = found["findings"].as_array().expect("findings");
    for finding in findings {
        assert!(text(finding, "remedy").len() > 15, "{finding}");
        shown.told(&[
            &format!("[{}]", text(finding, "code")),
            &text(finding, "what"),
            &text(finding, "remedy"),
        ]);
    }
    findings.iter().map(|finding| (text(finding, "code"), text(finding, "place"))).collect()
}

fn one(code: &str, place: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), place.to_owned())]
}

/// Changes the demo's entry of a secret for as long as the doctor looks.
async fn with_entry(
    world: &World,
    secret: &str,
    change: impl Fn(&mut Value),
    operator: &Operator<'_>,
    code: i32,
) -> Vec<(String, String)> {
    let before = world.secret(secret).await["demo"].clone();
    world.change_secret(secret, |document| change(&mut document["demo"])).await;
    let found = findings(operator, code).await;
    world.change_secret(secret, |document| document["demo"] = before.clone()).await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_that_is_right_has_no_findings() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    assert_eq!(findings(&operator, 0).await, []);
    let chain = operator.chain("");
    let right = operator.run(&["doctor", "--verbose", &chain]).await.ended(0);
    right.told(&[
        "the token is that of seller 178106235",
        "the QRs of all 4 pump sides lead here",
        "2 terminals can be charged",
        "no dead letters",
        "answers",
        "the clocks agree",
        "it is as",
        "0 problems, 0 warnings",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_account_is_found() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let (accounts, webhooks) = ("AccountsSecret", "WebhooksSecret");
    let with = with_entry(&world, accounts, |entry| entry["collector_id"] = 7.into(), &operator, 3).await;
    assert_eq!(with, one("token_of_another_account", "accounts.demo"));
    let with = with_entry(&world, accounts, |entry| entry["country"] = "UY".into(), &operator, 3).await;
    assert!(with.contains(&("wrong_country".to_owned(), "accounts.demo".to_owned())), "{with:?}");
    let with = with_entry(&world, accounts, |entry| entry["access_token"] = "".into(), &operator, 3).await;
    assert_eq!(with, one("no_token", "accounts.demo"));
    let with = with_entry(&world, webhooks, |entry| entry["intake_keys"] = json!([]), &operator, 3).await;
    assert_eq!(with, one("no_intake_key", "accounts.demo"));
    let with = with_entry(&world, webhooks, |entry| entry["webhook_secrets"] = json!([]), &operator, 0).await;
    assert_eq!(with, one("no_webhook_secret", "accounts.demo"));
    let with = with_entry(&world, webhooks, |entry| entry["unverified"] = "hint".into(), &operator, 0).await;
    assert_eq!(with, one("unverified_taken", "accounts.demo"));
    assert_eq!(findings(&operator, 0).await, []);

    let other = Account { access_token: "APP_USR-another-token-178106235".to_owned(), ..world.demo.seller() };
    world.mercado_pago.put_account(other).unwrap();
    assert_eq!(findings(&operator, 3).await, one("token_rejected", "accounts.demo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_pos_is_found_and_mended_by_apply() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain("");
    let points = operator.points().await;
    let path = |id: &str| format!("/pos/{}", points[id]["id"]);
    let elsewhere = json!({"url": "https://elsewhere.example.com/pay"});
    assert_eq!(operator.mercado_pago(Method::PUT, &path("EST6232S01"), &elsewhere).await.status, 200);
    // Without a URL a POS may have an amount that the buyer types: it is made so by hand.
    let pos = &points["EST6232S02"];
    assert_eq!(operator.mercado_pago(Method::DELETE, &path("EST6232S02"), &json!({})).await.status, 204);
    let by_hand = json!({"name": pos["name"], "fixed_amount": false, "category": pos["category"],
        "external_store_id": "EST6232", "external_id": "EST6232S02"});
    assert_eq!(operator.mercado_pago(Method::POST, "/pos", &by_hand).await.status, 201);
    let found = findings(&operator, 3).await;
    let mut expected = one("pos_url", "stations.6232.positions.1");
    for code in ["qr_dead", "pos_without_url", "fixed_amount"] {
        expected.extend(one(code, "stations.6232.positions.2"));
    }
    assert_eq!(found, expected);
    let differs = operator.run(&["doctor", &chain]).await.ended(3);
    differs.told(&["it differs from", "See surtidor plan"]);
    operator.run(&["doctor", "--station", "6233"]).await.ended(0);

    operator.run(&["apply", &chain]).await.ended(0);
    assert_eq!(findings(&operator, 0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_be_charged_is_found() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    world.mercado_pago.set_terminal_mode(&world.demo.terminal, OperatingMode::Standalone).unwrap();
    assert_eq!(findings(&operator, 3).await, one("standalone", "stations.6232.terminals.N950NCB86232"));
    let chain = operator.chain("");
    operator.run(&["apply", &chain]).await.ended(0).told(&["operating mode: STANDALONE → PDV"]);
    assert_eq!(findings(&operator, 0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_found() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    let paid = station.sale_when("a", "paid").await;
    assert_eq!(look(&operator, 0).await, [], "a command that is new does not wait");
    world.age_commands(&paid, time::Duration::hours(1)).await;
    assert_eq!(look(&operator, 3).await, one("commands_wait", "stations.6232"));

    station.deliver("b", "2", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("2")).await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    world.mercado_pago.pay(scan, "visa").unwrap();
    eventually("hints are dead letters", || async {
        world.stack.redeliver_now("HintQueue");
        (world.stack.queue("DeadLetterQueue").visible > 0).then_some(())
    })
    .await;
    world.stack.faults().clear();
    // The phone's other news may be worked off meanwhile, so that what is found beside them changes.
    let found = operator.run(&["doctor"]).await.ended(3);
    found.told(&["[dead_letters]", "hints could not be worked off", "surtidor redrive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_no_document_is_found() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let secret = world.deployment().stack.accounts_secret;
    let broken = format!("{{\"demo\": {{\"access_token\": \"{}\"", world.demo.access_token);
    let put = world.deployment().secrets().put_secret_value().secret_id(secret).secret_string(broken);
    put.send().await.unwrap();
    assert_eq!(findings(&operator, 3).await, one("secret_unreadable", "accounts secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_does_not_answer_is_found() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    // A port of this machine on which nobody listens.
    operator.change_stack(|stack| stack["api_url"] = "http://127.0.0.1:1".into());
    let found = findings(&operator, 3).await;
    assert!(found.contains(&("api_silent".to_owned(), "api".to_owned())), "{found:?}");
    assert_eq!(found.iter().filter(|(code, _)| code == "pos_url").count(), 6);
    // Something else that answers is no API of ours.
    let other = world.mercado_pago.url();
    operator.change_stack(|stack| stack["api_url"] = other.into());
    let found = findings(&operator, 3).await;
    assert!(found.contains(&("api_odd".to_owned(), "api".to_owned())), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_not_passed_over_silently_where_programs_read() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain("");
    operator
        .run(&["doctor", &chain, "--json"])
        .await
        .ended(2)
        .told(&["takes no file", "surtidor plan --json"]);
}
