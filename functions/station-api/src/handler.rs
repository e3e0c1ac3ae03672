//! Who calls, for which station, and which of the routes of the template it is.

use lambda_http::{Body, Request, Response};
use surtidor::clock::Clock;
use surtidor::edge::{self, Caller, path_id};
use surtidor::id::{SaleId, StationId};
use surtidor::life::SignsOfLife;
use surtidor::problem::Problem;
use surtidor::queue::Queue;
use surtidor::sale::Sale;
use surtidor::store::Store;
use time::OffsetDateTime;

use crate::{commands, positions, sales};

/// What answering a station takes.
#[derive(Debug)]
pub struct StationApi {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    clock: Clock,
    life: SignsOfLife,
}

impl StationApi {
    /// A function that knows no station yet.
    #[must_use]
    pub fn new(store: Store, queue: Queue, clock: Clock) -> Self {
        Self { store, queue, clock, life: SignsOfLife::default() }
    }

    /// The sale that the path names.
    pub(crate) async fn sale(&self, station: &StationId, request: &Request) -> Result<Sale, Problem> {
        let sale = path_id(request, "sale", SaleId::parse)?;
        let found = self.store.sale_named(station, &sale).await?;
        found.ok_or_else(|| Problem::not_found(format!("the station has told no sale {sale}")))
    }

    /// Changes a sale and writes it.
    pub(crate) async fn change(
        &self,
        standing: Sale,
        now: OffsetDateTime,
        change: impl Fn(&mut Sale) -> Result<(), Problem>,
    ) -> Result<Sale, Problem> {
        surtidor::change::change(&self.store, standing, now, change).await.map(|(sale, ())| sale)
    }
}

/// Answers one call of a station's software.
pub async fn handle(api: &StationApi, request: Request) -> Response<Body> {
    Box::pin(answer(api, &request)).await.unwrap_or_else(Problem::into_response)
}

async fn answer(api: &StationApi, request: &Request) -> Result<Response<Body>, Problem> {
    let (caller, station) = Caller::admitted(request)?;
    let now = api.clock.now();
    // Any call of the station's software is a sign of life; it is written down beside the work.
    let (answer, ()) = futures_util::join!(
        route(api, &station, request, now),
        api.life.sign(&api.store, &caller, &station, now)
    );
    answer
}

async fn route(
    api: &StationApi,
    station: &StationId,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Response<Body>, Problem> {
    match edge::route(request) {
        "PUT /v1/stations/{station}/positions/{position}" => positions::put(api, station, request, now).await,
        "POST /v1/stations/{station}/heartbeat" => positions::heartbeat(api, station, request, now).await,
        "POST /v1/stations/{station}/sales" => sales::post(api, station, request, now).await,
        "GET /v1/stations/{station}/sales/{sale}" => sales::get(api, station, request, now).await,
        "POST /v1/stations/{station}/sales/{sale}/settle" => sales::settle(api, station, request, now).await,
        "POST /v1/stations/{station}/sales/{sale}/void" => sales::void(api, station, request, now).await,
        "GET /v1/stations/{station}/commands" => commands::list(api, station, request).await,
        "POST /v1/stations/{station}/commands/{command}/ack" => {
            commands::acknowledge(api, station, request, now).await
        }
        _ => Err(Problem::not_found("there is no such route")),
    }
}
