//! Point Smart terminals: who has which, in which mode, and what people do with them.

use std::time::Duration;

use anyhow::Result;
use axum::http::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{
    CardRead, NetworkLoss, OperatingMode, Site, TerminalDraft, TerminalScreen, TerminalView,
};

use crate::bench::{Bench, OTHER, SELLER, TERMINAL, cause, code, token};

const SECOND: &str = "PAX_A910__SMARTPOS1234345545";

async fn bench() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.terminal()?;
    Ok(bench)
}

fn second(
    bench: &Bench,
    account: u64,
    pos: Option<String>,
    operating_mode: OperatingMode,
) -> Result<TerminalView> {
    Ok(bench.mp.add_terminal(TerminalDraft { account, id: SECOND.to_owned(), pos, operating_mode })?)
}

async fn patch(bench: &Bench, path: &str, body: &Value) -> Result<(u16, Value)> {
    bench.call(Method::PATCH, path, Some(body.to_string()), &[]).await
}

#[tokio::test]
async fn both_generations_list_them() -> Result<()> {
    let bench = bench().await?;
    second(&bench, SELLER, None, OperatingMode::Undefined)?;
    bench.mp.add_terminal(TerminalDraft {
        account: OTHER,
        id: "NEWLAND_N950__X".to_owned(),
        ..Default::default()
    })?;
    let pos: Value = bench.pos.parse::<u64>()?.into();
    let first = json!({
        "id": TERMINAL, "pos_id": pos, "store_id": bench.store, "external_pos_id": "EST0001S01",
        "operating_mode": "PDV",
    });
    let bare = json!({
        "id": SECOND, "pos_id": null, "store_id": null, "external_pos_id": null, "operating_mode": "UNDEFINED",
    });
    let (status, list) = bench.get("/terminals/v1/list").await?;
    assert_eq!(status, 200);
    assert_eq!(list["data"]["terminals"], json!([first, bare]));
    assert_eq!(list["paging"], json!({"total": 2, "limit": 50, "offset": 0}));
    let (_, list) = bench.get("/point/integration-api/devices").await?;
    assert_eq!(list["devices"], json!([first, bare]));

    let (_, list) = bench.get("/terminals/v1/list?limit=0&offset=1").await?;
    assert_eq!((&list["data"]["terminals"], &list["paging"]["limit"]), (&json!([bare]), &json!(1)));
    assert_eq!(bench.get("/terminals/v1/list?limit=1000").await?.1["paging"]["limit"], 50);
    assert_eq!(code(&bench.get("/terminals/v1/list?limit=x").await?.1), "property_value");
    for (query, found) in
        [(format!("pos_id={pos}"), 1), (format!("store_id={}", bench.store), 1), ("pos_id=1".to_owned(), 0)]
    {
        assert_eq!(bench.get(&format!("/terminals/v1/list?{query}")).await?.1["paging"]["total"], found);
        assert_eq!(
            bench.get(&format!("/point/integration-api/devices?{query}")).await?.1["paging"]["total"],
            found
        );
    }
    Ok(())
}

#[tokio::test]
async fn each_generation_has_its_own_errors() -> Result<()> {
    let bench = bench().await?;
    let wrong = [("authorization", "Bearer nobody")];
    let (status, error) = bench.call(Method::GET, "/terminals/v1/list", None, &wrong).await?;
    assert_eq!((status, code(&error)), (401, "unauthorized"));
    let (status, error) = bench.call(Method::GET, "/v1/orders/x", None, &wrong).await?;
    assert_eq!((status, code(&error)), (401, "unauthorized"));
    let (status, error) = bench.call(Method::GET, "/point/integration-api/devices", None, &wrong).await?;
    assert_eq!((status, &error["status"]), (401, &json!(401)));
    bench.faults(&json!({"api": [{"route": "* /**", "do": "status", "status": 423}]})).await?;
    assert_eq!(code(&bench.get("/v1/orders/x").await?.1), "resource_locked");
    assert_eq!(bench.get("/point/integration-api/devices").await?.1["status"], 423);
    Ok(())
}

