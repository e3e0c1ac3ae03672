//! Applications that act for sellers: consent, codes, tokens, and what is told of it.

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use simulated_mercado_pago::{Application, PaymentDraft};

use crate::bench::{Bench, OTHER, SELLER};

const APPLICATION: u64 = 8_811_223_344_556_677;
const WEBHOOK_SECRET: &str = "0aa1b2c3d4e5f60718293a4b5c6d7e8f";
const BACK: &str = "https://example.com/oauth/callback";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn bench() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.mp.put_application(Application {
        client_id: APPLICATION,
        client_secret: "the-application-secret".to_owned(),
        name: "Surtidores".to_owned(),
        redirect_uris: vec![BACK.to_owned()],
        webhook_url: Some(format!("{}/wh", bench.station.url)),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
        pkce: true,
    })?;
    Ok(bench)
}

fn address(bench: &Bench) -> String {
    format!(
        "{}/authorization?client_id={APPLICATION}&response_type=code&platform_id=mp&state=s%201\
         &redirect_uri=https%3A%2F%2Fexample.com%2Foauth%2Fcallback&code_challenge={CHALLENGE}&code_challenge_method=S256",
        bench.mp.url()
    )
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(location).ok()?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn ask(bench: &Bench, body: &Value) -> Result<(u16, Value)> {
    let call = bench.client.post(format!("{}/oauth/token", bench.mp.url())).body(body.to_string());
    let answer = call.send().await?;
    Ok((answer.status().as_u16(), serde_json::from_str(&answer.text().await?)?))
}

fn exchange(code: &str) -> Value {
    json!({"client_id": APPLICATION.to_string(), "client_secret": "the-application-secret", "grant_type": "authorization_code",
        "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER})
}

fn renewal(token: &Value) -> Value {
    json!({"client_id": APPLICATION.to_string(), "client_secret": "the-application-secret", "grant_type": "refresh_token",
        "refresh_token": token})
}

async fn me(bench: &Bench, token: &Value) -> Result<(u16, Value)> {
    let token = token.as_str().context("a token")?;
    let answer = bench.client.get(format!("{}/users/me", bench.mp.url())).bearer_auth(token).send().await?;
    Ok((answer.status().as_u16(), serde_json::from_str(&answer.text().await?)?))
}

fn code(bench: &Bench) -> Result<String> {
    parameter(&bench.mp.consent(&address(bench), SELLER)?, "code").context("a code")
}

#[tokio::test]
async fn a_consent_becomes_tokens_that_act_for_the_seller() -> Result<()> {
    let bench = bench().await?;
    let location = bench.mp.consent(&address(&bench), SELLER)?;
    assert!(location.starts_with(BACK), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("s 1"));
    let code = parameter(&location, "code").context("a code")?;
    let (status, tokens) = ask(&bench, &exchange(&code)).await?;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!((&tokens["user_id"], &tokens["expires_in"]), (&json!(SELLER), &json!(15_552_000)));
    let (status, seller) = me(&bench, &tokens["access_token"]).await?;
    assert_eq!((status, &seller["id"]), (200, &json!(SELLER)));

    let (status, again) = ask(&bench, &exchange(&code)).await?;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")), "a code is good once");
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_its_name() -> Result<()> {
    let bench = bench().await?;
    let code = code(&bench)?;
    let good = exchange(&code);
    for (name, value, error) in [
        ("client_secret", json!("wrong"), "invalid_client"),
        ("client_id", json!("1"), "invalid_client"),
        ("grant_type", json!("password"), "unsupported_grant_type"),
        ("code", json!("TG-1"), "invalid_grant"),
        ("redirect_uri", json!("https://example.com/oauth/callback/"), "invalid_grant"),
        ("code_verifier", json!("another-verifier-that-is-long-enough-to-be-one-43"), "invalid_grant"),
        ("code_verifier", Value::Null, "invalid_grant"),
        ("scope", json!("read"), "invalid_request"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let (status, answer) = ask(&bench, &body).await?;
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{name}: {answer}");
    }
    let in_query = bench.client.post(format!("{}/oauth/token?x=1", bench.mp.url())).body(good.to_string());
    assert_eq!(in_query.send().await?.status(), 400, "parameters go in the body");
    bench.mp.advance_clock(std::time::Duration::from_secs(601));
    let (_, late) = ask(&bench, &good).await?;
    assert_eq!(late["error"], "invalid_grant", "a code lives for ten minutes");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_wrong_shows_the_person_why() -> Result<()> {
    let bench = bench().await?;
    let good = address(&bench);
    for (from, to, told) in [
        ("client_id=8811223344556677", "client_id=1", "there is no application 1"),
        ("response_type=code", "response_type=token", "response_type"),
        ("platform_id=mp", "platform_id=ml", "platform_id"),
        ("callback&", "callback%2F&", "redirect_uri"),
        ("S256", "S512", "code_challenge_method"),
        (CHALLENGE, "short", "43 to 128"),
    ] {
        let wrong = good.replace(from, to);
        let error = bench.mp.consent(&wrong, SELLER).unwrap_err().to_string();
        assert!(error.contains(told), "{wrong}: {error}");
    }
    let bare = good.split("&code_challenge").next().unwrap_or_default();
    assert!(bench.mp.consent(bare, SELLER).unwrap_err().to_string().contains("PKCE"));
    assert!(bench.mp.consent(&good, 1).is_err(), "a seller that does not exist");
    let refused = bench.mp.refuse(&good)?;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&refused, "state").as_deref(), Some("s 1"));
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_the_old_access_token_stays() -> Result<()> {
    let bench = bench().await?;
    let (_, first) = ask(&bench, &exchange(&code(&bench)?)).await?;
    bench
        .mp
        .set_faults(serde_json::from_value(json!({"oauth": {"bare_refresh": true, "token_life_s": 60}}))?)?;
    let (status, second) = ask(&bench, &renewal(&first["refresh_token"])).await?;
    assert_eq!(status, 200, "{second}");
    assert_eq!((second.get("user_id"), second.get("public_key")), (None, None));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let (_, again) = ask(&bench, &renewal(&first["refresh_token"])).await?;
    assert_eq!(again["error"], "invalid_grant");
    for token in [&first, &second] {
        assert_eq!(me(&bench, &token["access_token"]).await?.0, 200);
    }
    bench.mp.advance_clock(std::time::Duration::from_mins(1));
    assert_eq!(me(&bench, &second["access_token"]).await?.0, 401, "it has ended");
    Ok(())
}

#[tokio::test]
async fn an_application_is_told_of_its_sellers_with_its_own_secret() -> Result<()> {
    let bench = bench().await?;
    bench.mp.create_payment(&draft(SELLER)?)?;
    bench.mp.idle().await;
    assert_eq!(bench.station.arrivals().len(), 0, "not linked yet");
    ask(&bench, &exchange(&code(&bench)?)).await?;
    bench.mp.create_payment(&draft(SELLER)?)?;
    bench.mp.create_payment(&draft(OTHER)?)?;
    bench.mp.idle().await;
    bench.mp.deauthorize(APPLICATION, SELLER)?;
    bench.mp.idle().await;
    bench.mp.create_payment(&draft(SELLER)?)?;
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    let told: Vec<_> = arrivals.iter().map(|one| one.body["action"].as_str().unwrap_or_default()).collect();
    assert_eq!(told, ["application.authorized", "payment.created", "application.deauthorized"]);
    for arrival in &arrivals {
        assert_eq!(arrival.body["user_id"], SELLER);
        assert_eq!(arrival.body["application_id"], APPLICATION);
        let signature = &arrival.headers["x-signature"];
        let (ts, hash) = signature.trim_start_matches("ts=").split_once(",v1=").context("a signature")?;
        let manifest = format!(
            "id:{};request-id:{};ts:{ts};",
            arrival.query["data.id"], arrival.headers["x-request-id"]
        );
        let mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes())?.chain_update(manifest);
        assert_eq!(hex::encode(mac.finalize().into_bytes()), hash);
    }
    Ok(())
}

fn draft(seller: u64) -> Result<PaymentDraft> {
    Ok(serde_json::from_value(json!({"account": seller, "amount": 500.00}))?)
}

#[tokio::test]
async fn what_a_seller_takes_back_is_dead() -> Result<()> {
    let bench = bench().await?;
    let (_, tokens) = ask(&bench, &exchange(&code(&bench)?)).await?;
    bench.mp.deauthorize(APPLICATION, SELLER)?;
    assert_eq!(me(&bench, &tokens["access_token"]).await?.0, 401);
    assert_eq!(ask(&bench, &renewal(&tokens["refresh_token"])).await?.1["error"], "invalid_grant");
    assert!(bench.mp.deauthorize(APPLICATION, SELLER).is_err(), "it was taken back");
    let secrets = bench.mp.oauth_secrets();
    for secret in [&tokens["access_token"], &tokens["refresh_token"]] {
        assert!(secrets.iter().any(|known| known == secret), "dead ones are secrets still");
    }
    Ok(())
}

#[tokio::test]
async fn a_person_consents_by_the_page() -> Result<()> {
    let bench = bench().await?;
    let post = async |path: &str, body: Value| -> Result<Value> {
        let call = bench.client.post(format!("{}/_control/oauth/{path}", bench.mp.url()));
        Ok(serde_json::from_str(&call.body(body.to_string()).send().await?.text().await?)?)
    };
    let url = address(&bench);
    let asked = post("look", json!({"url": url})).await?;
    assert_eq!(
        (&asked["application"], &asked["sellers"][0]["collector_id"]),
        (&json!("Surtidores"), &json!(SELLER))
    );
    let sent = post("consent", json!({"url": url, "seller": SELLER})).await?;
    assert!(parameter(sent["location"].as_str().context("location")?, "code").is_some());
    let refused = post("refuse", json!({"url": url})).await?;
    assert!(parameter(refused["location"].as_str().context("location")?, "error").is_some());
    let wrong = post("look", json!({"url": format!("{}/authorization", bench.mp.url())})).await?;
    assert_eq!(wrong["error"], "client_id is missing");
    let made = json!({"client_id": 7, "client_secret": "s7", "name": "x", "redirect_uris": [BACK]});
    assert_eq!(post("applications", made).await?["client_id"], 7);
    let listed = bench.client.get(format!("{}/_control/oauth/applications", bench.mp.url())).send().await?;
    assert!(!listed.text().await?.contains("s7"), "secrets are not listed");
    Ok(())
}
