//! A function for the tests of the host: it does what its event says, and tells about itself.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    println!("probe started");
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let payload = event.payload;
    match payload["do"].as_str() {
        Some("sleep") => {
            tokio::time::sleep(std::time::Duration::from_millis(payload["ms"].as_u64().unwrap_or(0))).await;
        }
        Some("exit") => std::process::exit(3),
        Some("panic") => panic!("as asked"),
        Some("fail") => return Err("as asked".into()),
        _ => {}
    }
    if let Some(records) = payload["Records"].as_array() {
        let bad = records
            .iter()
            .filter(|record| record["body"].as_str().is_some_and(|body| body.starts_with("bad")));
        let failures: Vec<_> = bad.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
        for record in records {
            println!("worked on {} {}", record["body"], record["attributes"]["ApproximateReceiveCount"]);
        }
        return Ok(json!({"batchItemFailures": failures}));
    }
    let answer = json!({
        "pid": std::process::id(),
        "environment": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
        "event": payload,
    });
    if payload["requestContext"].is_object() && payload["type"].is_null() {
        return Ok(
            json!({"statusCode": 200, "headers": {"content-type": "application/json", "x-probe": "1"},
            "cookies": ["a=1", "b=2"], "body": answer.to_string()}),
        );
    }
    if payload["type"] == "REQUEST" {
        let key = payload["headers"]["authorization"].as_str().unwrap_or_default();
        return Ok(json!({"isAuthorized": key != "forbidden", "context": {"who": key}}));
    }
    Ok(answer)
}