#[tokio::test]
async fn a_mode_is_set() -> Result<()> {
    let bench = bench().await?;
    second(&bench, SELLER, Some(bench.pos.clone()), OperatingMode::Standalone)?;
    let set = |id: &str, mode: &str| json!({"terminals": [{"id": id, "operating_mode": mode}]});
    let path = "/terminals/v1/setup";
    assert_eq!(patch(&bench, path, &set(TERMINAL, "STANDALONE")).await?, (200, set(TERMINAL, "STANDALONE")));
    assert_eq!(bench.mp.terminal(TERMINAL)?.screen, TerminalScreen::Standalone);
    assert_eq!(patch(&bench, path, &set(SECOND, "PDV")).await?.0, 200);
    let (status, error) = patch(&bench, path, &set(TERMINAL, "PDV")).await?;
    assert_eq!((status, code(&error)), (412, "terminal_pdv_already_exists"), "one of a point of sale");

    for (body, status, expected) in [
        (set("NEWLAND_N950__NONE", "PDV"), 404, "terminal_not_found"),
        (set(TERMINAL, "UNDEFINED"), 400, "property_value"),
        (json!({"terminals": [{"id": TERMINAL}]}), 400, "required_properties"),
        (json!({"terminals": {}}), 400, "property_type"),
        (json!({"terminals": [], "x": 1}), 400, "unsupported_properties"),
    ] {
        let (found, error) = patch(&bench, path, &body).await?;
        assert_eq!((found, code(&error)), (status, expected), "{body}");
    }
    second(&bench, SELLER, None, OperatingMode::Undefined)?;
    let (status, error) = patch(&bench, path, &set(SECOND, "PDV")).await?;
    assert_eq!((status, code(&error)), (403, "store_pos_not_found"));
    second(&bench, OTHER, None, OperatingMode::Undefined)?;
    let (status, error) = patch(&bench, path, &set(SECOND, "PDV")).await?;
    assert_eq!((status, code(&error)), (403, "terminal_not_allowed_action"));
    Ok(())
}

#[tokio::test]
async fn a_device_has_a_mode_too() -> Result<()> {
    let bench = bench().await?;
    let path = format!("/point/integration-api/devices/{TERMINAL}");
    let standalone = json!({"operating_mode": "STANDALONE"});
    assert_eq!(patch(&bench, &path, &standalone).await?, (200, standalone.clone()));
    let (status, error) = patch(&bench, &path, &json!({"operating_mode": "x"})).await?;
    assert_eq!((status, cause(&error)), (400, 103));
    assert_eq!(patch(&bench, "/point/integration-api/devices/x", &standalone).await?.0, 404);
    second(&bench, OTHER, None, OperatingMode::Undefined)?;
    let (status, error) =
        patch(&bench, &format!("/point/integration-api/devices/{SECOND}"), &standalone).await?;
    assert_eq!((status, cause(&error)), (403, 113));
    Ok(())
}

#[tokio::test]
async fn point_is_not_everywhere() -> Result<()> {
    let bench = Bench::at(Site::Mpe).await?;
    bench.terminal()?;
    let body = json!({"terminals": [{"id": TERMINAL, "operating_mode": "PDV"}]});
    assert_eq!(code(&patch(&bench, "/terminals/v1/setup", &body).await?.1), "unsupported_site");
    let (status, error) = bench.keyed("/v1/orders", &crate::bench::point_order("a"), "a").await?;
    assert_eq!((status, code(&error)), (400, "unsupported_site"));
    Ok(())
}

#[tokio::test]
async fn the_screen_follows_the_sale() -> Result<()> {
    let bench = bench().await?;
    assert_eq!(bench.mp.terminal(TERMINAL)?.screen, TerminalScreen::Idle);
    let order = bench.order("a").await?;
    let idle = bench.mp.terminal(TERMINAL)?;
    assert_eq!(idle.screen, TerminalScreen::Idle, "queued is not shown");
    assert_eq!(idle.charge.and_then(|charge| charge.order).as_ref(), Some(&order));
    let shown = bench.mp.receive(TERMINAL)?;
    assert_eq!(shown.screen, TerminalScreen::Waiting);
    assert_eq!(shown.charge.map(|charge| charge.amount.to_string()).as_deref(), Some("24.90"));
    let paid = bench.card("visa")?;
    assert_eq!(
        (paid.screen, paid.charge.is_some_and(|charge| charge.payment.is_some())),
        (TerminalScreen::Approved, true)
    );
    bench.order("b").await?;
    assert_eq!(bench.mp.terminal(TERMINAL)?.screen, TerminalScreen::Idle);
    assert_eq!(bench.card("rejected_funds")?.screen, TerminalScreen::Rejected);
    bench.order("c").await?;
    assert_eq!(bench.mp.cancel_at_terminal(TERMINAL)?.screen, TerminalScreen::Canceled);
    bench.order("d").await?;
    assert_eq!(bench.mp.fail_at_terminal(TERMINAL)?.screen, TerminalScreen::Rejected);
    assert!(bench.card("visa").is_err(), "nothing is queued");
    Ok(())
}

