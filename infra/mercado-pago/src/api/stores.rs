//! Stores. Source: the stores reference; error codes are its own.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::body::{is_alphanumeric, object};
use super::query::Query;
use super::seller::Seller;
use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, plain};
use crate::json::{Json, object};
use crate::model::store::Store;
use crate::respond;
use crate::world::{Kind, World};

const FIELDS: [&str; 4] = ["name", "business_hours", "external_id", "location"];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const PLACE: [&str; 8] = [
    "street_number",
    "street_name",
    "city_name",
    "state_name",
    "zip_code",
    "latitude",
    "longitude",
    "reference",
];

type Answer = Result<Response, ApiError>;

/// `POST /users/{user}/stores`: 201, as live answers are; an older reference says 200.
pub async fn create(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(user): Path<String>,
    body: Bytes,
) -> Answer {
    own(&seller, &user)?;
    let body = object(&body, &FIELDS, ("BAD_REQUEST", "UNKNOWN_FIELD"))?;
    let draft = Draft::read(&body)?;
    let now = app.clock.now();
    let store = app.change(|world| {
        let made = draft.unique(world, &seller, None).map(|draft| {
            let id = world.next_id(Kind::Store);
            let store = draft.store(id, seller.collector_id, now);
            world.stores.insert(id, store.clone());
            store
        });
        (made, Vec::new())
    })?;
    Ok(respond::created(&store.render()))
}

/// `GET /users/{user}/stores/search`
pub async fn search(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(user): Path<String>,
    raw: RawQuery,
) -> Answer {
    own(&seller, &user)?;
    let query = Query::new(raw);
    if let Some(name) = query.unknown(&["external_id", "limit", "offset"]) {
        return Err(ApiError::new(400, "UNKNOWN_FIELD", format!("Unknown parameter [{name}]")));
    }
    let limit = query.number("limit", 30, 50, &ApiError::new(400, "INVALID_LIMIT", "Invalid limit"))?;
    let offset =
        query.number("offset", 0, 10_000, &ApiError::new(400, "INVALID_OFFSET", "Invalid offset"))?;
    let wanted = query.get("external_id");
    let world = app.world();
    let found: Vec<Json> = world
        .stores
        .values()
        .filter(|store| store.owner == seller.collector_id)
        .filter(|store| wanted.is_none_or(|wanted| same(store.external_id.as_deref(), wanted)))
        .map(Store::render)
        .collect();
    let total = found.len();
    let page: Vec<Json> = found.into_iter().skip(offset).take(limit).collect();
    Ok(respond::ok(&object! {
        "paging": object! {"total": total, "offset": offset, "limit": limit},
        "results": page,
    }))
}

/// `GET /stores/{store}`
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let store = find(&world, &seller, &id)?;
    Ok(respond::ok(&store.render()))
}

/// `PUT /users/{user}/stores/{store}`: what is sent replaces, what is not stays.
pub async fn update(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path((user, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    own(&seller, &user)?;
    let change = object(&body, &FIELDS, ("BAD_REQUEST", "UNKNOWN_FIELD"))?;
    let store = app.change(|world| {
        let changed = find(world, &seller, &id).cloned().and_then(|store| {
            let draft = Draft::read(&merged(&store, &change))?.unique(world, &seller, Some(store.id))?;
            let store = draft.store(store.id, store.owner, store.created);
            world.stores.insert(store.id, store.clone());
            Ok(store)
        });
        (changed, Vec::new())
    })?;
    Ok(respond::ok(&store.render()))
}

/// `DELETE /users/{user}/stores/{store}`. That a store with points of sale cannot go is inferred.
pub async fn delete(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path((user, id)): Path<(String, String)>,
) -> Answer {
    own(&seller, &user)?;
    let id = app.change(|world| {
        let gone = find(world, &seller, &id).map(|store| store.id).and_then(|id| {
            if world.points.values().any(|pos| pos.store_id == id) {
                return Err(ApiError::new(400, "VALIDATION_ERROR", "The store still has points of sale"));
            }
            world.stores.remove(&id);
            Ok(id)
        });
        (gone, Vec::new())
    })?;
    Ok(respond::ok(&object! {"store": id, "user": seller.collector_id}))
}

fn own(seller: &Account, user: &str) -> Result<(), ApiError> {
    match user.parse::<u64>() {
        Err(_) => Err(ApiError::new(400, "INVALID_USER_ID", "Invalid user_id")),
        Ok(id) if id == seller.collector_id => Ok(()),
        Ok(_) => Err(plain(403, "The user_id of the path is not the one of the access token")),
    }
}

/// Another seller's store is not found, which is inferred.
fn find<'a>(world: &'a World, seller: &Account, id: &str) -> Result<&'a Store, ApiError> {
    let id: u64 = id.parse().map_err(|_| ApiError::new(400, "INVALID_STORE_ID", "Invalid store_id"))?;
    world
        .stores
        .get(&id)
        .filter(|store| store.owner == seller.collector_id)
        .ok_or_else(|| plain(404, format!("Store {id} not found")))
}

