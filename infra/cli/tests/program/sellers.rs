//! Accounts, their tokens, and what must never change of them.

use simulated_mercado_pago::Account;
use surtidor_tests::World;

use crate::operator::{DEMO, Operator, station, station_of};

const OTHER_TOKEN: &str = "APP_USR-7364289770550796-112209-a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3-209000017";

/// A second seller at Mercado Pago.
fn other_seller(world: &World) {
    let account = Account {
        nickname: "ESTACION OTRA".to_owned(),
        collector_id: 209_000_017,
        access_token: OTHER_TOKEN.to_owned(),
        ..world.demo.seller()
    };
    world.hide("the other token", OTHER_TOKEN);
    world.mercado_pago.put_account(account).unwrap();
}

/// It, as a file has it.
const OTHER: &str = r#"
[accounts.other]
country = "AR"
collector_id = 209000017
access_token = { env = "OTHER_TOKEN" }
"#;

/// The demo's chain with other lines in its account.
fn with(lines: &str) -> String {
    DEMO.replace("brand = \"Demo\"", &format!("brand = \"Demo\"\n{lines}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_change_of_an_account_is_refused_before_anything_is_written() {
    let world = World::start().await;
    other_seller(&world);
    let operator = Operator::of(&world);
    let before = operator.writes();
    let token = [("T", OTHER_TOKEN)];
    for (chain, told) in [
        (with("access_token = { env = \"T\" }"), "the access token is that of seller 209000017"),
        (with("access_token = { env = \"U\" }"), "the environment variable U is not set"),
        (with("access_token = { file = \"nowhere\" }"), "cannot read"),
        (with("webhook_secrets = [{ env = \"U\" }]"), "the environment variable U is not set"),
        (DEMO.replace("country = \"AR\"", "country = \"MX\""), "is an account of AR already"),
        (DEMO.replace("178106235", "209000017"), "is seller 178106235 already"),
    ] {
        let chain = operator.file("chain.toml", &format!("{chain}{}", station("7001", 1)));
        for command in ["plan", "apply"] {
            let refused = operator.run_with(&token, &[command, &chain]).await.ended(2);
            refused.told(&["accounts.demo:", told, "nothing was done"]);
        }
        let json = operator.run_with(&token, &["plan", &chain, "--json"]).await.ended(2).json();
        assert_eq!(json["problems"][0]["place"], "accounts.demo");
    }
    let new = "\n[accounts.new]\ncountry = \"AR\"\ncollector_id = 7\n";
    let chain = operator.chain(new);
    operator.run(&["plan", &chain]).await.ended(2).told(&["accounts.new: has no access token yet"]);
    assert_eq!(operator.writes(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_does_not_move_to_another_seller_unless_it_is_taken_down_first() {
    let world = World::start().await;
    other_seller(&world);
    let operator = Operator::of(&world);
    let token = [("OTHER_TOKEN", OTHER_TOKEN)];
    let chain = operator.chain(&[OTHER, &station("7001", 1)].concat());
    operator.run_with(&token, &["apply", &chain]).await.ended(0);
    let before = operator.writes();
    let chain = operator.chain(&[OTHER, &station_of("other", "7001", "positions = 1")].concat());
    let refused = operator.run_with(&token, &["apply", &chain]).await.ended(2);
    refused.told(&["stations.7001:", "takes money for account demo now", "--prune", "nothing was done"]);
    assert_eq!(operator.writes(), before);

    let without = operator.chain(OTHER);
    operator.run_with(&token, &["apply", &without, "--prune", "--yes"]).await.ended(0);
    let chain = operator.chain(&[OTHER, &station_of("other", "7001", "positions = 1")].concat());
    operator.run_with(&token, &["apply", &chain]).await.ended(0);
    let plan = operator.run_with(&token, &["plan", &chain, "--detailed-exitcode"]).await.ended(0);
    plan.told(&["Nothing to change"]);
    let key = operator.key("7001").await;
    let mut moved = world.station().with_key(&key);
    moved.id = "7001";
    moved.deliver("a", "1", "500.00").await;
    world.scan_and_pay("EST7001S01", "visa").await;
    let paid = moved.sale_when("a", "paid").await;
    operator
        .run(&["sale", paid["external_reference"].as_str().unwrap()])
        .await
        .ended(0)
        .told(&["account other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_replaced_at_mercado_pago_is_told_and_then_taken_over() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let new = "APP_USR-7364289770550796-112209-b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4-178106235";
    world.hide("the new token", new);
    world.mercado_pago.put_account(Account { access_token: new.to_owned(), ..world.demo.seller() }).unwrap();
    let before = operator.writes();
    let chain = operator.chain(&station("7001", 1));
    let refused = operator.run(&["apply", &chain]).await.ended(2);
    refused.told(&["accounts.demo:", "the access token is not valid", "nothing was done"]);
    assert_eq!(operator.writes(), before);

    let chain = operator.file("chain.toml", &with("access_token = { env = \"T\" }"));
    let token = [("T", new)];
    let planned = operator.run_with(&token, &["plan", &chain]).await.ended(0);
    planned.told(&["account demo", "access_token: another one", "1 to change"]);
    operator.run_with(&token, &["apply", &chain]).await.ended(0);
    operator.run_with(&token, &["plan", &chain, "--detailed-exitcode"]).await.ended(0);
    assert_eq!(world.secret("AccountsSecret").await["demo"]["access_token"], new);
    // What is stored is good without the variable.
    operator.is_settled(&operator.chain("")).await;

    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_may_stand_alone_in_a_file() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    operator.file("token", &format!("{}\n", world.demo.access_token));
    let chain = operator.file("chain.toml", &with("access_token = { file = \"token\" }"));
    operator.is_settled(&chain).await;
    operator.file("token", &format!("token: {}\n", world.demo.access_token));
    operator.run(&["plan", &chain]).await.ended(2).told(&["must hold the secret alone"]);
}
