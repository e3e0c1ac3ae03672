//! Who calls, for which station, which of the routes of the template it is, and what all of them need.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lambda_http::http::HeaderValue;
use lambda_http::{Body, Request, Response};
use surtidor::api::{ChargeView, idempotency_key};
use surtidor::change::change;
use surtidor::clock::Clock;
use surtidor::edge::{self, Caller, language};
use surtidor::id::{AccountId, StationId};
use surtidor::life::SignsOfLife;
use surtidor::mercado_pago::{self, ApiError, MercadoPago};
use surtidor::problem::{Problem, json};
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::sale::{Charge, Language, PointApi, Sale};
use surtidor::secrets::{Account, Book, Found};
use surtidor::store::{Station, Store};
use time::OffsetDateTime;

use crate::{cancel, charges, check, terminals};

/// The till waits, and API Gateway waits 30 s at most: a charge may take four calls.
pub const PATIENCE: mercado_pago::Patience = mercado_pago::Patience {
    call: Duration::from_secs(4),
    tries: 2,
    pause: Duration::from_millis(300),
    ..mercado_pago::Patience::FUNCTION
};

/// What is said of a serial number that two terminals have.
pub(crate) const SERIAL_AMBIGUOUS: [&str; 3] = [
    "dos modelos de terminal tienen ese número de serie: use el identificador entero (MODELO__SERIE)",
    "dois modelos de terminal têm esse número de série: use o identificador inteiro (MODELO__SÉRIE)",
    "two models of terminal have this serial number: use the whole id (MODEL__SERIAL)",
];

/// How often a till that asks again and again makes Mercado Pago be asked about a charge.
const BETWEEN_LOOKS: time::Duration = time::Duration::seconds(2);
/// Charges whose last look is remembered. When there are more, all are forgotten.
const MOST_LOOKS: usize = 1_000;

/// What driving terminals takes.
#[derive(Debug)]
pub struct PointTerminals {
    pub(crate) store: Store,
    pub(crate) mercado_pago: MercadoPago,
    queue: Queue,
    accounts: Book<Account>,
    clock: Clock,
    life: SignsOfLife,
    looks: Mutex<HashMap<String, OffsetDateTime>>,
}

/// A call of a station.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) station: &'a StationId,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
    pub(crate) language: Language,
    pub(crate) now: OffsetDateTime,
}

impl PointTerminals {
    /// A function that knows no station yet.
    #[must_use]
    pub fn new(
        store: Store,
        queue: Queue,
        mercado_pago: MercadoPago,
        accounts: Book<Account>,
        clock: Clock,
    ) -> Self {
        let (life, looks) = (SignsOfLife::default(), Mutex::default());
        Self { store, mercado_pago, queue, accounts, clock, life, looks }
    }

    /// Reads the accounts ahead of the first event.
    pub async fn warm(&self) {
        self.accounts.warm().await;
    }

    /// The station of a call.
    pub(crate) async fn station(&self, station: &StationId) -> Result<Station, Problem> {
        let found = self.store.station(station).await?;
        found.ok_or_else(|| Problem::not_found("the station is not set up"))
    }

    /// The account of a station or sale.
    pub(crate) async fn account(&self, account: &AccountId) -> Result<Found<Account>, Problem> {
        let found = self.accounts.get(account).await.map_err(|error| {
            tracing::error!(event = "secret_not_read", %error, "The accounts secret cannot be read");
            Problem::unavailable()
        })?;
        found.ok_or_else(|| {
            tracing::error!(event = "account_unknown", %account, "The station's account has no entry in the accounts secret");
            Problem::refused(format!(
                "the account {account} has no entry in the accounts secret that can be read: see docs/setup.md"
            ))
        })
    }

    /// The terminal of a serial number or id as Mercado Pago knows it.
    pub(crate) async fn terminal(
        &self,
        account: &Account,
        name: &str,
        language: Language,
    ) -> Result<mercado_pago::Terminal, Problem> {
        let found = self.mercado_pago.terminals_named(&account.access_token, account.point, name).await;
        let mut found = found.map_err(|error| not_answered(&error, language))?.into_iter();
        match (found.next(), found.next()) {
            (Some(terminal), None) => Ok(terminal),
            (Some(_), Some(_)) => {
                let [es, pt, en] = SERIAL_AMBIGUOUS;
                Err(Problem::conflict(language.of(es, pt, en)).with_field("terminal"))
            }
            (None, _) => Err(Problem::not_found(language.of(
                "la cuenta de Mercado Pago no tiene un terminal con ese número de serie: cópielo entero del dorso, y vincule el terminal con la aplicación de Mercado Pago",
                "a conta do Mercado Pago não tem um terminal com esse número de série: copie-o inteiro do verso, e vincule o terminal com o aplicativo do Mercado Pago",
                "the Mercado Pago account has no terminal with this serial number: copy all of it from the back of the terminal, and link the terminal with Mercado Pago's app",
            ))
            .with_field("terminal")),
        }
    }

    /// Changes a sale and writes it.
    pub(crate) async fn change<T>(
        &self,
        sale: Sale,
        now: OffsetDateTime,
        step: impl Fn(&mut Sale) -> Result<T, Problem>,
    ) -> Result<(Sale, T), Problem> {
        change(&self.store, sale, now, step).await
    }

