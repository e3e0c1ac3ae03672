//! Terminals, as the Orders generation knows them and as the generation before does. Source: the Point pages.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::body::object as legacy_body;
use super::query::Query;
use super::seller::{OrderSeller, Seller};
use super::strict::{Property, parse};
use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, OrderError, plain};
use crate::json::{Json, object};
use crate::model::terminal::{OperatingMode, Terminal};
use crate::respond;
use crate::site::Site;
use crate::world::World;

/// The most rows of a list; more are not refused but not given.
const MOST: usize = 50;

/// Whether a site has terminals.
pub fn has_terminals(site: Site) -> bool {
    matches!(site, Site::Mla | Site::Mlb | Site::Mlm | Site::Mlc)
}

/// A site without terminals.
pub fn unsupported_site() -> OrderError {
    OrderError::new(400, "unsupported_site", "Point is available in Argentina, Brazil, Chile and Mexico only")
}

fn shown(world: &World, terminal: &Terminal) -> Json {
    let pos = terminal.pos.and_then(|pos| world.points.get(&pos));
    object! {
        "id": terminal.id.as_str(),
        "pos_id": pos.map(|pos| pos.id),
        "store_id": pos.map(|pos| pos.store_id.to_string()),
        "external_pos_id": pos.and_then(|pos| pos.external_id.clone()),
        "operating_mode": terminal.mode.word(),
    }
}

/// A page of the seller's terminals, and its paging.
fn page(world: &World, seller: &Account, query: &Query, paging: (usize, usize)) -> (Vec<Json>, Json) {
    let is = |name: &str, value: Option<u64>| {
        query.get(name).is_none_or(|wanted| value.is_some_and(|value| value.to_string() == wanted))
    };
    let found: Vec<Json> = world
        .terminals
        .values()
        .filter(|terminal| terminal.owner == seller.collector_id)
        .filter(|terminal| {
            let pos = terminal.pos.and_then(|pos| world.points.get(&pos));
            is("pos_id", pos.map(|pos| pos.id)) && is("store_id", pos.map(|pos| pos.store_id))
        })
        .map(|terminal| shown(world, terminal))
        .collect();
    let (limit, offset) = paging;
    let paging = object! {"total": found.len(), "limit": limit, "offset": offset};
    (found.into_iter().skip(offset).take(limit).collect(), paging)
}

/// `limit`, brought between 1 and 50, and `offset`; the name of one that is no number.
fn paging(query: &Query) -> Result<(usize, usize), &'static str> {
    let number = |name: &'static str, usual: usize| {
        query.get(name).map_or(Ok(usual), |text| text.parse::<usize>().map_err(|_| name))
    };
    Ok((number("limit", MOST)?.clamp(1, MOST), number("offset", 0)?))
}

/// `GET /terminals/v1/list`
pub async fn list(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    raw: RawQuery,
) -> Result<Response, OrderError> {
    let query = Query::new(raw);
    let rows = paging(&query).map_err(|name| {
        OrderError::new(400, "property_value", "A parameter is not valid")
            .because(format!("{name} must be a number"))
    })?;
    let (terminals, paging) = page(&app.world(), &seller, &query, rows);
    Ok(respond::ok(&object! {"data": object! {"terminals": terminals}, "paging": paging}))
}

/// Why a mode cannot be set.
enum Refused {
    NotFound,
    NotYours,
    NoPos,
    SecondPdv,
}

/// Whether the mode of a seller's terminal may be set: only one terminal of a point of sale may be driven by software.
fn may_set(world: &World, seller: &Account, id: &str, mode: OperatingMode) -> Result<(), Refused> {
    let terminal = world.terminals.get(id).ok_or(Refused::NotFound)?;
    if terminal.owner != seller.collector_id {
        return Err(Refused::NotYours);
    }
    let pos = terminal.pos.filter(|pos| world.points.contains_key(pos)).ok_or(Refused::NoPos)?;
    let taken =
        |other: &Terminal| other.id != id && other.pos == Some(pos) && other.mode == OperatingMode::Pdv;
    if mode == OperatingMode::Pdv && world.terminals.values().any(taken) {
        return Err(Refused::SecondPdv);
    }
    Ok(())
}

