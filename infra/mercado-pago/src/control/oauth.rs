//! Applications, and what sellers say to them, over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{ControlError, read};
use crate::app::App;
use crate::json::{Json, object};
use crate::oauth::Application;
use crate::oauth::ask::Asked;
use crate::respond;

type Answer = Result<Response, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    url: String,
    seller: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TakenBack {
    client_id: u64,
    seller: u64,
}

/// `GET /_control/oauth/applications`, without secrets.
pub async fn list(State(app): State<Arc<App>>) -> Response {
    let all: Vec<Json> = app.world().oauth.applications.values().map(shown).collect();
    respond::ok(&Json::List(all))
}

/// `POST /_control/oauth/applications`: adds one, or changes the one with that id.
pub async fn put(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let application: Application = read(&body)?;
    let answer = shown(&application);
    app.put_application(application)?;
    Ok(respond::ok(&answer))
}

/// `POST /_control/oauth/look` `{"url": …}`: who asks at the consent page's address, and which sellers there are.
pub async fn look(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let Opened { url } = read(&body)?;
    let world = app.world();
    let asked = Asked::read(&world, &url)?;
    let sellers: Vec<Json> = world
        .accounts
        .values()
        .map(|account| {
            object! {
                "collector_id": account.collector_id,
                "nickname": account.nickname.as_str(),
                "site": account.site.id(),
            }
        })
        .collect();
    Ok(respond::ok(&object! {"application": asked.application.name, "sellers": sellers}))
}

/// `POST /_control/oauth/consent` `{"url": …, "seller": 178106235}`: where the browser goes.
pub async fn consent(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let Consent { url, seller } = read(&body)?;
    Ok(respond::ok(&object! {"location": app.consent(&url, seller)?}))
}

/// `POST /_control/oauth/refuse` `{"url": …}`: likewise.
pub async fn refuse(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let Opened { url } = read(&body)?;
    Ok(respond::ok(&object! {"location": app.refuse(&url)?}))
}

/// `POST /_control/oauth/deauthorize` `{"client_id": 7364289770550796, "seller": 178106235}`
pub async fn deauthorize(State(app): State<Arc<App>>, body: Bytes) -> Result<StatusCode, ControlError> {
    let TakenBack { client_id, seller } = read(&body)?;
    app.deauthorize(client_id, seller)?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(application: &Application) -> Json {
    object! {
        "client_id": application.client_id,
        "name": application.name.as_str(),
        "redirect_uris": application.redirect_uris.clone(),
        "webhook_url": application.webhook_url.clone(),
        "pkce": application.pkce,
    }
}
