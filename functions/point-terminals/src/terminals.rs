//! The terminals of a station's account: shown, linked, and set to be driven.

use lambda_http::{Body, Response};
use surtidor::api::{LinkBody, ModeBody, Page, TerminalView, parse};
use surtidor::edge::path;
use surtidor::id::{AccountId, StationId, TerminalId};
use surtidor::mercado_pago;
use surtidor::problem::{Problem, json};
use surtidor::secrets::{Account, Found};
use surtidor::store::{Station, Terminal};

use crate::handler::{Call, PointTerminals, not_answered};

/// Every terminal of the account but those of its other stations.
pub(crate) async fn list(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let station = api.station(call.station).await?;
    let account = api.account(&station.account).await?;
    let all = api.mercado_pago.terminals(&account.access_token, account.point).await;
    let all = all.map_err(|error| not_answered(&error, call.language))?;
    let ids: Vec<TerminalId> = all.iter().map(|terminal| terminal.id.clone()).collect();
    let links = api.store.terminals(&station.account, &ids).await?;
    let items = all.into_iter().filter_map(|terminal| {
        let link = links.iter().find(|link| link.terminal == terminal.id);
        let is_elsewhere = link.is_some_and(|link| link.station != *call.station);
        (!is_elsewhere).then(|| TerminalView::new(terminal, link.cloned()))
    });
    Ok(json(200, &Page { items: items.collect(), next: None }))
}

/// A terminal that a path names, with its station's account and what is stored of it.
pub(crate) struct Named {
    pub(crate) station: Station,
    pub(crate) account: Found<Account>,
    pub(crate) terminal: mercado_pago::Terminal,
    pub(crate) link: Terminal,
    /// Whether it was linked or charged at before.
    pub(crate) is_known: bool,
}

/// The terminal that the path names, unless it stands at another station.
pub(crate) async fn named(api: &PointTerminals, call: Call<'_>) -> Result<Named, Problem> {
    let station = api.station(call.station).await?;
    let account = api.account(&station.account).await?;
    let terminal = api.terminal(&account, &path(call.request, "terminal"), call.language).await?;
    let (link, is_known) = linked(api, call, &station.account, &terminal.id).await?;
    Ok(Named { station, account, terminal, link, is_known })
}

/// What is stored of a terminal, or what would be; and whether it is. 403 for one that stands at another station.
pub(crate) async fn linked(
    api: &PointTerminals,
    call: Call<'_>,
    account: &AccountId,
    terminal: &TerminalId,
) -> Result<(Terminal, bool), Problem> {
    match api.store.terminal(account, terminal).await? {
        Some(link) if link.station != *call.station => Err(elsewhere(call.language)),
        Some(link) => Ok((link, true)),
        None => Ok((unlinked(account, terminal, call.station), false)),
    }
}

fn unlinked(account: &AccountId, terminal: &TerminalId, station: &StationId) -> Terminal {
    Terminal {
        account: account.clone(),
        terminal: terminal.clone(),
        station: station.clone(),
        position: None,
        till: None,
        holder: None,
    }
}

fn elsewhere(language: surtidor::sale::Language) -> Problem {
    Problem::forbidden(language.of(
        "el terminal pertenece a otra estación de la cadena",
        "o terminal pertence a outro posto da rede",
        "the terminal stands at another station of the chain",
    ))
    .with_field("terminal")
}

/// Links a terminal with the station, and there with a pump side or a till.
pub(crate) async fn link(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let body: LinkBody = parse(call.request.body())?;
    let (position, till) = body.place()?;
    let Named { station, terminal, link, .. } = named(api, call).await?;
    if let Some(position) = &position
        && !station.positions.contains(position)
    {
        return Err(Problem::invalid("position", "names no position of this station"));
    }
    if let Some(till) = &till
        && station.positions.contains(till)
    {
        let rule = "is the name of a pump side: a till has a name of its own, so that what is sold there never shows at the pump";
        return Err(Problem::invalid("till", rule));
    }
    let link = Terminal { position, till, ..link };
    if !api.store.link_terminal(&link).await? {
        return Err(elsewhere(call.language));
    }
    Ok(json(200, &TerminalView::new(terminal, Some(link))))
}

/// Sets how a terminal works, and shows it as Mercado Pago then tells it.
pub(crate) async fn set_mode(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let body: ModeBody = parse(call.request.body())?;
    let mode = body.operating_mode()?;
    let Named { account, terminal, link, is_known, .. } = named(api, call).await?;
    let set = api.mercado_pago.set_operating_mode(&account.access_token, account.point, &terminal.id, mode);
    set.await.map_err(|error| not_answered(&error, call.language))?;
    tracing::info!(event = "terminal_mode_set", terminal = %terminal.id, mode, caller = call.caller.key_id, "A terminal's mode was set");
    let terminal = api.terminal(&account, terminal.id.as_str(), call.language).await?;
    Ok(json(200, &TerminalView::new(terminal, is_known.then_some(link))))
}
