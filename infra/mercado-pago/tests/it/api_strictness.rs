//! Where Mercado Pago refuses, so does the simulator, with its codes.

use anyhow::Result;
use axum::http::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::Site;

use crate::bench::{Bench, SELLER, cause, store};

fn changed(mut body: Value, pointer: &str, value: Value) -> Value {
    if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(parent)) = body.pointer_mut(parent)
    {
        parent.insert(name.to_owned(), value);
    }
    body
}

#[tokio::test]
async fn tokens() -> Result<()> {
    let bench = Bench::new().await?;
    let call = async |path: &str, token: &str| {
        bench.call(Method::GET, path, None, &[("authorization", token)]).await
    };
    assert_eq!(call("/users/me", "Bearer APP_USR-1").await?.0, 401);
    assert_eq!(call("/merchant_orders/1", "Bearer APP_USR-1").await?.1["message"], "invalid_token");
    assert_eq!(call("/pos", "Basic eA==").await?.0, 401);
    assert_eq!(cause(&call("/v1/payments/1", "").await?.1), 5);
    let (status, nothing) = bench.get("/v3/nothing?access_token=x").await?;
    assert_eq!((status, &nothing["error"]), (404, &json!("not_found")));
    Ok(())
}

#[tokio::test]
async fn stores() -> Result<()> {
    let bench = Bench::new().await?;
    let path = format!("/users/{SELLER}/stores");
    for (pointer, value, code) in [
        ("/colour", json!("red"), "UNKNOWN_FIELD"),
        ("/name", json!(""), "INVALID_NAME"),
        ("/external_id", json!("EST 1"), "INVALID_EXTERNAL_ID"),
        ("/external_id", json!("e".repeat(61)), "INVALID_EXTERNAL_ID"),
        ("/external_id", json!("est0001"), "VALIDATION_ERROR"),
        ("/business_hours/lunes", json!([]), "INVALID_DAY"),
        ("/business_hours/monday", json!([{"open": "8:00", "close": "13:00"}]), "INVALID_BUSINESS_HOURS"),
        ("/location", json!("here"), "INVALID_LOCATION"),
        ("/location/street_number", json!(3039), "INVALID_STREET_NUMBER"),
        ("/location/city_name", Value::Null, "INVALID_CITY_NAME"),
        ("/location/latitude", json!(-91), "INVALID_LATITUDE"),
        ("/location/longitude", json!("-68"), "INVALID_LONGITUDE"),
    ] {
        let (status, answer) = bench.post(&path, &changed(store("NEW1"), pointer, value)).await?;
        assert_eq!((status, &answer["error"]), (400, &json!(code)), "{pointer}: {answer}");
    }
    assert_eq!(bench.post("/users/x/stores", &store("NEW1")).await?.1["error"], "INVALID_USER_ID");
    assert_eq!(bench.post("/users/5/stores", &store("NEW1")).await?.0, 403);
    let (_, found) = bench.get(&format!("{path}/search?external_id=est0001")).await?;
    assert_eq!(found["paging"], json!({"total": 1, "offset": 0, "limit": 30}));
    assert_eq!(found["results"][0]["id"], bench.store);

    let own = format!("{path}/{}", bench.store);
    assert_eq!(bench.put(&own, &json!({"name": "Otra"})).await?.1["name"], "Otra");
    assert_eq!(bench.get(&format!("/stores/{}", bench.store)).await?.1["external_id"], "EST0001");
    assert_eq!(bench.call(Method::DELETE, &own, None, &[]).await?.0, 400, "it still has a pump");
    assert_eq!(bench.call(Method::DELETE, &format!("/pos/{}", bench.pos), None, &[]).await?.0, 204);
    let (status, gone) = bench.call(Method::DELETE, &own, None, &[]).await?;
    assert_eq!((status, &gone["user"]), (200, &json!(SELLER)));
    assert_eq!(bench.get(&format!("/stores/{}", bench.store)).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn points_of_sale() -> Result<()> {
    let bench = Bench::new().await?;
    let pump = json!({
        "name": "Surtidor 2", "fixed_amount": true, "category": 473_000, "store_id": bench.store,
        "external_id": "EST0001S02", "url": "https://qr.example.com/pay-mp?apies=6232&pos=2",
    });
    for (pointer, value, code) in [
        ("/colour", json!("red"), "UNKNOWN_FIELD_EXCEPTION"),
        ("/name", json!("n".repeat(46)), "NAME_TOO_LONG"),
        ("/name", Value::Null, "INVALID_NAME"),
        ("/fixed_amount", json!(false), "FIXED_AMOUNT_FALSE"),
        ("/fixed_amount", Value::Null, "FIXED_AMOUNT_FALSE"),
        ("/fixed_amount", json!("true"), "INVALID_FIXED_AMOUNT"),
        ("/category", json!(4_731_300), "UNKNOWN_MCC"),
        ("/category", json!("473000"), "INVALID_CATEGORY"),
        ("/store_id", json!("here"), "INVALID_STORE_ID"),
        ("/store_id", Value::Null, "INVALID_STORE_ID"),
        ("/store_id", json!(1), "POS_INVALID_STORE_ID"),
        ("/external_store_id", json!("OTHER"), "EXTERNAL_STORE_ID_NOT_MATCH"),
        ("/external_id", json!("pos_1"), "INVALID_EXTERNAL_ID"),
        ("/external_id", json!("e".repeat(41)), "EXTERNAL_ID_TOO_LONG"),
        ("/url", json!("api.integration.com?apies=1&pos=1"), "INVALID_URL"),
        ("/url", json!(format!("https://a.example/{}", "x".repeat(300))), "URL_TOO_LONG"),
    ] {
        let (status, answer) = bench.post("/pos", &changed(pump.clone(), pointer, value.clone())).await?;
        assert_eq!((status, &answer["error"]), (400, &json!(code)), "{pointer} = {value}: {answer}");
    }
    let (status, answer) =
        bench.post("/pos", &changed(pump.clone(), "/external_id", json!("est0001s01"))).await?;
    assert_eq!((status, &answer["error"]), (409, &json!("point_of_sale_exists")), "case does not count");
    assert_eq!(bench.call(Method::POST, "/pos", None, &[]).await?.1["error"], "MISSING_BODY");
    bench.faults(&json!({"enabled_hosts": ["pumps.example.com"]})).await?;
    assert_eq!(bench.post("/pos", &pump).await?.0, 403);
    bench.faults(&json!({})).await?;
    let (status, made) = bench.post("/pos", &pump).await?;
    assert_eq!((status, &made["status"], &made["store_id"]), (201, &json!("active"), &json!(bench.store)));
    let own = format!("/pos/{}", made["id"]);
    assert_eq!(bench.put(&own, &json!({"external_id": "OTHER"})).await?.0, 400);
    assert_eq!(bench.put(&own, &json!({"name": "Isla 2"})).await?.1["name"], "Isla 2");
    let (_, found) = bench.get("/pos?external_store_id=EST0001&external_id=est0001s02").await?;
    assert_eq!(found["paging"]["total"], 1);
    assert_eq!(bench.get("/pos?limit=x").await?.1["error"], "INVALID_LIMIT");
    assert_eq!(bench.get("/pos/x").await?.1["error"], "INVALID_POS_ID");
    assert_eq!(bench.get("/pos/1").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn a_category_belongs_to_its_country() -> Result<()> {
    let codes = [473_000, 4_731_300, 468_419, 4_731, 5_050, 47_300, 473_001];
    let sites = [Site::Mla, Site::Mlb, Site::Mlm, Site::Mco, Site::Mpe, Site::Mlu, Site::Mlc];
    for (own, site) in codes.into_iter().zip(sites) {
        let bench = Bench::at(site).await?;
        for code in codes {
            let pump = json!({"name": "x", "category": code, "store_id": bench.store});
            let (status, answer) = bench.post("/pos", &pump).await?;
            assert_eq!(status, if code == own { 201 } else { 400 }, "{site:?} {code}: {answer}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn merchant_orders() -> Result<()> {
    let bench = Bench::new().await?;
    bench.paid("rejected_other").await?;
    assert_eq!(bench.get("/merchant_orders/x").await?.1["error"], "invalid_format");
    assert_eq!(bench.get("/merchant_orders/1").await?.0, 404);
    assert_eq!(bench.get("/merchant_orders/search?colour=red").await?.1["error"], "ds_search_query");
    let total = async |query: &str| {
        anyhow::Ok(bench.get(&format!("/merchant_orders/search?{query}")).await?.1["total"].clone())
    };
    assert_eq!(total("status=opened&site_id=mla").await?, 1);
    assert_eq!(total("status=closed").await?, 0);
    assert_eq!(total("date_created_to=2020-01-01T00:00:00Z").await?, 0);
    assert_eq!(bench.get("/merchant_orders?external_reference=45ea80da").await?.1["next_offset"], 1);
    Ok(())
}
