//! Stations: what hangs at each pump side, where it leads, and the terminals.

use std::collections::BTreeMap;

use anyhow::Result;
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::lookup::Position;
use surtidor::mercado_pago::{OperatingMode, Pos};
use surtidor::store::{PrintedQr, Record, Store};
use time::{Duration, OffsetDateTime};

use super::Diagnosis;
use super::accounts::Seller;
use crate::advice::{Asked, advice};
use crate::deployment::Deployment;
use crate::live::by_our_ids;
use crate::plan::lookup_url;

/// A command that waits longer was not seen by the station's software.
const WAITED: Duration = Duration::minutes(15);

pub(super) async fn look(
    deployment: &Deployment,
    sellers: &BTreeMap<AccountId, Seller>,
    stations: &[StationId],
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let store = deployment.store();
    let mut records = store.records().await?;
    records.retain(|record| stations.is_empty() || stations.contains(&record.station));
    let wanted: Vec<_> = records
        .iter()
        .flat_map(|record| record.points.keys().map(|position| (record.station.clone(), position.clone())))
        .collect();
    let positions: BTreeMap<_, _> = store
        .positions(&wanted)
        .await?
        .into_iter()
        .map(|position| ((position.station.clone(), position.position.clone()), position))
        .collect();
    if records.is_empty() {
        let remedy = "describe the chain in chain.toml (docs/chain.md), then: surtidor apply";
        diagnosis.warning("no_stations", "stations", "no station was set up by `surtidor apply`", remedy);
    }
    for (account, seller) in sellers {
        let of_account: Vec<_> = records.iter().filter(|record| record.account == *account).collect();
        if of_account.is_empty() {
            continue;
        }
        points_of_sale(deployment, account, seller, &of_account, &positions, diagnosis).await?;
        terminals(deployment, account, seller, &of_account, diagnosis).await?;
    }
    for record in &records {
        commands(&store, record, diagnosis).await?;
    }
    Ok(())
}

type Positions = BTreeMap<(StationId, PositionId), Position>;

async fn points_of_sale(
    deployment: &Deployment,
    account: &AccountId,
    seller: &Seller,
    records: &[&Record],
    positions: &Positions,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let points = match deployment.mercado_pago()?.points_of_sale(&seller.token).await {
        Ok(points) => points,
        Err(error) => {
            let what = "its points of sale cannot be listed";
            diagnosis.problem(
                "points_unseen",
                format!("accounts.{account}"),
                what,
                advice(Asked::Pos, &error),
            );
            return Ok(());
        }
    };
    let points = by_our_ids(points);
    for record in records {
        let mut right = 0_usize;
        for (id, qr) in &record.points {
            let place = format!("stations.{}.positions.{id}", record.station);
            let before = diagnosis.findings.len();
            let position = positions.get(&(record.station.clone(), id.clone()));
            let pos = points.get(&qr.pos.to_ascii_lowercase());
            check_pos(deployment, &place, seller, (position, qr, pos), diagnosis);
            if diagnosis.findings.len() == before {
                right = right.saturating_add(1);
            }
        }
        silence(record, positions, diagnosis);
        if right == record.points.len() {
            diagnosis
                .right(format!("stations.{}: the QRs of all {right} pump sides lead here", record.station));
        }
    }
    Ok(())
}

fn check_pos(
    deployment: &Deployment,
    place: &str,
    seller: &Seller,
    (position, qr, pos): (Option<&Position>, &PrintedQr, Option<&Pos>),
    diagnosis: &mut Diagnosis,
) {
    const APPLY: &str = "surtidor apply brings it back";
    let Some(position) = position else {
        diagnosis.problem(
            "position_missing",
            place,
            "it is not in the table: a scan is answered `invalid`",
            APPLY,
        );
        return;
    };
    let Some(pos) = pos else {
        diagnosis.problem(
            "pos_missing",
            place,
            format!("its POS {} is gone at Mercado Pago: the printed QR is dead", qr.pos),
            "surtidor apply makes a new one, with a new QR; then print it: surtidor qr",
        );
        return;
    };
    if pos.identity().is_some_and(|identity| identity != qr.identity && !qr.identity.is_empty()) {
        diagnosis.problem(
            "qr_dead",
            place,
            format!("its POS {} was made anew, and has another QR: the printed one is dead", qr.pos),
            "surtidor apply takes note of it; then print it: surtidor qr",
        );
    } else if qr.printed > 0 && qr.printed < qr.version {
        diagnosis.problem(
            "qr_outdated",
            place,
            format!(
                "version {} of its QR was printed last, which is dead: version {} is good",
                qr.printed, qr.version
            ),
            "print it and hang it up: surtidor qr",
        );
    }
    let url =
        lookup_url(&deployment.stack.api_url, &position.station, &position.position, &position.lookup_key);
    match pos.url() {
        None => diagnosis.problem(
            "pos_without_url",
            place,
            "its POS has no URL, so Mercado Pago does not ask what the pump owes",
            "surtidor apply sets it; if that says that the host is not enabled, ask your Mercado Pago executive to enable it",
        ),
        Some(known) if known != url => diagnosis.problem(
            "pos_url",
            place,
            "its POS asks somewhere else than here, or with another key",
            "was the API replaced, or the POS changed in the panel? surtidor plan shows the difference, apply mends it",
        ),
        Some(_) => {}
    }
    if !pos.fixed_amount() {
        let what = "its POS has fixed_amount false: the buyer could type an amount";
        diagnosis.problem("fixed_amount", place, what, APPLY);
    }
    let wanted = seller.country.map(surtidor::country::Country::fuel_station_category);
    if wanted.is_some() && pos.category() != wanted {
        let what = "its POS is not of the country's category of fuel stations";
        diagnosis.warning("category", place, what, APPLY);
    }
}

