//! A file that cannot be worked with is told whole, and nothing is done.

use surtidor_tests::World;

use crate::operator::{DEMO, Operator, station};

const BAD: &str = r#"
[stations.7001]
account = "nobody"
name = "Ruta 7001"
address = { street = "", number = "1", city = "Palermo", state = "Capital Federal", latitude = -34.5, longitude = -58.5 }
positions = 1

[stations.7002]
account = "demo"
name = "Ruta 7002"
address = { street = "", number = "1", city = "Palermo", state = "Capital Federal", latitude = -94.5, longitude = -58.5 }
positions = 0
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_with_its_line() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let before = operator.writes();
    let chain = operator.file("chain.toml", &format!("{DEMO}{BAD}"));
    let line = |text: &str| format!("{DEMO}{BAD}").lines().position(|line| line.contains(text)).unwrap() + 1;
    let nobody = line("\"nobody\"");
    let latitude = line("-94.5");
    let positions = line("positions = 0");
    for command in ["plan", "apply"] {
        let refused = operator.run(&[command, &chain]).await.ended(2);
        assert_eq!(refused.out, "");
        refused.told(&[
            &format!("{chain}:{nobody}: stations.7001.account is none of the accounts here: demo"),
            &format!("{chain}:{latitude}: stations.7002.address.street must not be empty"),
            &format!("{chain}:{latitude}: stations.7002.address.latitude must be degrees"),
            &format!("{chain}:{positions}: stations.7002.positions must be 1 to 99"),
            "4 faults in the chain's file; nothing was done",
        ]);
        let json = operator.run(&[command, &chain, "--json"]).await.ended(2).json();
        assert_eq!(json["problems"].as_array().unwrap().len(), 4);
        assert_eq!(json["problems"][0]["line"], nobody);
        assert_eq!(json["problems"][0]["field"], "stations.7001.account");
    }
    operator.run(&["doctor", &chain]).await.ended(2).told(&["4 faults in the chain's file"]);
    assert_eq!(operator.writes(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_told() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    for command in ["plan", "apply"] {
        operator
            .run(&[command, "/nowhere/chain.toml"])
            .await
            .ended(2)
            .told(&["cannot read /nowhere/chain.toml"]);
        let json = operator.run(&[command, "/nowhere/chain.toml", "--json"]).await.ended(2).json();
        assert!(json.to_string().contains("cannot read"), "{json}");
    }
    let chain = operator.file("chain.toml", "[accounts.demo\n");
    operator.run(&["plan", &chain]).await.ended(2).told(&[&format!("{chain}:1:"), "1 fault in"]);
    let chain = operator.chain(&station("7001", 1).replace("positions", "postions"));
    operator.run(&["plan", &chain]).await.ended(2).told(&["postions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let token = &world.demo.access_token;
    for line in [
        format!("access_token = \"{token}\""),
        format!("access_token = {{ value = \"{token}\" }}"),
        format!("webhook_secrets = [\"{}\"]", world.demo.webhook_secret),
        // Not even where the file is no TOML at all.
        format!("access_token = {token}"),
        format!("token = \"{token}\""),
    ] {
        let chain = operator.file("chain.toml", &DEMO.replace("brand =", &format!("{line}\nbrand =")));
        // That nothing of it is repeated, is looked at with each run.
        operator.run(&["apply", &chain]).await.ended(2);
        operator.run(&["plan", &chain, "--json"]).await.ended(2);
    }
}
