//! Sellers and their points of sale, over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;

use super::{ControlError, read};
use crate::account::Account;
use crate::app::App;
use crate::json::{Json, object};
use crate::respond;

/// `GET /_control/accounts`, without tokens and secrets.
pub async fn list(State(app): State<Arc<App>>) -> Response {
    let world = app.world();
    let all: Vec<Json> = world.accounts.values().map(shown).collect();
    respond::ok(&Json::List(all))
}

/// `POST /_control/accounts`: adds a seller, or changes the one with that collector id.
pub async fn put(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, ControlError> {
    let account: Account = read(&body)?;
    let answer = shown(&account);
    app.put_account(account)?;
    Ok(respond::ok(&answer))
}

/// `GET /_control/pos`: of all sellers.
pub async fn points(State(app): State<Arc<App>>) -> Response {
    let world = app.world();
    let all: Vec<Json> = world
        .points
        .values()
        .map(|pos| {
            let image = format!("{}/instore/merchant/qr/{}/{}", app.base, pos.id, pos.uuid);
            object! {
                "id": pos.id,
                "name": pos.name.as_str(),
                "external_id": pos.external_id.clone(),
                "store": world.stores.get(&pos.store_id).map(|store| store.name.clone()),
                "account": pos.owner,
                "seller": world.accounts.get(&pos.owner).map(|account| account.nickname.clone()),
                "url": pos.url.clone(),
                "qr_code": pos.qr_code.as_str(),
                "png": format!("{image}.png"),
                "svg": format!("{image}.svg"),
                "pdf": format!("{}/instore/merchant/qr/{}/template_{}.pdf", app.base, pos.id, pos.uuid),
            }
        })
        .collect();
    respond::ok(&Json::List(all))
}

fn shown(account: &Account) -> Json {
    object! {
        "nickname": account.nickname.as_str(),
        "collector_id": account.collector_id,
        "site": account.site.id(),
        "webhook_url": account.webhook_url.clone(),
        "application_id": account.application_id,
        "live_mode": account.live_mode,
    }
}