/// A station that has not been heard of for longer than its lookups allow: nobody can pay there.
fn silence(record: &Record, positions: &Positions, diagnosis: &mut Diagnosis) {
    let of_station = positions.values().filter(|position| position.station == record.station);
    let newest = of_station.max_by_key(|position| position.seen_at);
    let Some(newest) = newest.filter(|newest| newest.silence_limit > 0) else { return };
    let silent = OffsetDateTime::now_utc() - newest.seen_at;
    if silent > Duration::seconds(newest.silence_limit.into()) {
        diagnosis.warning(
            "station_silent",
            format!("stations.{}", record.station),
            format!("its software was last heard of {} minutes ago: scans are answered `timeout`", silent.whole_minutes()),
            "is it running, with a good key (surtidor key list), and does it reach the API? Any call of it is a sign of life",
        );
    }
}

async fn terminals(
    deployment: &Deployment,
    account: &AccountId,
    seller: &Seller,
    records: &[&Record],
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    let has_tills = records.iter().any(|record| !record.tills.is_empty());
    if seller.country.is_none_or(|country| country.point_limits().is_none()) {
        return Ok(());
    }
    let all = match deployment.mercado_pago()?.terminals(&seller.token, seller.point).await {
        Ok(all) => all,
        // An account without terminals may have an application that is not one for Point.
        Err(_) if !has_tills => return Ok(()),
        Err(error) => {
            let what = "its terminals cannot be listed";
            diagnosis.problem(
                "terminals_unseen",
                format!("accounts.{account}"),
                what,
                advice(Asked::Terminal, &error),
            );
            return Ok(());
        }
    };
    let ids: Vec<_> = all.iter().map(|terminal| terminal.id.clone()).collect();
    let links = if ids.is_empty() { Vec::new() } else { deployment.store().terminals(account, &ids).await? };
    let mut right = 0_usize;
    for link in links.iter().filter(|link| records.iter().any(|record| record.station == link.station)) {
        let Some(terminal) = all.iter().find(|terminal| terminal.id == link.terminal) else { continue };
        let place = format!("stations.{}.terminals.{}", link.station, terminal.id.serial());
        let before = diagnosis.findings.len();
        if terminal.mode() != OperatingMode::Pdv {
            diagnosis.problem(
                "standalone",
                &place,
                format!("it is in mode {}, so charges do not reach it", terminal.operating_mode),
                "surtidor apply sets PDV; then restart the terminal",
            );
        }
        if terminal.pos_id.is_none() {
            diagnosis.problem(
                "terminal_not_linked",
                &place,
                "it has no store and till at Mercado Pago",
                "on the terminal, with the app of the seller: choose store and till (docs/setup.md, step 7)",
            );
        }
        if diagnosis.findings.len() == before {
            right = right.saturating_add(1);
        }
    }
    if right > 0 {
        diagnosis.right(format!("accounts.{account}: {right} terminals can be charged"));
    }
    Ok(())
}

/// What the station's software has not taken note of.
async fn commands(store: &Store, record: &Record, diagnosis: &mut Diagnosis) -> Result<()> {
    let open = store.open_commands(&record.station, None, 25).await?;
    let oldest = open.sales.iter().flatten().map(|command| command.created_at).min();
    let waited = oldest.map(|oldest| OffsetDateTime::now_utc() - oldest).filter(|waited| *waited > WAITED);
    if let Some(waited) = waited {
        let more = if open.next.is_some() { " or more" } else { "" };
        diagnosis.problem(
            "commands_wait",
            format!("stations.{}", record.station),
            format!(
                "{}{more} sales have commands that its software has not acknowledged, the oldest for {} minutes: it does not know \
                 that they are paid",
                open.sales.len(),
                waited.whole_minutes()
            ),
            "does it ask GET …/commands and acknowledge them? See docs/runbook.md, \"Commands wait\"",
        );
    }
    Ok(())
}
