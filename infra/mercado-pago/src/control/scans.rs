//! The buyer, over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::{ControlError, read as body};
use crate::app::{App, lock};
use crate::buyer::means::MEANS;
use crate::buyer::reading::Screen;
use crate::buyer::scan::Scan;
use crate::json::{Json, object};
use crate::respond;

type Answer = Result<Response, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    /// An id may come as a number.
    pos: Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paid {
    means: String,
}

/// `GET /_control/scans`: newest first.
pub async fn list(State(app): State<Arc<App>>) -> Response {
    let scans: Vec<Scan> = lock(&app.scans).0.values().rev().cloned().collect();
    respond::ok(&scans)
}

/// `POST /_control/scans` `{"pos": ...}`
pub async fn create(State(app): State<Arc<App>>, bytes: Bytes) -> Answer {
    let Scanned { pos } = body(&bytes)?;
    let name =
        pos.text().or(pos.number()).ok_or_else(|| ControlError::bad("pos must be a string or a number"))?;
    Ok(respond::created(&app.scan(name)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bought {
    /// An id may come as a number.
    pos: Json,
    means: String,
}

/// `POST /_control/buy` `{"pos": ..., "means": ...}`: a whole buyer in one call. It scans, asks the station's server once,
/// and pays if that shows the checkout; else the screen says what came instead.
pub async fn buy(State(app): State<Arc<App>>, bytes: Bytes) -> Answer {
    let Bought { pos, means } = body(&bytes)?;
    let name =
        pos.text().or(pos.number()).ok_or_else(|| ControlError::bad("pos must be a string or a number"))?;
    let scan = app.scan(name)?;
    let scan = app.poll(scan.id).await?;
    let scan = if scan.screen == Screen::Checkout { app.pay(scan.id, &means)? } else { scan };
    Ok(respond::created(&scan))
}

/// `GET /_control/scans/{scan}`
pub async fn read(State(app): State<Arc<App>>, Path(id): Path<u64>) -> Answer {
    Ok(respond::ok(&app.scan_of(id)?))
}

/// `POST /_control/scans/{scan}/poll`
pub async fn poll(State(app): State<Arc<App>>, Path(id): Path<u64>) -> Answer {
    Ok(respond::ok(&app.poll(id).await?))
}

/// `POST /_control/scans/{scan}/pay` `{"means": ...}`
pub async fn pay(State(app): State<Arc<App>>, Path(id): Path<u64>, bytes: Bytes) -> Answer {
    let Paid { means } = body(&bytes)?;
    Ok(respond::ok(&app.pay(id, &means)?))
}

/// `POST /_control/scans/{scan}/abandon`
pub async fn abandon(State(app): State<Arc<App>>, Path(id): Path<u64>) -> Answer {
    Ok(respond::ok(&app.abandon(id)?))
}

/// `GET /_control/means`
pub async fn means() -> Response {
    let all: Vec<Json> = MEANS
        .iter()
        .map(|means| {
            object! {
                "means": means.name,
                "payment_method_id": means.method.id(),
                "status": means.status,
                "status_detail": means.detail,
            }
        })
        .collect();
    respond::ok(&Json::List(all))
}
