//! What was set up once and is not in the file any more. It stays, and is told, unless it is to be pruned. Only what the records
//! name is ever removed: stores and points of sale that somebody else made at Mercado Pago are none of our business. Sales
//! stay for ever.

use std::collections::BTreeMap;

use surtidor::id::{PositionId, StationId};
use surtidor::store::{PrintedQr, Record, Store, StoreError};

use super::station::Context;
use super::{Act, Plan, Scope, Sign, StationPlan, Step};
use crate::chain::Chain;
use crate::live::{Live, Seller};

/// What is not in the file and must not be removed now: where something is owed, or a station has not said yet that it did what
/// it was told.
pub async fn in_use(
    store: &Store,
    chain: &Chain,
    live: &Live,
) -> Result<BTreeMap<(StationId, Option<PositionId>), String>, StoreError> {
    let mut in_use = BTreeMap::new();
    for record in live.records.values() {
        let wanted = chain.stations.get(&record.station);
        for position in record.points.keys() {
            if wanted.is_some_and(|wanted| wanted.positions.contains_key(position)) {
                continue;
            }
            let newest = store.look_up(&record.station, position).await?.and_then(|(_, sale)| sale);
            if let Some(sale) = newest.filter(|sale| sale.status.is_owed()) {
                let why = format!("sale {} at pump side {position} is not paid yet", sale.delivery.sale_id);
                in_use.insert((record.station.clone(), Some(position.clone())), why);
            }
        }
        if wanted.is_none() && !store.open_commands(&record.station, None, 1).await?.sales.is_empty() {
            let why = "its software has not acknowledged every command yet".to_owned();
            in_use.insert((record.station.clone(), None), why);
        }
    }
    Ok(in_use)
}

/// What is left over of a station that is in the file.
#[derive(Default)]
pub(super) struct Gone {
    pub steps: Vec<Step>,
    pub left: Vec<String>,
    /// What stays, and so stays in the record.
    pub kept: BTreeMap<PositionId, PrintedQr>,
}

/// Pump sides that the file does not have any more.
pub(super) fn positions(context: &Context<'_>, scope: &Scope) -> Gone {
    let mut gone = Gone::default();
    let Some(record) = context.live.records.get(context.id) else { return gone };
    for (position, qr) in record.points.iter().filter(|(id, _)| !context.wanted.positions.contains_key(*id)) {
        let what = format!("stations.{}.positions.{position} (POS {})", context.id, qr.pos);
        let in_use = scope.in_use.get(&(context.id.clone(), Some(position.clone())));
        match (scope.prune, in_use) {
            (true, None) => gone.steps.extend(removal(context.seller, position, qr)),
            (true, Some(why)) => {
                gone.left.push(format!("{what} stays: {why}"));
                gone.kept.insert(position.clone(), qr.clone());
            }
            (false, _) => {
                gone.left.push(format!("{what} is not in the file, and stays: --prune removes it"));
                gone.kept.insert(position.clone(), qr.clone());
            }
        }
    }
    gone
}

/// First the QR, then what it asks for: a driver never meets a QR whose pump side is gone.
fn removal(seller: &Seller, position: &PositionId, qr: &PrintedQr) -> Vec<Step> {
    let pos = seller.pos(&qr.pos).and_then(|pos| pos.id()).map(|id| Step {
        sign: Sign::Remove,
        what: format!("POS {} of pump side {position}: its printed QR will be dead", qr.pos),
        details: Vec::new(),
        act: Act::RemovePos(id.to_owned()),
    });
    let row = Step {
        sign: Sign::Remove,
        what: format!("pump side {position} in the table; its sales stay"),
        details: Vec::new(),
        act: Act::RemovePosition(position.clone()),
    };
    pos.into_iter().chain([row]).collect()
}

/// Stations that the file does not have any more.
pub(super) fn stations(chain: &Chain, live: &Live, scope: &Scope, plan: &mut Plan) {
    let gone = live.records.values().filter(|record| !chain.stations.contains_key(&record.station));
    for record in gone.filter(|record| scope.has(&record.station)) {
        let name = live.stations.get(&record.station).map(|station| station.name.clone()).unwrap_or_default();
        let what = format!("stations.{} {name:?} ({} pump sides)", record.station, record.points.len());
        let Some(seller) = live.sellers.get(&record.account) else {
            plan.left_over.push(format!("{what} stays: its account {} is not in the file", record.account));
            continue;
        };
        match (scope.prune, station_in_use(scope, &record.station)) {
            (true, None) => plan.stations.push(StationPlan {
                station: record.station.clone(),
                name,
                account: record.account.clone(),
                steps: steps(seller, record),
                record: record.clone(),
            }),
            (true, Some(why)) => plan.left_over.push(format!("{what} stays: {why}")),
            (false, _) => {
                plan.left_over.push(format!("{what} is not in the file, and stays: --prune removes it"));
            }
        }
    }
}

fn station_in_use<'a>(scope: &'a Scope, station: &StationId) -> Option<&'a str> {
    scope.in_use.iter().find(|((of, _), _)| of == station).map(|(_, why)| why.as_str())
}

fn steps(seller: &Seller, record: &Record) -> Vec<Step> {
    let mut steps: Vec<Step> =
        record.points.iter().flat_map(|(position, qr)| removal(seller, position, qr)).collect();
    for till in &record.tills {
        if let Some(id) = seller.pos(till).and_then(|pos| pos.id()) {
            let what = format!("POS {till} of a till");
            steps.push(Step {
                sign: Sign::Remove,
                what,
                details: Vec::new(),
                act: Act::RemovePos(id.to_owned()),
            });
        }
    }
    if let Some(id) = seller.store(&record.store).and_then(|store| store.id()) {
        let what = format!("store {} at Mercado Pago", record.store);
        steps.push(Step {
            sign: Sign::Remove,
            what,
            details: Vec::new(),
            act: Act::RemoveStore(id.to_owned()),
        });
    }
    for (what, act) in [
        ("station in the table; its sales and keys stay", Act::RemoveStation),
        ("record of what is set up", Act::RemoveRecord),
    ] {
        steps.push(Step { sign: Sign::Remove, what: what.to_owned(), details: Vec::new(), act });
    }
    steps
}
