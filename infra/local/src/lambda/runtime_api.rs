//! The Runtime API that functions poll ("Using the Lambda runtime API for custom runtimes").

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};

use super::{InvokeError, LONGEST_PAYLOAD, Lambda, function_error};

pub(super) fn router(lambda: &Arc<Lambda>) -> Router {
    Router::new()
        .route("/e/{environment}/2018-06-01/runtime/invocation/next", get(next))
        .route("/e/{environment}/2018-06-01/runtime/invocation/{request}/response", post(response))
        .route("/e/{environment}/2018-06-01/runtime/invocation/{request}/error", post(failure))
        .route("/e/{environment}/2018-06-01/runtime/init/error", post(init_failure))
        .layer(DefaultBodyLimit::max(LONGEST_PAYLOAD + 1024))
        .with_state(Arc::downgrade(lambda))
}

type Host = State<Weak<Lambda>>;

async fn next(State(lambda): Host, Path(environment): Path<u64>) -> Response {
    let instance = lambda.upgrade().and_then(|lambda| lambda.instance(environment));
    // A process that shall end waits here until it is killed: an answer without an invocation would make it panic.
    let invocation = match instance {
        Some(instance) => instance.next().await,
        None => None,
    };
    let Some(invocation) = invocation else { return std::future::pending().await };
    let mut response = Response::new(Body::from(invocation.payload));
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:local".to_owned(),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn finish(
    lambda: &Weak<Lambda>,
    environment: u64,
    request: &str,
    outcome: Result<Bytes, InvokeError>,
) -> StatusCode {
    let instance = lambda.upgrade().and_then(|lambda| lambda.instance(environment));
    let known = instance.is_some_and(|instance| instance.finish(request, outcome));
    if known { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST }
}

async fn response(
    State(lambda): Host,
    Path((environment, request)): Path<(u64, String)>,
    body: Bytes,
) -> StatusCode {
    let outcome = if body.len() > LONGEST_PAYLOAD { Err(InvokeError::TooLarge) } else { Ok(body) };
    finish(&lambda, environment, &request, outcome)
}

async fn failure(
    State(lambda): Host,
    Path((environment, request)): Path<(u64, String)>,
    body: Bytes,
) -> StatusCode {
    finish(&lambda, environment, &request, Err(function_error(&body)))
}

async fn init_failure(State(lambda): Host, Path(environment): Path<u64>) -> StatusCode {
    if let Some(instance) = lambda.upgrade().and_then(|lambda| lambda.instance(environment)) {
        instance.kill();
    }
    StatusCode::ACCEPTED
}
