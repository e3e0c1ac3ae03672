//! From a link that was handed out to an account that takes payments.

use futures_util::future::join;
use reqwest::Url;
use serde_json::json;
use surtidor::store::{InvitationStatus, LinkStatus, hash_of_key};
use time::Duration;

use super::{Office, STRANGER, parameter};

#[tokio::test]
async fn a_seller_consents_and_the_account_takes_payments() {
    let office = Office::open().await;
    let before = office.entry("demo").await;
    let url = office.invite("demo", Some(office.seller())).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    let page = office.visit(&location).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("La cuenta demo quedó vinculada"), "{}", page.text);
    assert_eq!(office.asked_for_tokens(), 1);

    let (grant, after) = (office.grant().await, office.entry("demo").await);
    assert_eq!(grant["collector_id"], office.seller());
    assert_eq!(after["access_token"], grant["access_token"]);
    assert!(after.get("refresh_token").is_none(), "{:?}", after.as_object().unwrap().keys());
    for kept in ["collector_id", "live", "country", "point"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let link = office.status().await;
    assert_eq!(
        (link.status, link.collector_id, link.lease_until),
        (LinkStatus::Linked, office.seller(), None)
    );
    let life = link.expires_at - link.linked_at;
    assert_eq!((life + Duration::SECOND).whole_days(), 180);
    office.takes_payments("a").await;
}

#[tokio::test]
async fn a_new_account_gets_an_entry_of_its_own() {
    let office = Office::open().await;
    let url = office.invite("north", None).await;
    let page = office.visit(&office.world.mercado_pago.consent(&url, STRANGER).unwrap()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let entry = office.entry("north").await;
    assert_eq!((&entry["collector_id"], &entry["live"]), (&json!(STRANGER), &json!(true)));
    assert!(entry["access_token"].as_str().unwrap().ends_with(&STRANGER.to_string()));
}

#[tokio::test]
async fn a_page_that_is_loaded_again_exchanges_nothing() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    // Two at once, as browsers sometimes ask.
    let (one, two) = join(office.visit(&location), office.visit(&location)).await;
    assert!(one.status == 200 || two.status == 200, "{} {}", one.text, two.text);
    assert_eq!(office.asked_for_tokens(), 1);
    let grant = office.grant().await;
    let again = office.visit_in("pt-BR", &location).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(again.text.contains("A conta demo já está vinculada"), "{}", again.text);
    assert_eq!((office.asked_for_tokens(), office.grant().await), (1, grant));
    let state = hash_of_key(&parameter(&location, "state").unwrap());
    let invitation = office.world.store().invitation(&state).await.unwrap().unwrap();
    assert_eq!((invitation.status, invitation.verifier), (InvitationStatus::Linked, None));
}

#[tokio::test]
async fn another_seller_than_the_one_who_may_is_refused_and_nothing_is_kept() {
    let office = Office::open().await;
    let before = office.entry("demo").await;
    // Also where nobody said who may: an account never changes its seller by a link.
    for expected in [Some(office.seller()), None] {
        let url = office.invite("demo", expected).await;
        let location = office.world.mercado_pago.consent(&url, STRANGER).unwrap();
        let page = office.visit_in("en", &location).await;
        assert_eq!(page.status, 403, "{}", page.text);
        assert!(page.text.contains("Another Mercado Pago account"), "{}", page.text);
        assert_eq!(office.visit(&location).await.status, 410, "the link is used up");
    }
    assert_eq!((office.grant().await.len(), office.entry("demo").await), (0, before));
    assert_eq!(office.lines("link_of_wrong_seller").len(), 2);
}

#[tokio::test]
async fn a_test_user_is_refused_for_an_account_with_real_money() {
    let office = Office::open().await;
    let test_user = simulated_mercado_pago::Account {
        live_mode: false,
        access_token: "APP_USR-of-a-test-user-178106235".to_owned(),
        ..office.world.demo.seller()
    };
    office.world.mercado_pago.put_account(test_user).unwrap();
    let url = office.invite("demo", None).await;
    let page = office.visit(&office.world.mercado_pago.consent(&url, office.seller()).unwrap()).await;
    assert_eq!(page.status, 403, "{}", page.text);
    assert_eq!(office.grant().await.len(), 0);
}

#[tokio::test]
async fn a_seller_who_refuses_may_change_his_mind() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let page = office.visit(&office.world.mercado_pago.refuse(&url).unwrap()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("No se autorizó"), "{}", page.text);
    assert_eq!((office.asked_for_tokens(), office.grant().await.len()), (0, 0));
    let page = office.visit(&office.world.mercado_pago.consent(&url, office.seller()).unwrap()).await;
    assert!(page.text.contains("quedó vinculada"), "{}", page.text);
}

#[tokio::test]
async fn a_link_that_is_too_old_is_over() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    let hash = hash_of_key(&parameter(&location, "state").unwrap());
    let store = office.world.store();
    let mut invitation = store.invitation(&hash).await.unwrap().unwrap();
    invitation.expires_at -= Duration::minutes(31);
    assert!(store.save_invitation(&hash, &invitation, Some(InvitationStatus::Waiting)).await.unwrap());
    let page = office.visit(&location).await;
    assert_eq!(page.status, 410, "{}", page.text);
    assert_eq!(office.asked_for_tokens(), 0);
}

