//! Points of sale (the older `/pos`, the one that takes an unattended `url`). Source: the point-of-sale reference; error
//! codes are its own.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reqwest::Url;

use super::body::{is_alphanumeric, object};
use super::query::Query;
use super::seller::Seller;
use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, plain};
use crate::json::{Json, object};
use crate::model::pos::Pos;
use crate::qr;
use crate::respond;
use crate::world::{Kind, World};

const FIELDS: [&str; 7] =
    ["name", "fixed_amount", "category", "store_id", "external_store_id", "external_id", "url"];

type Answer = Result<Response, ApiError>;

/// `POST /pos`
pub async fn create(State(app): State<Arc<App>>, Seller(seller): Seller, body: Bytes) -> Answer {
    let body = object(&body, &FIELDS, ("MISSING_BODY", "UNKNOWN_FIELD_EXCEPTION"))?;
    let hosts = app.faults().enabled_hosts;
    let now = app.clock.now();
    let pos = app.change(|world| {
        let made = Draft::read(&body, &seller, hosts.as_deref()).and_then(|draft| {
            let (store_id, external_store_id) = draft.store(world, &seller)?;
            if let Some(id) = &draft.external_id
                && world.points.values().any(|pos| pos.owner == seller.collector_id && same(pos, id))
            {
                let message = "Point of sale with corresponding user and id exists";
                return Err(ApiError::new(409, "point_of_sale_exists", message));
            }
            let mut pos = Pos {
                id: world.next_id(Kind::Pos),
                uuid: app.uuid().simple().to_string(),
                owner: seller.collector_id,
                site: seller.site,
                name: draft.name,
                fixed_amount: draft.fixed_amount,
                category: draft.category,
                store_id,
                external_store_id,
                external_id: draft.external_id,
                url: draft.url,
                qr_code: String::new(),
                created: now,
                updated: now,
            };
            pos.qr_code = qr::text::write(&pos, &seller.nickname);
            world.points.insert(pos.id, pos.clone());
            Ok(pos)
        });
        (made, Vec::new())
    })?;
    Ok(respond::created(&pos.render(&app.base)))
}

/// `GET /pos`
pub async fn search(State(app): State<Arc<App>>, Seller(seller): Seller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    if let Some(name) =
        query.unknown(&["external_id", "external_store_id", "store_id", "category", "limit", "offset"])
    {
        return Err(ApiError::new(400, "UNKNOWN_FIELD_EXCEPTION", format!("Unknown parameter [{name}]")));
    }
    let limit = query.number("limit", 30, 50, &ApiError::new(400, "INVALID_LIMIT", "Invalid limit"))?;
    let offset =
        query.number("offset", 0, 10_000, &ApiError::new(400, "INVALID_OFFSET", "Invalid offset"))?;
    let is = |wanted: Option<&str>, value: Option<String>| {
        wanted.is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
    };
    let world = app.world();
    let found: Vec<Json> = world
        .points
        .values()
        .filter(|pos| pos.owner == seller.collector_id)
        .filter(|pos| is(query.get("external_id"), pos.external_id.clone()))
        .filter(|pos| is(query.get("external_store_id"), pos.external_store_id.clone()))
        .filter(|pos| is(query.get("store_id"), Some(pos.store_id.to_string())))
        .filter(|pos| is(query.get("category"), pos.category.map(|category| category.to_string())))
        .map(|pos| pos.render(&app.base))
        .collect();
    let total = found.len();
    let page: Vec<Json> = found.into_iter().skip(offset).take(limit).collect();
    Ok(respond::ok(&object! {
        "paging": object! {"total": total, "offset": offset, "limit": limit},
        "results": page,
    }))
}

/// `GET /pos/{pos}`
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let pos = find(&world, &seller, &id)?;
    Ok(respond::ok(&pos.render(&app.base)))
}

/// `PUT /pos/{pos}`: what is sent replaces, what is not stays. `external_id` cannot be changed.
pub async fn update(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let change = object(&body, &FIELDS, ("MISSING_BODY", "UNKNOWN_FIELD_EXCEPTION"))?;
    let hosts = app.faults().enabled_hosts;
    let now = app.clock.now();
    let pos = app.change(|world| {
        let changed = find(world, &seller, &id).cloned().and_then(|pos| {
            if change.get("external_id").text().is_some_and(|id| !same(&pos, id)) {
                return Err(ApiError::new(400, "INVALID_EXTERNAL_ID", "external_id cannot be changed"));
            }
            let draft = Draft::read(&merged(&pos, &change), &seller, hosts.as_deref())?;
            let (store_id, external_store_id) = draft.store(world, &seller)?;
            let pos = Pos {
                name: draft.name,
                fixed_amount: draft.fixed_amount,
                category: draft.category,
                url: draft.url,
                store_id,
                external_store_id,
                updated: now,
                ..pos
            };
            world.points.insert(pos.id, pos.clone());
            Ok(pos)
        });
        (changed, Vec::new())
    })?;
    Ok(respond::ok(&pos.render(&app.base)))
}

/// `DELETE /pos/{pos}`
pub async fn delete(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    app.change(|world| {
        let gone = find(world, &seller, &id).map(|pos| pos.id).map(|id| {
            world.points.remove(&id);
        });
        (gone, Vec::new())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn find<'a>(world: &'a World, seller: &Account, id: &str) -> Result<&'a Pos, ApiError> {
    let id: u64 = id.parse().map_err(|_| ApiError::new(400, "INVALID_POS_ID", "Invalid pos id"))?;
    world
        .points
        .get(&id)
        .filter(|pos| pos.owner == seller.collector_id)
        .ok_or_else(|| plain(404, "Point of sale not found"))
}

/// Ids of the seller do not differ by case.
fn same(pos: &Pos, external_id: &str) -> bool {
    pos.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(external_id))
}

