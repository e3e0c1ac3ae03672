//! Tokens that are renewed long before they end, and links that cannot be.

use futures_util::future::join;
use serde_json::json;
use std::time::Duration as Span;
use surtidor::store::LinkStatus;
use surtidor_tests::eventually;
use time::{Duration, OffsetDateTime};

use super::Office;

#[tokio::test]
async fn tokens_are_renewed_and_payments_still_settle() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    let first = office.grant().await;
    office.takes_payments("a").await;
    office.world.faults(json!({"oauth": {"bare_refresh": true}}));
    assert_eq!(office.round().await, "refreshed");
    let second = office.grant().await;
    for renewed in ["access_token", "refresh_token", "expires_at"] {
        assert_ne!(first[renewed], second[renewed], "{renewed}");
    }
    assert_eq!(first["collector_id"], second["collector_id"], "the answer did not tell it");
    assert_eq!(office.entry("demo").await["access_token"], second["access_token"]);
    let link = office.status().await;
    assert!(link.refreshed_at.is_some() && link.lease_until.is_none(), "{link:?}");

    // The first token ends, and the function that settles has read the second.
    office.world.mercado_pago.advance_clock(Span::from_hours(51 * 24));
    office.world.stack.kill("payment-reconciliation");
    office.takes_payments("b").await;
    assert_eq!(office.round().await, "kept", "the new ones are good for long");
}

#[tokio::test]
async fn a_token_that_is_good_for_long_is_renewed_only_when_the_operator_says_so() {
    let office = Office::open().await;
    office.link().await;
    assert_eq!(office.round().await, "kept");
    assert_eq!(office.work(json!({"refresh": "demo"})).await, "kept");
    assert_eq!(office.asked_for_tokens(), 1);
    assert_eq!(office.refresh().await, "refreshed");
    assert_eq!(office.asked_for_tokens(), 2);
    let unknown = office.world.stack.invoke("OAuthFunction", &json!({"refresh": "nobody"})).await;
    assert!(unknown.unwrap_err().to_string().contains("not linked"));
}

#[tokio::test]
async fn two_who_renew_at_once_use_the_refresh_token_once() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    // Long enough for both to be at it.
    office.world.faults(json!({"api": [{"route": "POST /oauth/token", "do": "slow", "ms": 800}]}));
    let (one, two) = join(office.round(), office.round()).await;
    let mut outcomes = [one.as_str(), two.as_str()];
    outcomes.sort_unstable();
    assert!(matches!(outcomes, ["busy" | "kept", "refreshed"]), "{outcomes:?}");
    assert_eq!(office.asked_for_tokens(), 2, "the exchange, and one renewal");
    assert_eq!(office.status().await.status, LinkStatus::Linked);
    assert_eq!(office.entry("demo").await["access_token"], office.grant().await["access_token"]);
    assert!(office.lines("account_relink_needed").is_empty());
}

#[tokio::test]
async fn a_lost_answer_costs_the_refresh_token_and_rings_while_payments_go_on() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    office.world.faults(json!({"api": [{"route": "POST /oauth/token", "do": "lose_answer", "times": 1}]}));
    assert_eq!(office.round().await, "failed");
    let stands = office.status().await;
    assert_eq!((stands.status, stands.lease_until), (LinkStatus::Linked, None), "nobody knows yet");
    assert!(stands.last_error.unwrap().contains("no answer"));

    assert_eq!(office.round().await, "relink_needed");
    assert_eq!(office.status().await.status, LinkStatus::RelinkNeeded);
    let line = office.line("account_relink_needed").await;
    assert_eq!((&line["level"], &line["fields"]["days"]), (&json!("ERROR"), &json!(49)));
    office.takes_payments("a").await;

    let asked = office.asked_for_tokens();
    assert_eq!(office.round().await, "relink_needed", "it rings every day");
    assert_eq!((office.lines("account_relink_needed").len(), office.asked_for_tokens()), (2, asked));
    office.link().await;
    assert_eq!(office.status().await.status, LinkStatus::Linked);
    assert_eq!(office.round().await, "kept");
}

#[tokio::test]
async fn a_process_that_dies_between_the_answer_and_the_write_is_found_out() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    let known = office.world.mercado_pago.oauth_secrets().len();
    office
        .world
        .faults(json!({"api": [{"route": "POST /oauth/token", "do": "slow", "ms": 60_000, "times": 1}]}));
    let task = json!({"look_after_links": true});
    let round = office.world.stack.invoke("OAuthFunction", &task);
    let killer = async {
        eventually("Mercado Pago gave new tokens", || async {
            (office.world.mercado_pago.oauth_secrets().len() > known).then_some(())
        })
        .await;
        office.world.stack.kill("OAuthFunction");
    };
    let (answer, ()) = join(round, killer).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(office.round().await, "busy", "its lease is still there");
    office.change_link(|link| link.lease_until = Some(OffsetDateTime::now_utc() - Duration::SECOND)).await;
    assert_eq!(office.round().await, "relink_needed");
    office.takes_payments("a").await;
}

#[tokio::test]
async fn a_seller_who_consents_again_while_tokens_are_renewed_has_the_last_word() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    let known = office.world.mercado_pago.oauth_secrets().len();
    office
        .world
        .faults(json!({"api": [{"route": "POST /oauth/token", "do": "slow", "ms": 1_500, "times": 1}]}));
    let seller = async {
        eventually("Mercado Pago gave new tokens", || async {
            (office.world.mercado_pago.oauth_secrets().len() > known).then_some(())
        })
        .await;
        office.link().await;
        office.grant().await
    };
    let (outcome, consented) = join(office.round(), seller).await;
    assert_eq!((outcome.as_str(), office.grant().await), ("busy", consented.clone()));
    assert_eq!(office.entry("demo").await["access_token"], consented["access_token"]);
    let link = office.status().await;
    assert_eq!((link.status, link.refreshed_at, link.lease_until), (LinkStatus::Linked, None, None));
}

