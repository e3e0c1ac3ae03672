//! Finished deliveries, and what the station does with them itself.

use lambda_http::{Body, Request, Response};
use surtidor::api::{SaleBody, SaleView, Settle, digest, nothing, parse};
use surtidor::edge::language;
use surtidor::id::{PositionId, StationId};
use surtidor::problem::{Problem, json};
use surtidor::queue::{Hint, Resource};
use surtidor::sale::{NotOwed, Place, Sale, SaleStatus};
use surtidor::store::Registered;
use time::OffsetDateTime;

use crate::handler::StationApi;

pub(crate) async fn post(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let body: SaleBody = parse(request.body())?;
    let id = body.position()?;
    let found = api.store.look_up(station, &id).await?;
    let Some((position, newest)) = found else {
        return Err(Problem::invalid("position", "names no position of this station"));
    };
    let delivery = body.delivery(position.currency)?;
    let digest = digest(&delivery);
    let told = |place| {
        let mut sale = Sale::new(station.clone(), position.account.clone(), delivery.clone(), place, now);
        sale.check_claim(&position, now);
        sale
    };
    let sale = told(Place::of(delivery.delivered_at, newest.as_ref(), now));
    let registered = api.store.register(&sale, &digest).await?;
    let (status, sale) = match registered {
        Registered::New => (201, sale),
        Registered::Known(name) if name.digest == digest => {
            (200, api.store.sale_told_before(&name, told).await?)
        }
        Registered::Known(_) => {
            let detail = "this sale_id was told with other content; a sale cannot be changed, only voided and told anew";
            return Err(Problem::conflict(detail).with_field("sale_id"));
        }
    };
    defer_older(api, station, &id, now).await?;
    Ok(json(status, &SaleView::new(&sale, language(request), now)))
}

/// Hides what is still owed behind the newest sale. The lookup does not depend on it: it looks at the newest sale only. It
/// is found out from what is stored, so that deliveries told at once, or a death after the last one, leave nothing behind.
async fn defer_older(
    api: &StationApi,
    station: &StationId,
    position: &PositionId,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let recent = api.store.recent_sales(station, position).await?;
    for older in recent.into_iter().skip(1).filter(|sale| sale.status == SaleStatus::Pending) {
        api.change(older, now, |sale| {
            sale.defer(now);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

pub(crate) async fn get(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let sale = api.sale(station, request).await?;
    Ok(json(200, &SaleView::new(&sale, language(request), now)))
}

pub(crate) async fn settle(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    let settle: Settle = parse(request.body())?;
    let tender = settle.tender()?;
    let sale = api.sale(station, request).await?;
    let sale = api.change(sale, now, |sale| sale.settle_elsewhere(tender, now).map_err(not_owed)).await?;
    withdraw_charges(api, &sale, now).await;
    Ok(json(200, &SaleView::new(&sale, language(request), now)))
}

pub(crate) async fn void(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    nothing(request.body())?;
    let sale = api.sale(station, request).await?;
    let sale = api.change(sale, now, |sale| sale.void(now).map_err(not_owed)).await?;
    withdraw_charges(api, &sale, now).await;
    Ok(json(200, &SaleView::new(&sale, language(request), now)))
}

/// A terminal may still show the amount of a sale that is owed no more: a look at the sale takes it away. It is a service,
/// and the sweep looks too; so a queue that is down is no reason to refuse the fact.
async fn withdraw_charges(api: &StationApi, sale: &Sale, now: OffsetDateTime) {
    if sale.charges_at_work(now).next().is_none() {
        return;
    }
    let hint = Hint::new(sale.account.clone(), Resource::Sale(sale.reference.clone()), now);
    if let Err(error) = api.queue.send(&hint).await {
        tracing::warn!(event = "queue_failed", %error, "A charge of a settled sale waits for the sweep");
    }
}

fn not_owed(error: NotOwed) -> Problem {
    let advice = match error.0 {
        SaleStatus::Paid => "Mercado Pago's payment is in: give other money back, or refund the payment",
        SaleStatus::NeedsReview => "money arrived that must be looked at first",
        _ => "it was dealt with before",
    };
    Problem::conflict(format!("{error}: {advice}"))
}
