//! What outlives a restart, and where the simulator listens.

use anyhow::Result;
use serde_json::{Value, json};
use simulated_mercado_pago::{CardRead, Config, Simulator, Site, StartError, TerminalDraft};

use crate::bench::{SELLER, TERMINAL, account, client, config, point_order, store, token};

#[tokio::test]
async fn a_restart_keeps_everything() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("simulated-mercado-pago-{}", uuid::Uuid::new_v4()));
    let settings =
        Config { state: Some(folder.join("state.json")), ..config(vec![account(SELLER, Site::Mla)]) };
    let client = client();
    let get = async |url: String| -> Result<Value> {
        let text = client.get(url).bearer_auth(token(SELLER)).send().await?.text().await?;
        Ok(serde_json::from_str(&text)?)
    };

    let first = Simulator::start(settings.clone()).await?;
    let url = first.url();
    let made = client.post(format!("{url}/users/{SELLER}/stores")).bearer_auth(token(SELLER));
    assert_eq!(made.body(store("EST1").to_string()).send().await?.status(), 201);
    let pump = json!({"name": "x", "external_id": "P1", "external_store_id": "EST1"});
    let made = client.post(format!("{url}/pos")).bearer_auth(token(SELLER)).body(pump.to_string());
    assert_eq!(made.send().await?.status(), 201);
    let draft: Value = json!({"account": SELLER, "amount": 500.00, "external_reference": "r1"});
    let made = client.post(format!("{url}/_control/payments")).body(draft.to_string()).send().await?;
    let payment: Value = serde_json::from_str(&made.text().await?)?;
    let path = format!("v1/payments/{}", payment["id"]);
    let refund = client.post(format!("{url}/{path}/refunds")).bearer_auth(token(SELLER));
    assert_eq!(refund.header("x-idempotency-key", "k").body("{\"amount\":1}").send().await?.status(), 201);
    let before = (get(format!("{url}/{path}")).await?, get(format!("{url}/stores/60000001")).await?);
    first.shutdown().await;

    let second = Simulator::start(settings).await?;
    let url = second.url();
    assert_eq!((get(format!("{url}/{path}")).await?, get(format!("{url}/stores/60000001")).await?), before);
    assert_eq!(get(format!("{url}/pos?external_id=P1")).await?["paging"]["total"], 1);
    let refund = client.post(format!("{url}/{path}/refunds")).bearer_auth(token(SELLER));
    let again = refund.header("x-idempotency-key", "k").body("{\"amount\":1}").send().await?.text().await?;
    assert_eq!(serde_json::from_str::<Value>(&again)?["id"], before.0["refunds"][0]["id"], "keys too");
    second.shutdown().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::test]
async fn a_restart_keeps_terminals_and_what_is_on_them() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("simulated-mercado-pago-{}", uuid::Uuid::new_v4()));
    let settings =
        Config { state: Some(folder.join("state.json")), ..config(vec![account(SELLER, Site::Mla)]) };
    let client = client();
    let post = async |url: String, body: Value| -> Result<Value> {
        let call = client.post(url).bearer_auth(token(SELLER)).header("x-idempotency-key", "k");
        Ok(serde_json::from_str(&call.body(body.to_string()).send().await?.text().await?)?)
    };
    let first = Simulator::start(settings.clone()).await?;
    let draft = TerminalDraft { account: SELLER, id: TERMINAL.to_owned(), ..TerminalDraft::default() };
    first.add_terminal(draft.clone())?;
    first.add_terminal(TerminalDraft { id: "PAX_A910__1".to_owned(), ..draft })?;
    let order = post(format!("{}/v1/orders", first.url()), point_order("a")).await?;
    let queue = "point/integration-api/devices/PAX_A910__1/payment-intents";
    let intent = post(format!("{}/{queue}", first.url()), json!({"amount": 1_500})).await?;
    first.receive(TERMINAL)?;
    let before = (first.terminals(), first.orders());
    first.shutdown().await;

    let second = Simulator::start(settings).await?;
    assert_eq!((second.terminals(), second.orders()), before);
    let again = post(format!("{}/v1/orders", second.url()), point_order("a")).await?;
    assert_eq!(again, order, "keys too");
    for terminal in [TERMINAL, "PAX_A910__1"] {
        second.read_card(terminal, &CardRead { means: "visa".to_owned(), ..CardRead::default() })?;
    }
    let shown = second.order(intent["id"].as_str().unwrap_or_default());
    assert!(shown.is_some_and(|intent| intent.get("state").text() == Some("FINISHED")));
    second.shutdown().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::test]
async fn it_listens_on_this_machine_only() {
    let open = Config { listen: ([0, 0, 0, 0], 0).into(), ..config(Vec::new()) };
    assert!(matches!(Simulator::start(open).await, Err(StartError::NotLoopback(_))));
    let twins = config(vec![
        account(1, Site::Mla),
        simulated_mercado_pago::Account { access_token: token(1), ..account(2, Site::Mla) },
    ]);
    assert!(matches!(Simulator::start(twins).await, Err(StartError::SharedToken(1, 2))));
}