    /// Puts a hint on the queue; a failure is told and no more, since the sweep looks too.
    pub(crate) async fn hint(&self, sale: &Sale, resource: Resource, now: OffsetDateTime) {
        if let Err(error) = self.queue.send(&Hint::new(sale.account.clone(), resource, now)).await {
            tracing::warn!(event = "queue_failed", %error, "A charge is looked at by the sweep only");
        }
    }

    /// A till asks how a charge stands: Mercado Pago is asked too, behind the queue, but not on every one of its calls.
    pub(crate) async fn look_behind(&self, sale: &Sale, charge: &Charge, now: OffsetDateTime) {
        {
            let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            if looks.get(&charge.id).is_some_and(|last| now - *last < BETWEEN_LOOKS) {
                return;
            }
            if looks.len() >= MOST_LOOKS {
                looks.clear();
            }
            looks.insert(charge.id.clone(), now);
        }
        let resource = match &charge.mercado_pago_id {
            Some(id) if sale.is_at_work(charge, now) => resource_of(charge, id),
            _ => Resource::Sale(sale.reference.clone()),
        };
        self.hint(sale, resource, now).await;
    }
}

/// What a hint for a charge names.
pub(crate) fn resource_of(charge: &Charge, id: &surtidor::id::ResourceId) -> Resource {
    match charge.api {
        PointApi::Orders => Resource::Order(id.clone()),
        PointApi::PaymentIntents => Resource::PaymentIntent(id.clone()),
    }
}

/// The caller's `Idempotency-Key`, if it gives one.
pub(crate) fn key_of(request: &Request) -> Result<Option<String>, Problem> {
    idempotency_key(request.headers().get("idempotency-key").map(HeaderValue::as_bytes))
}

/// The answer that shows a charge.
pub(crate) fn shown(
    status: u16,
    sale: &Sale,
    charge: &str,
    call: Call<'_>,
) -> Result<Response<Body>, Problem> {
    let charge = sale.charge(charge).ok_or_else(|| Problem::not_found("the sale has no such charge"))?;
    Ok(json(status, &ChargeView::new(sale, charge, call.language, call.now)))
}

/// Mercado Pago did not do what was asked, and nothing was charged.
pub(crate) fn not_answered(error: &ApiError, language: Language) -> Problem {
    tracing::warn!(event = "mercado_pago_failed", %error, "Mercado Pago did not answer a call about terminals");
    if error.is_passing() {
        return Problem::unavailable();
    }
    let code = error.code().unwrap_or("refused");
    let advice = match (error, code) {
        (_, "store_pos_not_found") => language.of(
            "el terminal no está vinculado a una sucursal y caja: vincúlelo con la aplicación de Mercado Pago",
            "o terminal não está vinculado a uma loja e caixa: vincule-o com o aplicativo do Mercado Pago",
            "the terminal is not linked to a store and a point of sale: link it with Mercado Pago's app",
        ),
        (ApiError::Refused { status: 412, .. }, _) => language.of(
            "otro terminal de la misma caja ya está en modo PDV: solo puede haber uno por caja",
            "outro terminal do mesmo caixa já está no modo PDV: só pode haver um por caixa",
            "another terminal of the same point of sale is in PDV mode: there can be one for each",
        ),
        (_, "terminal_not_allowed_action" | "113") => language.of(
            "este modelo de terminal no se puede manejar por la API",
            "este modelo de terminal não pode ser controlado pela API",
            "this model of terminal cannot be driven by the API",
        ),
        (ApiError::Refused { status: 401 | 403, .. }, _) => language.of(
            "Mercado Pago rechaza el token de la cuenta: copie el Access Token de producción de la aplicación Point",
            "o Mercado Pago recusa o token da conta: copie o Access Token de produção do aplicativo Point",
            "Mercado Pago rejects the account's access token: copy the production Access Token of the Point application",
        ),
        _ => language.of(
            "Mercado Pago rechazó el pedido",
            "o Mercado Pago recusou o pedido",
            "Mercado Pago refused the request",
        ),
    };
    Problem::refused(format!("{advice} ({code})"))
}

/// Answers one call about terminals or charges.
pub async fn handle(terminals: &PointTerminals, request: Request) -> Response<Body> {
    Box::pin(answer(terminals, &request)).await.unwrap_or_else(Problem::into_response)
}

async fn answer(api: &PointTerminals, request: &Request) -> Result<Response<Body>, Problem> {
    let (caller, station) = Caller::admitted(request)?;
    let now = api.clock.now();
    let call = Call { station: &station, caller: &caller, request, language: language(request), now };
    // Any call of the station's software is a sign of life; it is written down beside the work.
    let (answer, ()) =
        futures_util::join!(Box::pin(route(api, call)), api.life.sign(&api.store, &caller, &station, now));
    answer
}

async fn route(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    match edge::route(call.request) {
        "GET /v1/stations/{station}/terminals" => terminals::list(api, call).await,
        "PUT /v1/stations/{station}/terminals/{terminal}" => terminals::link(api, call).await,
        "PUT /v1/stations/{station}/terminals/{terminal}/mode" => terminals::set_mode(api, call).await,
        "GET /v1/stations/{station}/terminals/{terminal}/check" => check::get(api, call).await,
        "POST /v1/stations/{station}/terminals/{terminal}/charges" => {
            Box::pin(charges::post(api, call)).await
        }
        "GET /v1/stations/{station}/charges/{charge}" => charges::get(api, call).await,
        "POST /v1/stations/{station}/charges/{charge}/cancel" => cancel::post(api, call).await,
        _ => Err(Problem::not_found("there is no such route")),
    }
}
