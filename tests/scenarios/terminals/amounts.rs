//! Amounts on their way to a terminal and back, and what a country's terminals take.

use serde_json::json;
use surtidor::country::Country;
use surtidor::money::{Currency, Money};
use surtidor::sale::PointApi;
use surtidor_tests::World;

use super::{both, card};

/// Every two-decimal amount from a cent to 100,000.00, as a till writes it, is the same minor units on the wire of payment
/// intents, and the same text on the wire of orders.
#[test]
fn every_amount_survives_the_trip_to_minor_units_and_back() {
    let at_the_limit = Country::Ar.point_limits().unwrap().most.minor();
    for minor in (1..=10_000_000_u64).chain(at_the_limit - 1_000..=at_the_limit) {
        let text = format!("{}.{:02}", minor / 100, minor % 100);
        let money = Money::parse(&text, Currency::ARS).unwrap();
        assert_eq!(money.minor(), minor);
        if minor % 997 == 0 || minor > 9_999_000 {
            assert_eq!(money.to_string(), text);
        }
    }
}

#[tokio::test]
async fn amounts_that_floating_point_loses_a_cent_of_arrive_whole() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        for (sale, amount) in
            ["19.99", "64.10", "10000.05", "32768.02", "4000000.00", "5.00"].into_iter().enumerate()
        {
            let body = json!({"sale_id": format!("t{sale}"), "amount": amount});
            let charge = station.charge(&terminal, body).await;
            assert_eq!(charge.status, 201, "{}", charge.text);
            world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
            station.charge_when(&charge.json, "processed").await;
            let sale = station.sale_when(&format!("t{sale}"), "paid").await;
            assert_eq!(sale["attempts"][0]["amount"], amount, "{sale}");
        }
    }
}

#[tokio::test]
async fn a_country_has_limits() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        for amount in ["0.00", "0.01", "1.15", "4.99", "4000000.01"] {
            let refused = station.charge(&terminal, json!({"sale_id": "a", "amount": amount})).await;
            refused.is_problem(422, Some("amount"));
            assert!(
                refused.json["detail"].as_str().unwrap().contains("from 5.00 to 4000000.00 ARS"),
                "{}",
                refused.text
            );
        }
        for amount in ["10", "10.5", "10.000", "-10.00", "1e3", "10,00"] {
            station
                .charge(&terminal, json!({"sale_id": "a", "amount": amount}))
                .await
                .is_problem(422, Some("amount"));
        }
        station.deliver("small", "1", "3.00").await;
        station.charge(&terminal, json!({"sale_id": "small"})).await.is_problem(422, Some("amount"));
        assert_eq!(station.get("/sales/a").await.status, 404, "nothing is written down");
    }
}

async fn in_country(country: Country, point: PointApi) -> World {
    World::start_with(|demo| {
        demo.country = country;
        demo.currency = country.currency().to_string();
        demo.point = point;
    })
    .await
}

#[tokio::test]
async fn other_countries_have_their_own_money_and_limits() {
    for (country, point, amount, below) in [
        (Country::Br, PointApi::Orders, "1.00", "0.99"),
        (Country::Br, PointApi::PaymentIntents, "70000.00", "70000.01"),
        (Country::Mx, PointApi::PaymentIntents, "5.00", "4.99"),
        (Country::Cl, PointApi::Orders, "1990", "19.90"),
    ] {
        let world = in_country(country, point).await;
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station
            .charge(&terminal, json!({"sale_id": "b", "amount": below}))
            .await
            .is_problem(422, Some("amount"));
        let charge = station.charge(&terminal, json!({"sale_id": "a", "amount": amount})).await;
        assert_eq!(charge.status, 201, "{country:?} {}", charge.text);
        world.mercado_pago.read_card(&terminal, &card("master")).unwrap();
        let sale = station.sale_when("a", "paid").await;
        assert_eq!(
            (&sale["attempts"][0]["amount"], &sale["currency"]),
            (&json!(amount), &json!(country.currency()))
        );
    }
}

#[tokio::test]
async fn a_country_without_terminals_is_said_to_have_none() {
    let world = World::start_with(|demo| {
        demo.country = Country::Uy;
        demo.currency = "UYU".to_owned();
    })
    .await;
    let refused =
        world.station().charge(&world.demo.terminal, json!({"sale_id": "a", "amount": "10.00"})).await;
    refused.is_problem(422, None);
    assert!(refused.json["detail"].as_str().unwrap().contains("UY"), "{}", refused.text);
}