fn set(world: &mut World, id: &str, mode: OperatingMode) {
    if let Some(terminal) = world.terminals.get_mut(id) {
        terminal.mode = mode;
    }
}

/// `PATCH /terminals/v1/setup` `{"terminals": [{"id", "operating_mode"}]}`: all or none. That one terminal is named at a
/// time is not said; the code of the 412 and the 404 are inferred.
pub async fn set_up(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    body: Bytes,
) -> Result<Response, OrderError> {
    if !has_terminals(seller.site) {
        return Err(unsupported_site());
    }
    let body = parse(&body)?;
    let mut wanted = Vec::new();
    for item in Property::root(&body).object(&["terminals"])?.required("terminals")?.items()? {
        let item = item.object(&["id", "operating_mode"])?;
        let word = item.required("operating_mode")?.word(&["PDV", "STANDALONE"])?;
        let mode = OperatingMode::settable(word).unwrap_or_default();
        wanted.push((item.required("id")?.text()?.to_owned(), mode));
    }
    app.change(|world| {
        let checked = wanted.iter().try_for_each(|(id, mode)| may_set(world, &seller, id, *mode));
        if checked.is_ok() {
            for (id, mode) in &wanted {
                set(world, id, *mode);
            }
        }
        (checked, Vec::new())
    })
    .map_err(|refused| match refused {
        Refused::NotFound => OrderError::new(404, "terminal_not_found", "The terminal was not found"),
        Refused::NotYours => {
            OrderError::new(403, "terminal_not_allowed_action", "The action is not allowed for this terminal")
        }
        Refused::NoPos => {
            OrderError::new(403, "store_pos_not_found", "The terminal has no store and point of sale")
        }
        Refused::SecondPdv => OrderError::new(
            412,
            "terminal_pdv_already_exists",
            "The point of sale has a terminal in PDV mode already",
        ),
    })?;
    let set: Vec<Json> =
        wanted.iter().map(|(id, mode)| object! {"id": id.as_str(), "operating_mode": mode.word()}).collect();
    Ok(respond::ok(&object! {"terminals": set}))
}

/// `GET /point/integration-api/devices`
pub async fn devices(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    raw: RawQuery,
) -> Result<Response, ApiError> {
    let query = Query::new(raw);
    let rows = paging(&query).map_err(|name| plain(400, format!("{name} must be a number")))?;
    let (devices, paging) = page(&app.world(), &seller, &query, rows);
    Ok(respond::ok(&object! {"devices": devices, "paging": paging}))
}

/// `PATCH /point/integration-api/devices/{device}` `{"operating_mode": "PDV"}`. Codes 103 and 113 are documented without
/// their reasons.
pub async fn set_device(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let body = legacy_body(&body, &["operating_mode"], ("bad_request", "bad_request"))?;
    let mode = body.get("operating_mode").text().and_then(OperatingMode::settable);
    let mode = mode.ok_or_else(|| ApiError::coded(400, 103, "operating_mode must be PDV or STANDALONE"))?;
    app.change(|world| {
        let checked = may_set(world, &seller, &id, mode);
        if checked.is_ok() {
            set(world, &id, mode);
        }
        (checked, Vec::new())
    })
    .map_err(|refused| match refused {
        Refused::NotFound => plain(404, "device not found"),
        Refused::NotYours => ApiError::coded(403, 113, "The device belongs to another seller"),
        Refused::NoPos => ApiError::coded(403, 113, "The device has no store and point of sale"),
        Refused::SecondPdv => ApiError::coded(403, 113, "The point of sale has a device in PDV mode already"),
    })?;
    Ok(respond::ok(&object! {"operating_mode": mode.word()}))
}
