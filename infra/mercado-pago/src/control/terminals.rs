//! Terminals, over HTTP. Every action answers the terminal as it is after it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ControlError, read as body};
use crate::app::App;
use crate::json::object;
use crate::model::terminal::OperatingMode;
use crate::point::act::{CardRead, NetworkLoss, TerminalDraft};
use crate::point::view::{ChargeView, TerminalView};
use crate::respond;

type Answer = Result<Response, ControlError>;

/// How many charges that are over the page shows.
const RECEIPTS: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    operating_mode: OperatingMode,
}

/// A terminal with its story.
#[derive(Serialize)]
struct Page {
    terminal: TerminalView,
    receipts: Vec<ChargeView>,
}

/// `GET /_control/terminals`: of all sellers.
pub async fn list(State(app): State<Arc<App>>) -> Response {
    respond::ok(&app.terminals())
}

/// `POST /_control/terminals` `{"account": ..., "id": ..., "pos": ..., "operating_mode": "PDV"}`
pub async fn add(State(app): State<Arc<App>>, bytes: Bytes) -> Answer {
    let draft: TerminalDraft = body(&bytes)?;
    Ok(respond::created(&app.add_terminal(draft)?))
}

/// `GET /_control/terminals/{terminal}`: with the newest charges that are over.
pub async fn read(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let terminal = app.terminal(&id)?;
    Ok(respond::ok(&Page { terminal, receipts: app.receipts(&id, RECEIPTS) }))
}

/// `POST /_control/terminals/{terminal}/{action}`
pub async fn act(
    State(app): State<Arc<App>>,
    Path((id, action)): Path<(String, String)>,
    bytes: Bytes,
) -> Answer {
    let done = match action.as_str() {
        "receive" => app.receive(&id),
        "card" => app.read_card(&id, &body::<CardRead>(&bytes)?),
        "cancel" => app.cancel_at_terminal(&id),
        "fail" => app.fail_at_terminal(&id),
        "walk_away" => app.walk_away(&id),
        "expire" => app.expire(&id),
        "lose_network" => app.lose_network(&id, &or_usual::<NetworkLoss>(&bytes)?),
        "restore_network" => app.restore_network(&id),
        "get_stuck" => app.get_stuck(&id),
        "print_stuck" => app.print_stuck(&id),
        "free" => app.free(&id),
        "mode" => app.set_terminal_mode(&id, body::<Mode>(&bytes)?.operating_mode),
        _ => return Err(ControlError::missing(format!("a terminal has no action {action:?}"))),
    };
    Ok(respond::ok(&done?))
}

/// A body that may be left out.
fn or_usual<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, ControlError> {
    if bytes.trim_ascii().is_empty() { Ok(T::default()) } else { body(bytes) }
}

/// `GET /_control/orders`: the orders of all sellers as the API shows them, oldest first.
pub async fn orders(State(app): State<Arc<App>>) -> Response {
    app.catch_up();
    let orders = app.world().render_point_orders();
    respond::ok(&object! {"orders": orders})
}
