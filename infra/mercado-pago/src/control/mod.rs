//! `/_control`: what the simulator adds to Mercado Pago, over HTTP.

pub mod lever;
mod levers;
mod news;
mod oauth;
mod scans;
mod sellers;
mod terminals;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::buyer::scan::ScanError;
use crate::json::object;
use crate::respond;

/// The routes below `/_control`.
pub fn routes() -> Router<Arc<App>> {
    let inner = Router::new()
        .route("/scans", get(scans::list).post(scans::create))
        .route("/scans/{scan}", get(scans::read))
        .route("/scans/{scan}/poll", post(scans::poll))
        .route("/scans/{scan}/pay", post(scans::pay))
        .route("/scans/{scan}/abandon", post(scans::abandon))
        .route("/buy", post(scans::buy))
        .route("/means", get(scans::means))
        .route("/notifications", get(news::list).delete(news::clear))
        .route("/notifications/release", post(news::release))
        .route("/notifications/{notification}/resend", post(news::resend))
        .route("/idle", post(news::idle))
        .route("/faults", get(levers::faults).put(levers::set_faults).delete(levers::clear_faults))
        .route("/calls", get(levers::calls).delete(levers::clear_calls))
        .route("/clock", get(levers::clock).post(levers::advance_clock))
        .route("/payments", get(levers::payments).post(levers::create_payment))
        .route("/payments/{payment}", axum::routing::put(levers::change_payment))
        .route("/refunds", post(levers::refund_in_panel))
        .route("/refunds/{refund}", axum::routing::put(levers::complete_refund))
        .route("/chargebacks", post(levers::charge_back))
        .route("/chargebacks/{chargeback}", axum::routing::put(levers::change_chargeback))
        .route("/accounts", get(sellers::list).post(sellers::put))
        .route("/oauth/applications", get(oauth::list).post(oauth::put))
        .route("/oauth/look", post(oauth::look))
        .route("/oauth/consent", post(oauth::consent))
        .route("/oauth/refuse", post(oauth::refuse))
        .route("/oauth/deauthorize", post(oauth::deauthorize))
        .route("/pos", get(sellers::points))
        .route("/orders", get(terminals::orders))
        .route("/terminals", get(terminals::list).post(terminals::add))
        .route("/terminals/{terminal}", get(terminals::read))
        .route("/terminals/{terminal}/{action}", post(terminals::act));
    Router::new().nest("/_control", inner.layer(middleware::from_fn(refuse_other_sites)))
}

/// A page of another site that is open in the same browser must not pull the levers.
async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if foreign {
        return ControlError(StatusCode::FORBIDDEN, "called from another site".to_owned()).into_response();
    }
    next.run(request).await
}

/// An error of the control API: `{"error": "..."}`.
#[derive(Debug)]
pub struct ControlError(StatusCode, String);

impl ControlError {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }

    fn missing(message: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, message.into())
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        respond::json(self.0, &object! {"error": self.1})
    }
}

impl From<ScanError> for ControlError {
    fn from(error: ScanError) -> Self {
        let status = match error {
            ScanError::UnknownPos(_) | ScanError::UnknownScan(_) => StatusCode::NOT_FOUND,
            ScanError::AmbiguousPos(_) | ScanError::WrongScreen(_) => StatusCode::CONFLICT,
            ScanError::UnknownMeans(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl From<lever::LeverError> for ControlError {
    fn from(error: lever::LeverError) -> Self {
        match error {
            lever::LeverError::Unknown(_) => Self::missing(error.to_string()),
            lever::LeverError::Refused(_) => Self::bad(error.to_string()),
        }
    }
}

/// How much of a list is wanted: `?newest=60`.
#[derive(Debug, Deserialize)]
struct Newest {
    #[serde(default = "most")]
    newest: usize,
}

const fn most() -> usize {
    1_000
}

/// Reads the body of a control request.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(|error| ControlError::bad(error.to_string()))
}