#[tokio::test]
async fn new_tokens_are_kept_though_the_answer_to_the_write_is_lost() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    for operation in ["PutSecretValue", "UpdateSecretVersionStage"] {
        let before = office.grant().await;
        office.world.stack.faults().lose_answer("SecretsManager", operation, Some(1));
        assert_eq!(office.refresh().await, "refreshed", "{operation}");
        let after = office.grant().await;
        assert_ne!(after["refresh_token"], before["refresh_token"]);
        assert_eq!(office.entry("demo").await["access_token"], after["access_token"]);
        assert_eq!(office.status().await.status, LinkStatus::Linked);
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_the_next_day_and_rings_when_time_gets_short() {
    for (days, rings) in [(50, false), (20, true)] {
        let office = Office::open().await;
        office.link_for_days(days).await;
        office.world.faults(json!({"api": [{"route": "POST /oauth/token", "do": "status", "status": 503}]}));
        assert_eq!(office.round().await, "failed");
        assert_eq!(office.asked_for_tokens(), 2, "once a day");
        let lines = office.lines("account_token_expires");
        assert_eq!(lines.len(), usize::from(rings), "{days}");
        if rings {
            assert_eq!((&lines[0]["level"], &lines[0]["fields"]["days"]), (&json!("ERROR"), &json!(19)));
        }
        office.world.faults(json!({}));
        assert_eq!(office.round().await, "refreshed");
        assert_eq!(office.status().await.last_error, None);
    }
}

#[tokio::test]
async fn an_application_that_is_refused_is_not_the_sellers_fault() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    office
        .world
        .change_secret("OAuthSecret", |document| {
            document["application"]["client_secret"] = json!("a-secret-that-was-renewed");
        })
        .await;
    assert_eq!(office.round().await, "failed");
    assert_eq!(office.status().await.status, LinkStatus::Linked);
    assert_eq!(office.line("refresh_refused").await["level"], "ERROR");
    office
        .world
        .change_secret("OAuthSecret", |document| {
            document["application"]["client_secret"] = json!(super::APPLICATION_SECRET);
        })
        .await;
    assert_eq!(office.round().await, "refreshed");
}

#[tokio::test]
async fn a_token_without_a_refresh_token_rings_before_it_ends() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    office
        .world
        .change_secret("OAuthSecret", |document| {
            let grant = document["accounts"]["demo"].as_object_mut().unwrap();
            grant.remove("refresh_token");
        })
        .await;
    assert_eq!(office.round().await, "relink_needed");
    office.line("account_relink_needed").await;
}

#[tokio::test]
async fn a_copy_that_is_missing_is_mended() {
    let office = Office::open().await;
    office.link().await;
    office.world.change_secret("AccountsSecret", |document| drop(document.remove("demo"))).await;
    assert_eq!(office.round().await, "kept");
    let entry = office.entry("demo").await;
    assert_eq!(
        (&entry["access_token"], &entry["live"]),
        (&office.grant().await["access_token"], &json!(true))
    );
    office.line("token_copied").await;
    office.takes_payments("a").await;
}

/// As if the process that linked had died before it told how the link stands.
#[tokio::test]
async fn a_link_that_was_not_noted_is_noted() {
    let office = Office::open().await;
    office.link_for_days(50).await;
    office
        .change_link(|link| {
            link.status = LinkStatus::RelinkNeeded;
            link.expires_at -= Duration::days(90);
        })
        .await;
    assert_eq!(office.round().await, "refreshed", "the tokens are newer than what is noted");
    assert_eq!(office.status().await.status, LinkStatus::Linked);
}

#[tokio::test]
async fn a_round_that_cannot_be_made_rings() {
    let office = Office::open().await;
    office.link().await;
    office
        .world
        .change_secret("OAuthSecret", |document| {
            document["accounts"]["demo"]["expires_at"] = json!("tomorrow");
        })
        .await;
    assert_eq!(office.round().await, "failed");
    assert_eq!(office.line("links_not_watched").await["level"], "ERROR");
    office.world.stack.faults().fail("SecretsManager", "GetSecretValue", "InternalServiceError", Some(3));
    let failed = office.world.stack.invoke("OAuthFunction", &json!({"look_after_links": true})).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(office.lines("links_not_watched").len(), 2);
}

/// Secrets Manager keeps every version of a day, and not many of them.
#[tokio::test]
async fn a_round_renews_so_many_and_the_next_one_the_rest() {
    let office = Office::open().await;
    office.world.faults(json!({"oauth": {"token_life_s": 50 * 86_400}}));
    for number in 0..21 {
        let url = office.invite(&format!("station-{number}"), None).await;
        let page = office.visit(&office.world.mercado_pago.consent(&url, super::STRANGER).unwrap()).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }
    office.world.faults(json!({}));
    for (refreshed, postponed) in [(20, 1), (1, 0), (0, 0)] {
        let task = json!({"look_after_links": true});
        let done = office.world.stack.invoke("OAuthFunction", &task).await.unwrap();
        let links = done["links"].as_array().unwrap();
        let count = |outcome: &str| links.iter().filter(|link| link["outcome"] == outcome).count();
        assert_eq!((count("refreshed"), count("postponed")), (refreshed, postponed), "{done}");
    }
}

#[tokio::test]
async fn a_system_without_links_has_nothing_to_look_after() {
    let office = Office::open().await;
    office.world.change_secret("OAuthSecret", serde_json::Map::clear).await;
    office.world.stack.fire("OAuthFunction").await.unwrap();
    assert!(office.lines("links_not_watched").is_empty());
}
