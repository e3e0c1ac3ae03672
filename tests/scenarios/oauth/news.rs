//! What Mercado Pago tells an application of its sellers, and what anybody might make up.

use reqwest::Method;
use serde_json::{Value, json};
use surtidor::store::LinkStatus;
use surtidor_tests::{Answer, sign};
use time::{Duration, OffsetDateTime};

use super::{INTAKE_KEY, Office, STRANGER, WEBHOOK_SECRET};

const REQUEST_ID: &str = "b01f0262-589b-4feb-aff1-ac74c690b4d0";

impl Office {
    /// A Webhook at the URL of the application, signed with a secret.
    async fn webhook(&self, secret: &str, kind: &str, id: &str, body: &Value) -> Answer {
        let signature = sign(secret, id, REQUEST_ID, OffsetDateTime::now_utc().unix_timestamp());
        let headers = [("x-signature", signature.as_str()), ("x-request-id", REQUEST_ID)];
        self.post(&format!("data.id={id}&type={kind}"), &headers, body).await
    }

    async fn post(&self, query: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let url = format!("{}/notifications/app?key={INTAKE_KEY}&{query}", self.world.demo.api_url);
        self.world.request(Method::POST, &url, headers, body.to_string()).await
    }

    /// As if the seller had consented a while ago: a link of this minute is not judged by a token that may be older.
    async fn let_an_hour_pass(&self) {
        self.change_link(|link| {
            link.linked_at -= Duration::HOUR;
            link.refreshed_at = link.refreshed_at.map(|at| at - Duration::HOUR);
        })
        .await;
    }

    async fn settled(&self) {
        self.world.mercado_pago.idle().await;
        self.world.stack.drained("HintQueue").await;
    }

    fn hints(&self) -> u64 {
        self.world.calls("SQS", "SendMessage")
    }
}

fn unlink(seller: u64) -> Value {
    json!({"id": 1, "type": "mp-connect", "action": "application.deauthorized", "user_id": seller, "data": {"id": seller.to_string()}})
}

#[tokio::test]
async fn a_seller_who_unlinks_is_found_out_and_rings() {
    let office = Office::open().await;
    office.link().await;
    office.let_an_hour_pass().await;
    office.world.mercado_pago.deauthorize(super::APPLICATION, office.seller()).unwrap();
    let line = office.line("account_unlinked").await;
    assert_eq!((&line["level"], &line["fields"]["account"]), (&json!("ERROR"), &json!("demo")));
    office.settled().await;
    assert_eq!(office.status().await.status, LinkStatus::Unlinked);
    assert_eq!(office.world.stack.queue("DeadLetterQueue").visible, 0);

    // The news again, as Mercado Pago may send them for days.
    let (id, body) = (office.seller().to_string(), unlink(office.seller()));
    assert_eq!(office.webhook(WEBHOOK_SECRET, "mp-connect", &id, &body).await.status, 200);
    office.settled().await;
    assert_eq!(office.lines("account_unlinked").len(), 1, "it rings once");

    office.link().await;
    assert_eq!(office.status().await.status, LinkStatus::Linked);
    office.world.stack.kill("payment-reconciliation");
    office.takes_payments("a").await;
}

#[tokio::test]
async fn unlink_news_that_nobody_signed_are_refused() {
    let office = Office::open().await;
    office.link().await;
    office.let_an_hour_pass().await;
    office.settled().await;
    let (id, before) = (office.seller().to_string(), office.hints());
    let body = unlink(office.seller());
    office
        .post(&format!("data.id={id}&type=mp-connect"), &[], &body)
        .await
        .is_problem(401, Some("x-signature"));
    office.webhook("another secret", "mp-connect", &id, &body).await.is_problem(401, Some("x-signature"));
    assert_eq!((office.hints(), office.status().await.status), (before, LinkStatus::Linked));
}

#[tokio::test]
async fn unlink_news_that_are_not_true_change_nothing() {
    let office = Office::open().await;
    office.link().await;
    office.let_an_hour_pass().await;
    let id = office.seller().to_string();
    assert_eq!(office.webhook(WEBHOOK_SECRET, "mp-connect", &id, &unlink(office.seller())).await.status, 200);
    let line = office.line("unlink_dropped").await;
    assert_eq!(line["fields"]["why"], "the token is good");
    office.settled().await;
    assert_eq!(office.status().await.status, LinkStatus::Linked);
    office.takes_payments("a").await;
}

