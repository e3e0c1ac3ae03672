//! One question to the ledger, and always an answer in JSON within the deadline, whatever fails behind it.

use std::time::Duration;

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::{Body, Request, Response};
use subtle::ConstantTimeEq;
use surtidor::clock::Clock;
use surtidor::edge::query;
use surtidor::id::{PositionId, StationId};
use surtidor::lookup::{Answer, answer};
use surtidor::order::{Document, document};
use surtidor::store::Store;

/// Mercado Pago's own patience is not documented; the answer must not come later than 2 s after the question.
const DEADLINE: Duration = Duration::from_millis(1_800);

/// Answers one scan.
pub async fn handle(store: &Store, clock: &Clock, request: Request) -> Response<Body> {
    let asked = read(&request);
    let answered = match &asked {
        // What names no pump for its shape alone costs no call.
        None => document(&Answer::Invalid),
        Some(asked) => {
            tokio::time::timeout(DEADLINE, look_up(store, clock, asked)).await.unwrap_or_else(|_| {
                tracing::warn!(event = "lookup_timeout", "The ledger did not answer within the deadline");
                document(&Answer::Timeout)
            })
        }
    };
    respond(answered)
}

struct Asked {
    station: StationId,
    position: PositionId,
    key: String,
}

fn read(request: &Request) -> Option<Asked> {
    Some(Asked {
        station: StationId::parse(&query(request, "apies")?).ok()?,
        position: PositionId::parse(&query(request, "pos")?).ok()?,
        key: query(request, "key").filter(|key| !key.is_empty())?,
    })
}

async fn look_up(store: &Store, clock: &Clock, asked: &Asked) -> Document {
    match store.look_up(&asked.station, &asked.position).await {
        Ok(Some((position, newest))) if same(&position.lookup_key, &asked.key) => {
            let owed = answer(&position, newest.as_ref(), clock.now());
            if owed == Answer::Timeout {
                tracing::warn!(event = "station_silent", station = %asked.station, "The station was not heard of for too long");
            }
            document(&owed)
        }
        Ok(_) => document(&Answer::Invalid),
        Err(error) => {
            tracing::error!(event = "lookup_failed", %error, "The ledger did not answer");
            document(&Answer::Timeout)
        }
    }
}

fn same(known: &str, told: &str) -> bool {
    known.as_bytes().ct_eq(told.as_bytes()).into()
}

fn respond(document: Document) -> Response<Body> {
    let mut response = Response::builder().status(document.status).header(CONTENT_TYPE, "application/json");
    for (name, value) in document.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(document.body)).unwrap_or_else(|_| Response::new(Body::Empty))
}
