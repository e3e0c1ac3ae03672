//! What nobody sends by mistake: events on which `lambda_http` panics before a function sees them, bodies that are too
//! deep or too long, and bytes that are no text. Each gets an answer of ours, and the process lives on.

use reqwest::Method;
use serde_json::{Value, json};
use surtidor_tests::World;

/// A route, an event for it that is in order, and the status of the answer.
struct Asked {
    function: &'static str,
    good: Value,
    status: u64,
    /// The status when the body is none that can be read.
    unreadable: u64,
}

fn event(route: &str, path: &str, query: &str, parameters: &Value, body: &str) -> Value {
    let method = route.split(' ').next().unwrap();
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query,
        "headers": {"host": "example.com", "x-forwarded-proto": "https", "content-type": "application/json", "idempotency-key": "k"},
        "pathParameters": parameters, "body": body, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "example.com", "domainPrefix": "example", "requestId": "r",
            "routeKey": route, "stage": "$default", "time": "22/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_348_800_000_u64,
            "authorizer": {"lambda": {"role": "station", "stations": "6232", "key_id": "demo-6232"}},
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        },
    })
}

fn every_function(world: &World) -> [Asked; 4] {
    let (sales, refunds) = ("/v1/stations/{station}/sales", "/v1/stations/{station}/sales/{sale}/refunds");
    let lookup = world.station().lookup_url("2");
    let lookup = lookup.split_once('?').unwrap().1;
    let intake = format!("key={}", world.demo.intake_key);
    let notification = r#"{"resource":"150211668619","topic":"payment"}"#;
    let sale = r#"{"sale_id":"m","position":"1","amount":"500.00"}"#;
    let (of_station, of_sale) = (json!({"station": "6232"}), json!({"station": "6232", "sale": "unpaid"}));
    [
        Asked {
            function: "OrderLookupFunction",
            good: event("GET /pay-mp", "/pay-mp", lookup, &Value::Null, ""),
            status: 400, // Nothing is owed there.
            unreadable: 400,
        },
        Asked {
            function: "WebhookIntakeFunction",
            good: event(
                "POST /notifications/{account}",
                "/notifications/demo",
                &intake,
                &json!({"account": "demo"}),
                notification,
            ),
            status: 200,
            unreadable: 400,
        },
        Asked {
            function: "StationApiFunction",
            good: event(&format!("POST {sales}"), "/v1/stations/6232/sales", "", &of_station, sale),
            status: 200, // Told before.
            unreadable: 400,
        },
        Asked {
            function: "RefundsFunction",
            good: event(
                &format!("POST {refunds}"),
                "/v1/stations/6232/sales/unpaid/refunds",
                "",
                &of_sale,
                r#"{"reason":"r"}"#,
            ),
            status: 409, // Nothing was paid.
            unreadable: 400,
        },
    ]
}

/// What an invocation answers, whatever the event is like.
async fn answer(world: &World, function: &str, event: &Value, what: &str) -> u64 {
    let answer = world.stack.invoke(function, event).await;
    let answer = answer.unwrap_or_else(|error| panic!("{function} failed on {what}: {error}"));
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    assert!(body.is_object(), "{function} on {what}: {answer}");
    answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{function} on {what}: {answer}"))
}

#[tokio::test]
async fn events_that_break_the_library_get_an_answer_from_every_function() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("unpaid", "3", "500.00").await;
    station.post("/sales", json!({"sale_id": "m", "position": "1", "amount": "500.00"})).await;
    for Asked { function, good, status, unreadable } in every_function(&world) {
        assert_eq!(answer(&world, function, &good, "a good event").await, status, "{function}");
        let query = good["rawQueryString"].as_str().unwrap();
        let path = good["rawPath"].as_str().unwrap();
        // Where only the wrapping is wrong, the answer is the one to what is in it.
        for (what, pointer, value, expected) in [
            ("an illegal query", "/rawQueryString", json!(format!("{query}&x=1|2\"<>\u{e9}")), status),
            ("an illegal path", "/rawPath", json!(format!("{path}/a b|c")), status),
            ("a path without a slash", "/rawPath", json!(":x"), status),
            ("an illegal host", "/headers/host", json!("x.127.0.0.1:a b"), status),
            ("an illegal scheme", "/headers/x-forwarded-proto", json!("not a scheme"), status),
            ("broken base64", "/body", json!("@@@not base64@@@"), unreadable),
            ("base64 of no text", "/body", json!("//79AA=="), unreadable),
        ] {
            let mut malformed = good.clone();
            malformed["isBase64Encoded"] = json!(pointer == "/body");
            *malformed.pointer_mut(pointer).unwrap() = value;
            assert_eq!(answer(&world, function, &malformed, what).await, expected, "{function}: {what}");
            assert_eq!(answer(&world, function, &good, "the next event").await, status, "{function}");
        }
        let mut long = good.clone();
        long["rawQueryString"] = json!(format!("{query}&x={}", "x".repeat(70_000)));
        assert!((200..500).contains(&answer(&world, function, &long, "a long query").await), "{function}");
    }
}

#[tokio::test]
async fn bodies_that_are_deep_long_or_no_text_are_refused_with_a_reason() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let key = format!("Bearer {}", station.key);
    let base = format!("{}/v1/stations/{}", world.demo.api_url, station.id);
    let routes = [
        (Method::POST, world.demo.notification_url.clone()),
        (Method::POST, format!("{base}/sales")),
        (Method::PUT, format!("{base}/positions/1")),
        (Method::POST, format!("{base}/heartbeat")),
        (Method::POST, format!("{base}/sales/a/refunds")),
    ];
    let nested = |open: &str, count: usize| open.repeat(count).into_bytes();
    let mut latin = br#"{"reason":"caf"#.to_vec();
    latin.extend(b"\xe9\"}");
    let bodies = [
        ("100,000 lists", nested("[", 100_000)),
        ("60,000 lists", nested("[", 60_000)),
        ("10,000 objects", nested(r#"{"a":"#, 10_000)),
        ("lists within a field", [br#"{"data":"#.to_vec(), nested("[", 50_000)].concat()),
        ("lists within a field that is known", [br#"{"reason":"#.to_vec(), nested("[", 50_000)].concat()),
        ("five megabytes", [br#"{"reason":""#.to_vec(), nested("x", 5_000_000), br#""}"#.to_vec()].concat()),
        ("Latin-1", latin),
        ("bytes", vec![0xff, 0xfe, 0x00, 0x80]),
    ];
    for (what, body) in &bodies {
        for (method, url) in &routes {
            let headers = [
                ("authorization", key.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", "k"),
            ];
            let answer = world.request(method.clone(), url, &headers, body.clone()).await;
            // What is known to be too long is not read; what can be read breaks a rule; the rest cannot be read.
            let expected = if body.len() > 64 * 1024 { 413..=413 } else { 400..=422 };
            assert!(expected.contains(&answer.status), "{what} to {url}: {} {}", answer.status, answer.text);
            let field = answer.json["field"].as_str();
            answer.is_problem(answer.status, field);
        }
    }
    assert_eq!(station.sale("a").await["status"], "pending");
}
