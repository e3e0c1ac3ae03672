//! Listening, and the calls that go wrong on the way.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::{ServiceExt, service_fn};

use crate::api::oauth::OauthError;
use crate::app::{App, lock};
use crate::error::{OrderError, is_orders_family, plain};
use crate::faults::{ApiFault, Effect};
use crate::{api, control, pages, respond};

/// Marks an answer that must not leave. Over HTTP the connection is closed instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is lost on purpose")]
pub struct Unanswered;

/// Every route.
pub fn router(app: &Arc<App>) -> Router {
    api::routes()
        .layer(middleware::from_fn_with_state(Arc::clone(app), disturb))
        .merge(api::images())
        .merge(control::routes())
        .merge(pages::routes())
        .fallback(api::nothing)
        .layer(middleware::map_response_with_state(Arc::clone(app), respond::number))
        .with_state(Arc::clone(app))
}

/// Answers one request.
pub async fn answer(router: Router, request: Request) -> Result<Response, Unanswered> {
    let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    answer.extensions().get::<Unanswered>().map_or(Ok(()), |lost| Err(*lost))?;
    Ok(answer)
}

/// Serves until the task is ended; connections end with it.
pub async fn serve(listener: TcpListener, router: Router) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, as a rule: some become free.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<_>| answer(router.clone(), request.map(Body::new)));
        connections.spawn(async move {
            // An error is the other side's, or is meant.
            let _ = Builder::new(TokioExecutor::new())
                .http1_only()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .await;
        });
    }
}

/// Counts a call and lets it go wrong.
async fn disturb(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or(path.as_str(), MatchedPath::as_str);
    let route = format!("{method} {route}");
    let rule = {
        let mut rng = lock(&app.rng);
        lock(&app.faults).strike(&method, &path, &mut rng)
    };
    let waits = rule.as_ref().is_some_and(|rule| rule.effect == Effect::Hang);
    if waits {
        // Counted before: nobody sees the end.
        lock(&app.calls).count(route.clone(), 0);
    }
    app.catch_up();
    let answer = match rule {
        None => next.run(request).await,
        Some(rule) => disturbed(&rule, request, next).await,
    };
    let gone = answer.extensions().get::<Unanswered>().is_some();
    if !waits {
        lock(&app.calls).count(route, if gone { 0 } else { answer.status().as_u16() });
    }
    answer
}

async fn disturbed(rule: &ApiFault, request: Request, next: Next) -> Response {
    match rule.effect {
        Effect::Status => {
            let status = rule.status.unwrap_or(500);
            let mut answer = if request.uri().path() == "/oauth/token" {
                OauthError::plain(status).into_response()
            } else if is_orders_family(request.uri().path()) {
                OrderError::plain(status, message(status)).into_response()
            } else {
                plain(status, message(status)).into_response()
            };
            if let Some(seconds) = rule.retry_after {
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            answer
        }
        Effect::Slow => {
            let answer = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(rule.ms.unwrap_or_default())).await;
            answer
        }
        Effect::Hang => std::future::pending().await,
        Effect::LoseAnswer => {
            let mut answer = next.run(request).await;
            answer.extensions_mut().insert(Unanswered);
            answer
        }
        Effect::Garbage => {
            next.run(request).await;
            (StatusCode::OK, [(CONTENT_TYPE, "application/json")], "{\"id\": <html>").into_response()
        }
    }
}

fn message(status: u16) -> &'static str {
    match status {
        429 => "local_rate_limited",
        500.. => "internal_error",
        _ => "simulated error",
    }
}
