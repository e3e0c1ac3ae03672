//! Every state of a charge, with Mercado Pago's detail, with and without its news.

use serde_json::json;
use simulated_mercado_pago::NetworkLoss;
use surtidor::sale::PointApi;

use super::{at_the_terminal, both, card, world};

#[tokio::test]
async fn a_rejected_card_fails_the_charge_with_its_reason_and_leaves_the_sale_owed() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("rejected_funds")).unwrap();
        let station = world.station();
        let failed = station.charge_when(&charge, "failed").await;
        assert_eq!(failed["status_detail"], "cc_rejected_insufficient_amount", "{failed}");
        assert_eq!(failed["advice"], "Rejected: ask for another card or means and send it again");
        assert_eq!(station.sale("a").await["status"], "pending");
        assert_eq!(station.look_up("1").await.status, 200, "the QR still offers it");
    }
}

#[tokio::test]
async fn cancelled_at_the_terminal() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.cancel_at_terminal(&world.demo.terminal).unwrap();
        let station = world.station();
        station.charge_when(&charge, "canceled").await;
        assert_eq!(station.sale("a").await["status"], "pending");
    }
}

#[tokio::test]
async fn nobody_pays_and_it_expires() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.expire(&world.demo.terminal).unwrap();
        world.station().charge_when(&charge, "expired").await;
        assert_eq!(world.station().charge(&world.demo.terminal, json!({"sale_id": "a"})).await.status, 201);
    }
}

#[tokio::test]
async fn a_terminal_that_breaks_off_fails_the_charge() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.fail_at_terminal(&world.demo.terminal).unwrap();
        world.station().charge_when(&charge, "failed").await;
    }
}

#[tokio::test]
async fn a_terminal_without_network_asks_for_a_look_and_the_payment_tells() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        let loss = NetworkLoss { card: Some("visa".to_owned()), now: true };
        world.faults(json!({"notifications": {"fate": "hold"}}));
        world.mercado_pago.lose_network(&world.demo.terminal, &loss).unwrap();
        let station = world.station();
        // A look at the sale finds the payment by its reference; a charge that is in doubt is looked at so.
        let paid = station.charge_when(&charge, "processed").await;
        assert_eq!(paid["sale_status"], "paid", "{paid}");
        station.sale_when("a", "paid").await;
    }
}

#[tokio::test]
async fn a_charge_in_doubt_that_was_not_paid_is_charged_again_by_who_says_so() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world
            .mercado_pago
            .lose_network(&world.demo.terminal, &NetworkLoss { card: None, now: true })
            .unwrap();
        let station = world.station();
        let doubt = station.charge_when(&charge, "action_required").await;
        assert!(doubt["advice"].as_str().unwrap().contains("look at the terminal"), "{doubt}");
        world.mercado_pago.restore_network(&world.demo.terminal).unwrap();
        let same = station.charge(&world.demo.terminal, json!({"sale_id": "a"})).await;
        assert_eq!((same.status, &same.json["charge_id"]), (200, &charge["charge_id"]));
        let again = station.charge_with_key(&world.demo.terminal, "looked", json!({"sale_id": "a"})).await;
        assert_eq!(again.status, 201, "{}", again.text);
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
    }
}

#[tokio::test]
async fn the_word_for_a_state_that_nobody_knows_is_shown_and_never_guessed() {
    let world = world(PointApi::Orders).await;
    let charge = at_the_terminal(&world, "a").await;
    let reference = surtidor::id::ExternalReference::parse(
        world.station().sale("a").await["external_reference"].as_str().unwrap(),
    );
    let store = world.store();
    let mut sale = store.sale(&reference.unwrap()).await.unwrap().unwrap();
    let fact = surtidor::sale::ChargeFact {
        id: sale.charges[0].mercado_pago_id.clone().unwrap(),
        reference: None,
        terminal: None,
        status: surtidor::sale::ChargeStatus("in_orbit".to_owned()),
        detail: None,
        transaction: None,
        tip: None,
    };
    sale.see_charges(&[fact], time::OffsetDateTime::now_utc());
    store.save(&mut sale, time::OffsetDateTime::now_utc()).await.unwrap();
    let shown = world.station().charged(&charge).await;
    assert_eq!((&shown["status"], &shown["sale_status"]), (&json!("in_orbit"), &json!("pending")));
}

#[tokio::test]
async fn signed_news_of_both_dialects_settle_without_anybody_asking() {
    for world in both().await {
        at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        world.station().sale_when("a", "paid").await;
        world.mercado_pago.idle().await;
        let refused: Vec<_> = world
            .mercado_pago
            .notifications()
            .into_iter()
            .filter(|news| news.tries.iter().any(|one| one.status != Some(200)))
            .collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_signed_id_in_small_letters_verifies_too() {
    let world = world(PointApi::Orders).await;
    world.faults(json!({"webhooks": {"signed_id": "lower"}}));
    at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
    world.station().sale_when("a", "paid").await;
}

#[tokio::test]
async fn legacy_news_without_a_query_verify_by_the_id_in_their_body() {
    let world = world(PointApi::PaymentIntents).await;
    world.faults(json!({"terminals": {"bare_intents": true}}));
    let charge = at_the_terminal(&world, "a").await;
    world.mercado_pago.cancel_at_terminal(&world.demo.terminal).unwrap();
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    assert_eq!(world.station().charged(&charge).await["status"], "canceled");
}

#[tokio::test]
async fn without_any_news_the_sweep_finds_the_end() {
    for world in both().await {
        world.faults(json!({"notifications": {"fate": "lose"}}));
        let station = world.station();
        for (sale, means, end) in [("a", "visa", "paid"), ("b", "rejected_funds", "pending")] {
            let charge = at_the_terminal(&world, sale).await;
            world.mercado_pago.read_card(&world.demo.terminal, &card(means)).unwrap();
            world.make_due(&station.sale(sale).await).await;
            world.stack.fire("SweepFunction").await.unwrap();
            world.stack.drained("HintQueue").await;
            let sale = station.sale_when(sale, end).await;
            let status = &sale["charges"][0]["status"];
            assert_eq!(status, if end == "paid" { "processed" } else { "failed" }, "{charge} {sale}");
        }
    }
}

#[tokio::test]
async fn without_any_news_the_sweep_finds_what_was_paid_although_it_was_cancelled() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.cancel_at_terminal(&terminal).unwrap();
        station.charge_when(&charge, "canceled").await;
        world.faults(json!({"notifications": {"fate": "lose"}}));
        let late = simulated_mercado_pago::CardRead { late: true, ..card("visa") };
        world.mercado_pago.read_card(&terminal, &late).unwrap();
        world.make_due(&station.sale("a").await).await;
        world.stack.fire("SweepFunction").await.unwrap();
        station.sale_when("a", "paid").await;
    }
}

#[tokio::test]
async fn a_till_that_asks_again_and_again_learns_it_without_news() {
    for world in both().await {
        world.faults(json!({"notifications": {"fate": "lose"}}));
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        world.station().charge_when(&charge, "processed").await;
        world.station().sale_when("a", "paid").await;
    }
}