#[tokio::test]
async fn the_control_api_does_the_same() -> Result<()> {
    let bench = Bench::new().await?;
    let draft = json!({"account": SELLER, "id": TERMINAL, "pos": "EST0001S01", "operating_mode": "PDV"});
    let (status, terminal) = bench.post("/_control/terminals", &draft).await?;
    assert_eq!((status, &terminal["screen"], &terminal["online"]), (201, &json!("idle"), &json!(true)));
    for wrong in [
        json!({"account": 1, "id": TERMINAL}),
        json!({"account": SELLER, "id": TERMINAL, "pos": "NONE"}),
        json!({"account": SELLER, "id": "without-serial"}),
        json!({"account": OTHER, "id": TERMINAL, "pos": "EST0001S01"}),
    ] {
        assert!(bench.post("/_control/terminals", &wrong).await?.0 >= 400, "{wrong}");
    }
    let act = async |action: &str, body: &Value| -> Result<(u16, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("/_control/terminals/{TERMINAL}/{action}");
        bench.call(Method::POST, &path, Some(body), &[]).await
    };
    let no = Value::Null;
    bench.order("a").await?;
    assert_eq!(act("receive", &no).await?.1["screen"], "waiting");
    assert_eq!(act("walk_away", &no).await?.1["charge"]["status"], "at_terminal");
    assert_eq!(act("card", &json!({"means": "visa", "tip": "5.10"})).await?.1["charge"]["tip"], 5.1);
    assert_eq!(act("card", &json!({"means": "in_process"})).await?.0, 400, "a terminal decides at once");
    bench.order("b").await?;
    assert_eq!(act("lose_network", &no).await?.1["screen"], "offline");
    assert_eq!(act("card", &json!({"means": "visa"})).await?.0, 400, "it is offline");
    assert_eq!(act("restore_network", &no).await?.1["screen"], "idle");
    assert_eq!(act("cancel", &no).await?.1["screen"], "canceled");
    bench.order("c").await?;
    assert_eq!(act("get_stuck", &no).await?.1["screen"], "stuck");
    assert_eq!(act("free", &no).await?.1["charge"]["status"], "created");
    assert_eq!(act("fail", &no).await?.1["charge"]["status"], "failed");
    assert_eq!(act("print_stuck", &no).await?.1["printing"], true);
    act("free", &no).await?;
    assert_eq!(act("mode", &json!({"operating_mode": "STANDALONE"})).await?.1["screen"], "standalone");
    assert_eq!(act("dance", &no).await?.0, 404);
    bench.order("d").await?;
    assert_eq!(act("expire", &no).await?.0, 200);
    let (_, all) = bench.get("/_control/terminals").await?;
    assert_eq!(all[0]["id"], TERMINAL);
    let (_, page) = bench.get(&format!("/_control/terminals/{TERMINAL}")).await?;
    let ends: Vec<&Value> =
        page["receipts"].as_array().into_iter().flatten().map(|one| &one["status"]).collect();
    assert_eq!(ends, ["expired", "failed", "canceled", "processed"]);
    assert_eq!(bench.get("/_control/terminals/none").await?.0, 404);
    assert_eq!(bench.get("/_control/orders").await?.1["orders"].as_array().map(Vec::len), Some(4));
    Ok(())
}

#[tokio::test]
async fn a_terminal_used_by_hand_takes_an_order_and_never_shows_it() -> Result<()> {
    let bench = bench().await?;
    bench.mp.set_terminal_mode(TERMINAL, OperatingMode::Standalone)?;
    let order = bench.order("a").await?;
    assert!(bench.mp.receive(TERMINAL).is_err());
    bench.mp.advance_clock(Duration::from_mins(15));
    assert_eq!(bench.read_order(&order).await?["status"], "expired");
    Ok(())
}

#[tokio::test]
async fn the_slot_is_one_for_everything() -> Result<()> {
    let bench = bench().await?;
    let queued = async |reference: &str| -> Result<bool> {
        let order = bench.keyed("/v1/orders", &crate::bench::point_order(reference), reference).await?;
        let intent = json!({"amount": 1_500});
        let path = format!("/point/integration-api/devices/{TERMINAL}/payment-intents");
        let intent = bench.post(&path, &intent).await?;
        assert_eq!((order.0, code(&order.1)), (409, "already_queued_order_for_terminal"));
        Ok(intent.0 == 409)
    };
    bench.mp.print_stuck(TERMINAL)?;
    assert!(queued("a").await?);
    bench.mp.free(TERMINAL)?;
    let order = bench.order("b").await?;
    assert!(queued("c").await?);
    assert!(bench.mp.print_stuck(TERMINAL).is_err());

    bench.mp.get_stuck(TERMINAL)?;
    bench.mp.advance_clock(Duration::from_hours(1));
    assert_eq!(bench.read_order(&order).await?["status"], "created", "its time does not run out either");
    assert_eq!(bench.keyed(&format!("/v1/orders/{order}/cancel"), &Value::Null, "d").await?.0, 200);
    assert!(queued("e").await?, "the slot stays taken though nothing is in it");
    bench.mp.free(TERMINAL)?;
    bench.order("f").await?;
    Ok(())
}

