//! What the station must do, and its answers.

use lambda_http::{Body, Request, Response};
use surtidor::api::{Acknowledge, CommandView, Page, cursor, cursor_text, parse};
use surtidor::edge::{path, query};
use surtidor::id::{ExternalReference, StationId};
use surtidor::problem::{Problem, json};
use surtidor::queue::{Hint, Resource};
use time::OffsetDateTime;

use crate::handler::StationApi;

/// Sales on a page of commands, where the caller does not say.
pub(crate) const PAGE: i32 = 100;

pub(crate) async fn list(
    api: &StationApi,
    station: &StationId,
    request: &Request,
) -> Result<Response<Body>, Problem> {
    let after = query(request, "after").map(|text| cursor(&text)).transpose()?;
    let limit = match query(request, "limit").map(|text| text.parse()) {
        None => PAGE,
        Some(Ok(limit @ 1..=PAGE)) => limit,
        Some(_) => return Err(Problem::invalid("limit", format!("must be a whole number from 1 to {PAGE}"))),
    };
    let page = api.store.open_commands(station, after.as_ref(), limit).await;
    let page = page?;
    let mut items = Vec::new();
    for command in page.sales.into_iter().flatten().filter(|command| command.acknowledged.is_none()) {
        if let Some(reference) = reference_of(&command.id) {
            items.push(CommandView::new(command, &reference));
        }
    }
    Ok(json(200, &Page { items, next: page.next.as_ref().map(cursor_text) }))
}

/// The sale that a command's id begins with.
fn reference_of(command: &str) -> Option<ExternalReference> {
    ExternalReference::parse(command.split('-').next()?).ok()
}

pub(crate) async fn acknowledge(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let id = path(request, "command");
    let Acknowledge { result } = parse(request.body())?;
    let unknown = || Problem::not_found("the station has no such command").with_field("command");
    let reference =
        reference_of(&id).filter(|reference| reference.station() == station).ok_or_else(unknown)?;
    let sale = api.store.sale(&reference).await?.ok_or_else(unknown)?;
    let sale = api
        .change(sale, now, |sale| sale.acknowledge(&id, result, now).map(drop).map_err(|_| unknown()))
        .await?;
    // A wallet payment that goes back is asked for behind the queue, also when this is a repeat of an answer
    // after which nobody came to put it there.
    if sale.pending_refunds().next().is_some() {
        let hint = Hint::new(sale.account.clone(), Resource::Sale(sale.reference.clone()), now);
        if let Err(error) = api.queue.send(&hint).await {
            tracing::error!(event = "queue_failed", %error, "A refund could not be put on the queue");
            return Err(Problem::unavailable());
        }
    }
    let standing =
        sale.commands.iter().find(|command| command.id == id).and_then(|command| command.acknowledged);
    Ok(json(200, &serde_json::json!({"id": id, "result": standing})))
}