#[tokio::test]
async fn a_state_that_was_never_handed_out_links_nothing_and_costs_one_read_at_most() {
    let office = Office::open().await;
    let callback = super::redirect_uri(&office.world);
    let guess = "A".repeat(43);
    // The function is warm: what it reads at start is not counted.
    office.visit(&callback).await;
    for (query, reads) in [
        (format!("code=TG-1&state={guess}"), 1),
        ("code=TG-1&state=short".to_owned(), 0),
        (format!("code=TG-1&state={}", "%3F".repeat(43)), 0),
        (format!("code={}&state={guess}", "x".repeat(600)), 0),
        (format!("state={guess}"), 0),
        ("code=TG-1".to_owned(), 0),
        (String::new(), 0),
    ] {
        let before = office.world.stack.calls().total();
        let page = office.visit(&format!("{callback}?{query}")).await;
        assert_eq!(page.status, 410, "{query}: {}", page.text);
        assert_eq!(office.world.stack.calls().total() - before, reads, "{query}");
    }
    assert_eq!(office.asked_for_tokens(), 0);
}

#[tokio::test]
async fn a_code_that_mercado_pago_does_not_know_links_nothing() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    let mut forged = Url::parse(&location).unwrap();
    let state = parameter(&location, "state").unwrap();
    forged.query_pairs_mut().clear().append_pair("code", "TG-forged").append_pair("state", &state);
    let page = office.visit(forged.as_str()).await;
    assert_eq!(page.status, 502, "{}", page.text);
    assert_eq!((office.grant().await.len(), office.visit(&location).await.status), (0, 410));
}

#[tokio::test]
async fn after_a_lost_answer_the_seller_begins_anew() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    office.world.faults(json!({"api": [{"route": "POST /oauth/token", "do": "lose_answer", "times": 1}]}));
    let page = office.visit(&location).await;
    assert_eq!(page.status, 502, "{}", page.text);
    assert!(page.text.contains("Pida un enlace nuevo"), "{}", page.text);
    assert_eq!(office.grant().await.len(), 0);
    office.link().await;
    office.takes_payments("a").await;
}

#[tokio::test]
async fn a_busy_mercado_pago_is_asked_again() {
    let office = Office::open().await;
    office
        .world
        .faults(json!({"api": [{"route": "POST /oauth/token", "do": "status", "status": 429, "times": 2}]}));
    office.link().await;
    assert_eq!(office.asked_for_tokens(), 3);
}

#[tokio::test]
async fn tokens_that_cannot_be_written_at_once_are_written_a_moment_later() {
    let office = Office::open().await;
    // More than one call of the SDK repeats by itself.
    office.world.stack.faults().fail("SecretsManager", "PutSecretValue", "InternalServiceError", Some(4));
    office.link().await;
    assert_eq!(office.entry("demo").await["access_token"], office.grant().await["access_token"]);
}

#[tokio::test]
async fn without_an_application_nobody_is_linked_and_the_link_is_not_used_up() {
    let office = Office::open().await;
    let application = office.world.secret("OAuthSecret").await["application"].clone();
    office.world.change_secret("OAuthSecret", |document| drop(document.remove("application"))).await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    assert_eq!(office.visit(&location).await.status, 503);
    office
        .world
        .change_secret("OAuthSecret", |document| {
            document.insert("application".to_owned(), application.clone());
        })
        .await;
    assert_eq!(office.visit(&location).await.status, 200);
}

#[tokio::test]
async fn the_page_gives_nothing_away_and_runs_nothing() {
    let office = Office::open().await;
    let url = office.invite("demo", None).await;
    let location = office.world.mercado_pago.consent(&url, office.seller()).unwrap();
    let page = office.visit(&location).await;
    for secret in office.world.mercado_pago.oauth_secrets() {
        assert!(!page.text.contains(&secret));
    }
    assert!(!page.text.contains(&parameter(&location, "state").unwrap()));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("content-language"), "es");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn events_that_break_the_library_or_are_none_do_not_break_the_function() {
    let office = Office::open().await;
    let event = |path: &str, query: &str| {
        json!({
            "version": "2.0", "routeKey": "GET /oauth/callback", "rawPath": path, "rawQueryString": query,
            "headers": {"host": "x.127.0.0.1:a b", "x-forwarded-proto": "not a scheme"}, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "x y", "requestId": "r", "routeKey": "GET /oauth/callback",
                "stage": "$default", "time": "t", "timeEpoch": 0,
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
            },
        })
    };
    for event in [
        event("/oauth/callback", "code=1|2\"<>\u{e9}&state=x"),
        event(":no slash", ""),
        event("/oauth/callback", &"x".repeat(70_000)),
    ] {
        let answer = office.world.stack.invoke("OAuthFunction", &event).await.unwrap();
        assert_eq!(answer["statusCode"], 410, "{answer}");
    }
    for task in
        [json!({}), json!([]), json!({"refresh": "no account"}), json!({"hush": "a-secret-of-somebody"})]
    {
        let error = office.world.stack.invoke("OAuthFunction", &task).await.unwrap_err().to_string();
        assert!(error.contains("neither HTTP nor a task") && !error.contains("somebody"), "{error}");
    }
    office.link().await;
}
