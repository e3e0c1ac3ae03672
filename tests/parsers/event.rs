//! Events of API Gateway.

use lambda_http::http::Method;
use lambda_http::request::LambdaRequest;
use lambda_http::{Context, LambdaEvent, Request};
use serde_json::{Value, json};
use surtidor::edge::{Caller, language, mend, path, query};

use crate::{line, utf8};

/// A whole event as JSON; or the lines of one: path, query, `host`, `x-forwarded-proto`, stage, cookie, and the body.
pub fn gateway_event(input: &[u8]) {
    if let Ok(event) = serde_json::from_slice::<LambdaRequest>(input) {
        read(event);
    }
    for base64 in [true, false] {
        if let Ok(event) = serde_json::from_value::<LambdaRequest>(event_of_lines(input, base64)) {
            let request = read(event);
            assert_eq!(request.method(), Method::POST);
            assert!(Caller::of(&request).is_err(), "nobody said who calls");
        }
    }
}

fn event_of_lines(input: &[u8], base64: bool) -> Value {
    let mut rest = input;
    let mut next = || {
        let (first, others) = line(rest);
        rest = others;
        utf8(first)
    };
    let (path, query, host, scheme, stage, cookie) = (next(), next(), next(), next(), next(), next());
    json!({
        "version": "2.0", "routeKey": "POST /notifications/{account}", "rawPath": path, "rawQueryString": query,
        "headers": {"host": host, "x-forwarded-proto": scheme, "x-forwarded-port": scheme, "accept-language": cookie},
        "cookies": [cookie], "pathParameters": {"account": path}, "queryStringParameters": {query: cookie},
        "body": utf8(rest), "isBase64Encoded": base64,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": host, "requestId": "r", "stage": stage, "time": "t", "timeEpoch": 0,
            "routeKey": "POST /notifications/{account}",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "u"},
        },
    })
}

/// What a function does with an event before its own work begins.
fn read(event: LambdaRequest) -> Request {
    let mended = mend(LambdaEvent::new(event, Context::default()));
    let request: Request = mended.payload.into();
    let _ = Caller::admitted(&request);
    let _ = (path(&request, "station"), query(&request, "key"), language(&request));
    request
}