/// The fields of a point of sale with a change on top. A changed `store_id` drops the old store's other name.
fn merged(pos: &Pos, change: &Json) -> Json {
    let pick = |name: &str, old: Json| match change.get(name) {
        Json::Null => old,
        new => new.clone(),
    };
    let moves = !change.get("store_id").is_null() || !change.get("external_store_id").is_null();
    let store = |old: Json| if moves { Json::Null } else { old };
    object! {
        "name": pick("name", pos.name.as_str().into()),
        "fixed_amount": pick("fixed_amount", pos.fixed_amount.into()),
        "category": pick("category", pos.category.into()),
        "store_id": pick("store_id", store(pos.store_id.into())),
        "external_store_id": pick("external_store_id", store(pos.external_store_id.clone().into())),
        "external_id": pos.external_id.clone(),
        "url": pick("url", pos.url.clone().into()),
    }
}

/// A point of sale that keeps the rules of its fields.
struct Draft {
    name: String,
    fixed_amount: bool,
    category: Option<u64>,
    store_id: Option<u64>,
    external_store_id: Option<String>,
    external_id: Option<String>,
    url: Option<String>,
}

impl Draft {
    fn read(body: &Json, seller: &Account, hosts: Option<&[String]>) -> Result<Draft, ApiError> {
        let wrong = |code: &str, message: &str| Err(ApiError::new(400, code, message));
        let name = match body.get("name").text() {
            // The reference says "under 45", the petroleras guide "up to 45".
            Some(name) if name.chars().count() > 45 => {
                return wrong("NAME_TOO_LONG", "name has more than 45 characters");
            }
            Some(name) if !name.trim().is_empty() => name.to_owned(),
            _ => return wrong("INVALID_NAME", "name is required and must be a string"),
        };
        let fixed_amount = match body.get("fixed_amount") {
            Json::Null => false,
            Json::Bool(fixed) => *fixed,
            _ => return wrong("INVALID_FIXED_AMOUNT", "fixed_amount must be a boolean"),
        };
        let category = match body.get("category") {
            Json::Null => None,
            value => match value.integer() {
                None => return wrong("INVALID_CATEGORY", "category must be a number"),
                Some(code) if !seller.site.has_category(code) => {
                    return wrong("UNKNOWN_MCC", "category is not one of the seller's country");
                }
                code => code,
            },
        };
        let store_id = match body.get("store_id") {
            Json::Null => None,
            value => match value.id() {
                None => return wrong("INVALID_STORE_ID", "store_id must be a number"),
                id => id,
            },
        };
        let external_store_id = match body.get("external_store_id") {
            Json::Null => None,
            Json::Text(id) if !id.is_empty() => Some(id.clone()),
            _ => return wrong("INVALID_EXTERNAL_STORE_ID", "external_store_id must be a string"),
        };
        let external_id = match body.get("external_id") {
            Json::Null => None,
            // The reference says "under 40", the petroleras guide "up to 40".
            Json::Text(id) if id.len() > 40 => {
                return wrong("EXTERNAL_ID_TOO_LONG", "external_id has more than 40 characters");
            }
            Json::Text(id) if is_alphanumeric(id) => Some(id.clone()),
            _ => return wrong("INVALID_EXTERNAL_ID", "external_id must have letters and digits only"),
        };
        let url = match body.get("url") {
            Json::Null => None,
            Json::Text(url) => Some(check_url(url, hosts)?),
            _ => return wrong("INVALID_URL", "url must be a string"),
        };
        if url.is_some() && !fixed_amount {
            return wrong("FIXED_AMOUNT_FALSE", "fixed_amount must be true when url is set");
        }
        Ok(Draft { name, fixed_amount, category, store_id, external_store_id, external_id, url })
    }

    /// The store, by either name. A point of sale without one has been refused since 2021-04-20.
    fn store(&self, world: &World, seller: &Account) -> Result<(u64, Option<String>), ApiError> {
        let mut own = world.stores.values().filter(|store| store.owner == seller.collector_id);
        let store = match (self.store_id, &self.external_store_id) {
            (None, None) => {
                return Err(ApiError::new(
                    400,
                    "INVALID_STORE_ID",
                    "store_id or external_store_id is required",
                ));
            }
            (Some(id), _) => own
                .find(|store| store.id == id)
                .ok_or_else(|| ApiError::new(400, "POS_INVALID_STORE_ID", "There is no such store"))?,
            (None, Some(name)) => own
                .find(|store| store.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name)))
                .ok_or_else(|| {
                    ApiError::new(400, "INEXISTENT_EXTERNAL_STORE_ID", "There is no such store")
                })?,
        };
        let matches =
            |name: &String| store.external_id.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(name));
        if self.external_store_id.as_ref().is_some_and(|name| !matches(name)) {
            let message = "external_store_id is not the one of store_id";
            return Err(ApiError::new(400, "EXTERNAL_STORE_ID_NOT_MATCH", message));
        }
        Ok((store.id, store.external_id.clone()))
    }
}

/// The petroleras guide's own example has no scheme; the reference asks for a valid URL.
fn check_url(text: &str, hosts: Option<&[String]>) -> Result<String, ApiError> {
    if text.len() >= 300 {
        return Err(ApiError::new(400, "URL_TOO_LONG", "url must have under 300 characters"));
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(host) = url.as_ref().and_then(Url::host_str) else {
        return Err(ApiError::new(400, "INVALID_URL", "url must be a valid URL"));
    };
    if hosts.is_some_and(|hosts| !hosts.iter().any(|enabled| enabled == host)) {
        return Err(plain(403, format!("The host {host} is not enabled for this seller")));
    }
    Ok(text.to_owned())
}
