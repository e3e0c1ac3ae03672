//! What was set up once and is not in the file any more. It stays, and is told, unless it is to be pruned. Only what the records
//! name is ever removed: stores and points of sale that somebody else made at Mercado Pago are none of our business. Sales
//! stay for ever.

use std::collections::{BTreeMap, BTreeSet};

use surtidor::id::{AccountId, PositionId, StationId};
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
    /// What stays, and so stays in the record, and works.
    pub kept: BTreeMap<PositionId, PrintedQr>,
    /// Tills that stay, by our ids of their points of sale.
    pub tills: Vec<String>,
}

/// What the file uses, by our ids in small letters: a side that has another number now, or a station, keeps its QR.
pub(super) struct Used(BTreeSet<(AccountId, &'static str, String)>);

impl Used {
    pub(super) fn of(chain: &Chain) -> Self {
        let mut used = BTreeSet::new();
        for station in chain.stations.values() {
            let points = station.positions.values().map(|position| &position.pos);
            let tills = station.terminals.iter().filter_map(|terminal| Some(&terminal.pos.as_ref()?.0));
            let points = points.chain(tills).map(|pos| ("pos", pos));
            let all = points.chain([("store", &station.store)]);
            used.extend(all.map(|(kind, id)| (station.account.clone(), kind, id.to_ascii_lowercase())));
        }
        Self(used)
    }

    fn has(&self, account: &AccountId, kind: &'static str, id: &str) -> bool {
        self.0.contains(&(account.clone(), kind, id.to_ascii_lowercase()))
    }
}

/// Pump sides and tills of a station that the file does not have any more.
pub(super) fn of_station(context: &Context<'_>, used: &Used, scope: &Scope) -> Gone {
    let mut gone = Gone::default();
    let Some(record) = context.live.records.get(context.id) else { return gone };
    for (position, qr) in record.points.iter().filter(|(id, _)| !context.wanted.positions.contains_key(*id)) {
        let what = format!("stations.{}.positions.{position} (POS {})", context.id, qr.pos);
        let in_use = scope.in_use.get(&(context.id.clone(), Some(position.clone())));
        match (scope.prune, in_use) {
            (true, None) => gone.steps.extend(removal(context.seller, used, &record.account, position, qr)),
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
    for till in record.tills.iter().filter(|till| !used.has(&record.account, "pos", till)) {
        let Some(step) = till_removal(context.seller, till) else { continue };
        if scope.prune {
            gone.steps.push(step);
        } else {
            let what = format!("stations.{}: POS {till} of a till", context.id);
            gone.left.push(format!("{what} is not in the file, and stays: --prune removes it"));
            gone.tills.push(till.clone());
        }
    }
    gone
}

/// First the QR, then what it asks for: a driver never meets a QR whose pump side is gone.
fn removal(
    seller: &Seller,
    used: &Used,
    account: &AccountId,
    position: &PositionId,
    qr: &PrintedQr,
) -> Vec<Step> {
    let pos = seller.pos(&qr.pos).filter(|_| !used.has(account, "pos", &qr.pos));
    let pos = pos.and_then(|pos| pos.id()).map(|id| Step {
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

fn till_removal(seller: &Seller, till: &str) -> Option<Step> {
    let id = seller.pos(till)?.id()?;
    let what = format!("POS {till} of a till");
    Some(Step { sign: Sign::Remove, what, details: Vec::new(), act: Act::RemovePos(id.to_owned()) })
}

/// Stations that the file does not have any more.
pub(super) fn stations(chain: &Chain, live: &Live, used: &Used, scope: &Scope, plan: &mut Plan) {
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
                steps: steps(seller, used, record),
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

fn steps(seller: &Seller, used: &Used, record: &Record) -> Vec<Step> {
    let account = &record.account;
    let points = record.points.iter();
    let mut steps: Vec<Step> =
        points.flat_map(|(position, qr)| removal(seller, used, account, position, qr)).collect();
    let tills = record.tills.iter().filter(|till| !used.has(account, "pos", till));
    steps.extend(tills.filter_map(|till| till_removal(seller, till)));
    let store = seller.store(&record.store).filter(|_| !used.has(account, "store", &record.store));
    if let Some(id) = store.and_then(|store| store.id()) {
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