fn same(id: Option<&str>, wanted: &str) -> bool {
    id.is_some_and(|id| id.eq_ignore_ascii_case(wanted))
}

fn merged(store: &Store, change: &Json) -> Json {
    let pick = |name: &str, old: Json| match change.get(name) {
        Json::Null => old,
        new => new.clone(),
    };
    object! {
        "name": pick("name", store.name.as_str().into()),
        "business_hours": pick("business_hours", store.business_hours.clone()),
        "external_id": pick("external_id", store.external_id.clone().into()),
        "location": pick("location", store.location.clone()),
    }
}

/// A store that keeps the rules of its fields.
struct Draft {
    name: String,
    external_id: Option<String>,
    business_hours: Json,
    location: Json,
}

impl Draft {
    fn read(body: &Json) -> Result<Draft, ApiError> {
        let wrong =
            |code: &str| Err(ApiError::new(400, code, format!("{code}: the value is missing or not valid")));
        let Some(name) = body.get("name").text().filter(|name| !name.trim().is_empty()) else {
            return wrong("INVALID_NAME");
        };
        let external_id = match body.get("external_id") {
            Json::Null => None,
            Json::Text(id) if id.len() <= 60 && is_alphanumeric(id) => Some(id.clone()),
            _ => return wrong("INVALID_EXTERNAL_ID"),
        };
        check_hours(body.get("business_hours"))?;
        let location = body.get("location");
        if !location.is_object() {
            return wrong("INVALID_LOCATION");
        }
        if let Some(name) = location.unknown(&PLACE) {
            return Err(ApiError::new(400, "UNKNOWN_FIELD", format!("Unknown field [location.{name}]")));
        }
        for (field, required) in [
            ("street_number", true),
            ("street_name", true),
            ("city_name", true),
            ("state_name", true),
            ("zip_code", false),
            ("reference", false),
        ] {
            let value = location.get(field);
            let fine = match value.text() {
                Some(text) => !required || !text.trim().is_empty(),
                None => value.is_null() && !required,
            };
            if !fine {
                return wrong(&format!("INVALID_{}", field.to_uppercase()));
            }
        }
        for (field, bound) in [("latitude", 90), ("longitude", 180)] {
            // Whole degrees tell the range; the digits after the point are kept as text.
            let degrees =
                location.get(field).number().and_then(|text| text.split('.').next()?.parse::<i32>().ok());
            if degrees.is_none_or(|degrees| degrees.abs() > bound) {
                return wrong(&format!("INVALID_{}", field.to_uppercase()));
            }
        }
        Ok(Draft {
            name: name.to_owned(),
            external_id,
            business_hours: body.get("business_hours").clone(),
            location: location.clone(),
        })
    }

    fn unique(self, world: &World, seller: &Account, except: Option<u64>) -> Result<Draft, ApiError> {
        let Some(id) = self.external_id.as_deref() else { return Ok(self) };
        let taken = world.stores.values().any(|store| {
            store.owner == seller.collector_id
                && Some(store.id) != except
                && same(store.external_id.as_deref(), id)
        });
        if taken {
            return Err(ApiError::new(
                400,
                "VALIDATION_ERROR",
                format!("external_id {id} is already in use"),
            ));
        }
        Ok(self)
    }

    fn store(self, id: u64, owner: u64, created: crate::clock::Moment) -> Store {
        Store {
            id,
            owner,
            name: self.name,
            external_id: self.external_id,
            business_hours: self.business_hours,
            location: self.location,
            created,
        }
    }
}

/// At most four intervals a day, as later pages have it; an older one says two.
fn check_hours(hours: &Json) -> Result<(), ApiError> {
    let wrong = |code: &str| Err(ApiError::new(400, code, "Invalid business_hours"));
    let Json::Object(days) = hours else {
        return if hours.is_null() { Ok(()) } else { wrong("INVALID_BUSINESS_HOURS") };
    };
    for (day, intervals) in days {
        if !DAYS.contains(&day.as_str()) {
            return wrong("INVALID_DAY");
        }
        let fine = |interval: &Json| {
            let open = interval.get("open").text().filter(|time| is_time(time));
            let close = interval.get("close").text().filter(|time| is_time(time));
            interval.unknown(&["open", "close"]).is_none()
                && open.zip(close).is_some_and(|(open, close)| open < close)
        };
        if !intervals.list().is_some_and(|list| (1..=4).contains(&list.len()) && list.iter().all(fine)) {
            return wrong("INVALID_BUSINESS_HOURS");
        }
    }
    Ok(())
}

/// `08:00`
fn is_time(text: &str) -> bool {
    let two = |part: &str, most: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number <= most);
    text.split_once(':').is_some_and(|(hours, minutes)| two(hours, 23) && two(minutes, 59))
}