#[tokio::test]
async fn a_mercado_pago_that_does_not_answer_proves_no_unlink() {
    let office = Office::open().await;
    office.link().await;
    office.let_an_hour_pass().await;
    office.world.faults(json!({"api": [{"route": "GET /users/me", "do": "status", "status": 503}]}));
    let id = office.seller().to_string();
    office.webhook(WEBHOOK_SECRET, "mp-connect", &id, &unlink(office.seller())).await;
    office.line("hint_failed").await;
    office.world.faults(json!({}));
    office.world.stack.redeliver_now("HintQueue");
    office.line("unlink_dropped").await;
    assert_eq!(office.status().await.status, LinkStatus::Linked);
}

#[tokio::test]
async fn old_unlink_news_are_not_held_against_a_seller_who_came_back() {
    let office = Office::open().await;
    office.link().await;
    office.let_an_hour_pass().await;
    office.world.faults(json!({"notifications": {"fate": "lose"}}));
    let since = OffsetDateTime::now_utc();
    office.world.mercado_pago.deauthorize(super::APPLICATION, office.seller()).unwrap();
    office.link().await;
    // The function that settles has read the token that is dead, and the hint was a long time on the queue.
    office
        .world
        .change_secret("AccountsSecret", |document| document["demo"]["access_token"] = json!("APP_USR-dead"))
        .await;
    let since = since.format(&time::format_description::well_known::Rfc3339).unwrap();
    let hint =
        json!({"account": "demo", "resource": {"connection": office.seller().to_string()}, "since": since});
    office.world.stack.send("HintQueue", &hint.to_string());
    let line = office.line("unlink_dropped").await;
    assert_eq!(line["fields"]["why"], "the seller consented again since");
    assert_eq!(office.status().await.status, LinkStatus::Linked);
}

#[tokio::test]
async fn a_token_that_was_renewed_a_moment_ago_is_asked_about_again() {
    let office = Office::open().await;
    office.link().await;
    office
        .world
        .change_secret("AccountsSecret", |document| document["demo"]["access_token"] = json!("APP_USR-dead"))
        .await;
    let id = office.seller().to_string();
    office.webhook(WEBHOOK_SECRET, "mp-connect", &id, &unlink(office.seller())).await;
    let line = office.line("hint_failed").await;
    assert!(line["fields"]["error"].as_str().unwrap().contains("renewed a moment ago"), "{line}");
    assert_eq!(office.status().await.status, LinkStatus::Linked);
}

#[tokio::test]
async fn news_of_many_sellers_go_to_the_account_whose_seller_they_name() {
    let office = Office::open().await;
    office.link().await;
    office.settled().await;
    let told = office.world.station().deliver("a", "1", "500.00").await;
    let draft = json!({"account": office.seller(), "amount": 500.00, "external_reference": told["external_reference"]});
    office.world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap();
    office.world.station().sale_when("a", "paid").await;
}

#[tokio::test]
async fn news_of_a_seller_who_is_not_known_are_acknowledged_and_passed_over() {
    let office = Office::open().await;
    let url = office.invite("north", None).await;
    office.visit(&office.world.mercado_pago.consent(&url, STRANGER).unwrap()).await;
    office.settled().await;
    let before = office.hints();
    let draft = json!({"account": STRANGER, "amount": 500.00});
    office.world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap();
    office.line("notification_of_no_seller").await;
    office.settled().await;
    let news = office.world.mercado_pago.notifications();
    assert!(news.iter().all(|one| one.state == simulated_mercado_pago::State::Delivered), "{news:?}");
    assert_eq!(office.hints(), before);
}

/// Whoever has the application's intake key, and not its webhook secret, gets Mercado Pago asked with nobody's token.
#[tokio::test]
async fn what_proves_nothing_is_not_taken_for_any_seller_of_the_application() {
    let office = Office::open().await;
    office.link().await;
    office.settled().await;
    let before = office.hints();
    let order = json!({"type": "topic_merchant_order_wh", "id": "31000000003", "user_id": office.seller()});
    assert_eq!(office.post("", &[], &order).await.status, 200);
    assert_eq!(office.post("topic=payment&id=130000000005", &[], &json!({})).await.status, 200);
    assert_eq!(office.lines("notification_of_no_seller").len(), 2);
    assert_eq!(office.hints(), before);
}

#[tokio::test]
async fn that_a_seller_linked_is_no_hint() {
    let office = Office::open().await;
    let before = office.hints();
    office.link().await;
    office.settled().await;
    let news = office.world.mercado_pago.notifications();
    assert_eq!(news.iter().filter(|one| one.topic == "mp-connect").count(), 1);
    assert_eq!(office.hints(), before);
    office.line("notification_passed_over").await;
}
