//! `/oauth/token`: a code or a refresh token becomes tokens.
//!
//! The documents leave open what the old access token does after a refresh: here it stays good until its end.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::oauth::{Application, CODE_LIFE, Method, TOKEN_LIFE, Token};
use crate::respond;
use crate::world::{Change, World};

/// An error of OAuth: `{"error", "error_description", "message", "status"}`.
#[derive(Debug)]
pub struct OauthError(u16, &'static str, String);

impl OauthError {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self(400, error, description.into())
    }

    fn grant(description: &str) -> Self {
        Self::new("invalid_grant", description)
    }

    /// An error of a status that is brought about on purpose.
    pub fn plain(status: u16) -> Self {
        let error = match status {
            403 => "forbidden",
            429 => "local_rate_limited",
            500.. => "internal_server_error",
            _ => "invalid_request",
        };
        Self(status, error, error.to_owned())
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        let body = object! {
            "error": error, "error_description": description.as_str(), "message": description, "status": status,
        };
        respond::json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
    }
}

/// What was found good and is to be given.
struct Given {
    application: u64,
    seller: u64,
    /// Whether the answer leaves out what an answer to a refresh may.
    bare: bool,
    changes: Vec<Change>,
}

const CODE: [&str; 7] =
    ["client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier", "test_token"];
const REFRESH: [&str; 4] = ["client_id", "client_secret", "grant_type", "refresh_token"];

/// `POST /oauth/token`
pub async fn token(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, OauthError> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(OauthError::new("invalid_request", "parameters go in the body only"));
    }
    let body = Json::parse(&body).ok().filter(Json::is_object);
    let body = body.ok_or_else(|| OauthError::new("invalid_request", "the body is no JSON object"))?;
    let known: &[&str] = match body.get("grant_type").text() {
        Some("authorization_code") => &CODE,
        Some("refresh_token") => &REFRESH,
        _ => return Err(OauthError::new("unsupported_grant_type", "grant_type is not supported")),
    };
    if let Some(extra) = body.unknown(known) {
        return Err(OauthError::new("invalid_request", format!("the parameter {extra} is not allowed")));
    }
    let now = app.clock.now();
    let switches = app.faults().oauth;
    let ids = [app.uuid(), app.uuid(), app.uuid()].map(|id| id.simple().to_string());
    app.change(|world| {
        let given = client(world, &body).and_then(|application| {
            if known == CODE {
                exchange(world, application, &body, now)
            } else {
                rotate(world, application, &body, switches.bare_refresh)
            }
        });
        match given {
            Ok(mut given) => {
                let changes = std::mem::take(&mut given.changes);
                let life = switches.token_life_s.map_or(TOKEN_LIFE.whole_seconds(), i64::from);
                (Ok(respond::ok(&give(world, &given, &ids, now, life))), changes)
            }
            Err(error) => (Err(error), Vec::new()),
        }
    })
}

/// The application that the body proves to be.
fn client(world: &World, body: &Json) -> Result<u64, OauthError> {
    let application = body.get("client_id").id().and_then(|id| world.oauth.applications.get(&id));
    let proven = |application: &&Application| {
        body.get("client_secret").text() == Some(application.client_secret.as_str())
    };
    let application = application.filter(proven).map(|application| application.client_id);
    application.ok_or_else(|| OauthError::new("invalid_client", "client_id or client_secret is wrong"))
}

fn exchange(world: &mut World, application: u64, body: &Json, now: Moment) -> Result<Given, OauthError> {
    let code = body.get("code").text().and_then(|code| world.oauth.codes.get_mut(code));
    let code = code.filter(|code| code.application == application && !code.used);
    let code = code.ok_or_else(|| OauthError::grant("the code is unknown or was used"))?;
    if now.since(code.issued) > CODE_LIFE {
        return Err(OauthError::grant("the code has expired"));
    }
    if body.get("redirect_uri").text() != Some(code.redirect_uri.as_str()) {
        return Err(OauthError::grant("redirect_uri is another one"));
    }
    let proof = body.get("code_verifier").text();
    let fits = match (&code.challenge, proof) {
        (None, None) => true,
        (Some((Method::Plain, challenge)), Some(proof)) => challenge == proof,
        (Some((Method::S256, challenge)), Some(proof)) => {
            *challenge == BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(proof.as_bytes()))
        }
        _ => false,
    };
    if !fits {
        return Err(OauthError::grant("code_verifier does not fit code_challenge"));
    }
    code.used = true;
    let seller = code.seller;
    Ok(Given { application, seller, bare: false, changes: vec![Change::Authorized { application, seller }] })
}

fn rotate(world: &mut World, application: u64, body: &Json, bare: bool) -> Result<Given, OauthError> {
    let token = body.get("refresh_token").text().and_then(|token| world.oauth.refresh.get_mut(token));
    let token = token.filter(|token| token.application == application && !token.dead);
    let token = token.ok_or_else(|| OauthError::grant("the refresh token is unknown, used or revoked"))?;
    token.dead = true;
    Ok(Given { application, seller: token.seller, bare, changes: Vec::new() })
}

fn give(world: &mut World, given: &Given, ids: &[String; 3], now: Moment, life: i64) -> Json {
    let Given { application, seller, bare, .. } = *given;
    let [access, refresh, public] = ids;
    let access = format!("APP_USR-{application}-112209-{access}-{seller}");
    let refresh = format!("TG-{refresh}-{seller}");
    let expires = Some(now.plus(time::Duration::seconds(life)));
    world.oauth.access.insert(access.clone(), Token { application, seller, expires, dead: false });
    world.oauth.refresh.insert(refresh.clone(), Token { application, seller, expires: None, dead: false });
    let mut answer = object! {
        "access_token": access,
        "token_type": "bearer",
        "expires_in": life,
        "scope": "offline_access read write",
        "user_id": seller,
        "refresh_token": refresh,
        "public_key": format!("APP_USR-{public}"),
        "live_mode": world.accounts.get(&seller).is_some_and(|seller| seller.live_mode),
    };
    if bare {
        answer.remove("user_id");
        answer.remove("public_key");
    }
    answer
}
