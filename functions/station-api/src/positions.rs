//! What the station says of its pump sides and of itself.

use lambda_http::{Body, Request, Response};
use surtidor::api::{Heartbeat, HeartbeatView, PayableView, PositionView, SetState, parse};
use surtidor::edge::path_id;
use surtidor::id::{PositionId, StationId};
use surtidor::lookup::{Answer, answer};
use surtidor::problem::{Problem, json};
use time::OffsetDateTime;

use crate::commands::PAGE;
use crate::handler::StationApi;

pub(crate) async fn put(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let id = path_id(request, "position", PositionId::parse)?;
    let SetState { state } = parse(request.body())?;
    let unknown = || Problem::not_found(format!("the station has no position {id}")).with_field("position");
    let position = api.store.set_state(station, &id, state, now).await?;
    position.ok_or_else(unknown)?;
    let found = api.store.look_up(station, &id).await?;
    let (position, newest) = found.ok_or_else(unknown)?;
    let payable = match answer(&position, newest.as_ref(), now) {
        Answer::Order(_, sale) => {
            Some(PayableView { sale_id: sale.delivery.sale_id.clone(), amount: sale.amount().to_string() })
        }
        _ => None,
    };
    Ok(json(200, &PositionView { position: id, state: position.state.word(), payable }))
}

pub(crate) async fn heartbeat(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let clock = parse::<Heartbeat>(request.body())?.clock()?;
    let open = api.store.open_commands(station, None, PAGE).await?;
    let open_commands = open.sales.iter().flatten().filter(|command| command.acknowledged.is_none()).count();
    let drift_seconds = (clock - now).whole_seconds();
    if drift_seconds.abs() > 60 {
        tracing::warn!(event = "clock_drift", %station, drift_seconds, "The station's clock is off");
    }
    Ok(json(200, &HeartbeatView { clock: now, drift_seconds, open_commands }))
}