#[tokio::test]
async fn a_network_that_comes_back_in_time_tells_the_result() -> Result<()> {
    let bench = bench().await?;
    for (card, status, screen) in [
        ("visa", "processed", TerminalScreen::Approved),
        ("rejected_funds", "failed", TerminalScreen::Rejected),
    ] {
        let order = bench.order(card).await?;
        let cut = NetworkLoss { card: Some(card.to_owned()), now: false };
        assert_eq!(bench.mp.lose_network(TERMINAL, &cut)?.screen, TerminalScreen::Processing);
        let shown = bench.read_order(&order).await?;
        assert_eq!(
            (&shown["status"], &shown["transactions"]["payments"][0]["reference"]),
            (&json!("at_terminal"), &Value::Null)
        );
        assert_eq!(bench.mp.payments().len(), if card == "visa" { 1 } else { 2 }, "the payment exists");
        bench.mp.advance_clock(Duration::from_secs(30));
        assert_eq!(bench.mp.restore_network(TERMINAL)?.screen, screen);
        assert_eq!(bench.read_order(&order).await?["status"], status);
    }
    Ok(())
}

#[tokio::test]
async fn a_result_that_does_not_come_asks_for_a_look_at_the_terminal() -> Result<()> {
    let bench = bench().await?;
    let order = bench.order("a").await?;
    bench.mp.lose_network(TERMINAL, &NetworkLoss { card: Some("visa".to_owned()), now: false })?;
    bench.mp.advance_clock(Duration::from_secs(39));
    assert_eq!(bench.read_order(&order).await?["status"], "at_terminal");
    bench.mp.advance_clock(Duration::from_secs(2));
    let shown = bench.read_order(&order).await?;
    assert_eq!(
        (&shown["status"], &shown["status_detail"]),
        (&json!("action_required"), &json!("check_on_terminal"))
    );
    let (_, found) = bench.get("/v1/payments/search?external_reference=a").await?;
    assert_eq!(found["results"][0]["status"], "approved", "the payment says what the order does not");
    bench.mp.restore_network(TERMINAL)?;
    assert_eq!(bench.read_order(&order).await?["status"], "action_required", "it is final");

    let second = bench.order("b").await?;
    bench.mp.receive(TERMINAL)?;
    bench.mp.lose_network(TERMINAL, &NetworkLoss { card: None, now: true })?;
    assert_eq!(bench.read_order(&second).await?["status"], "action_required");
    assert_eq!(bench.mp.payments().len(), 1, "no card was read");
    Ok(())
}

#[tokio::test]
async fn a_charge_that_is_over_may_be_paid_late() -> Result<()> {
    let bench = bench().await?;
    let late = CardRead { means: "visa".to_owned(), tip: None, late: true };
    assert!(bench.mp.read_card(TERMINAL, &late).is_err(), "nothing was charged yet");
    for (reference, end) in [("a", "canceled"), ("b", "expired"), ("c", "action_required")] {
        let order = bench.order(reference).await?;
        match end {
            "canceled" => bench.mp.cancel_at_terminal(TERMINAL)?,
            "expired" => bench.mp.expire(TERMINAL)?,
            _ => {
                bench.mp.receive(TERMINAL)?;
                bench.mp.lose_network(TERMINAL, &NetworkLoss { card: None, now: true })?
            }
        };
        bench.mp.read_card(TERMINAL, &late)?;
        assert_eq!(bench.read_order(&order).await?["status"], end, "the order stays as it is");
        let (_, found) = bench.get(&format!("/v1/payments/search?external_reference={reference}")).await?;
        assert_eq!(
            (&found["paging"]["total"], &found["results"][0]["status"]),
            (&json!(1), &json!("approved"))
        );
    }
    Ok(())
}

#[tokio::test]
async fn terminals_may_receive_by_themselves() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"terminals": {"receive": "auto", "receive_after_ms": 3_000}})).await?;
    let order = bench.order("a").await?;
    assert_eq!(bench.read_order(&order).await?["status"], "created");
    bench.mp.advance_clock(Duration::from_secs(3));
    assert_eq!(bench.read_order(&order).await?["status"], "at_terminal");
    let headers = [("x-idempotency-key", "c"), ("x-allow-cancelable-status", "at_terminal")];
    let cancel = format!("/v1/orders/{order}/cancel");
    assert_eq!(bench.call(Method::POST, &cancel, None, &headers).await?.0, 202);
    assert_eq!(bench.read_order(&order).await?["status"], "at_terminal");
    bench.mp.advance_clock(Duration::from_secs(3));
    assert_eq!(bench.read_order(&order).await?["status"], "canceled");
    let other = format!("Bearer {}", token(OTHER));
    let (status, _) =
        bench.call(Method::GET, &format!("/v1/orders/{order}"), None, &[("authorization", &other)]).await?;
    assert_eq!(status, 404, "another seller's order is not found");
    Ok(())
}
