//! The wires out of a process: to AWS and to Mercado Pago. Every call passes here, is slow or fails as the weather wants,
//! and is a place where the process may die, before it is done or after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use simulated_mercado_pago::http::Request;
use simulated_mercado_pago::{Body, Faults, RefundStatus, Refunds};
use surtidor::mercado_pago::{Answer, ApiError, Exchange, Transport};
use tokio::sync::Notify;

use crate::books;
use crate::charges;
use crate::world::World;

/// The life of one process.
#[derive(Debug)]
pub struct Life {
    /// What it is called in the story.
    pub name: String,
    /// Steps until it dies; none if zero.
    doom: AtomicU64,
    death: Notify,
}

impl Life {
    /// A process that lives.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { name, doom: AtomicU64::new(0), death: Notify::new() }
    }

    /// Lets it die after so many steps; never with zero.
    pub fn doom(&self, steps: u64) {
        self.doom.store(steps, Ordering::Relaxed);
    }

    /// Returns when it dies.
    pub async fn died(&self) {
        self.death.notified().await;
    }

    /// One step. The step at which it dies has no end.
    async fn step(&self, world: &World, what: &str) {
        let left = self.doom.load(Ordering::Relaxed);
        if left == 0 {
            return;
        }
        self.doom.store(left - 1, Ordering::Relaxed);
        if left == 1 {
            world.count("fault: process killed");
            world.tell(|| format!("{} is killed {what}", self.name));
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A process's way to AWS.
#[must_use]
pub fn to_aws(world: &Arc<World>, life: &Arc<Life>) -> SharedHttpClient {
    let wire = AwsWire { world: Arc::clone(world), life: Arc::clone(life) };
    let wire = SharedHttpConnector::new(wire);
    http_client_fn(move |_, _| wire.clone())
}

#[derive(Debug)]
struct AwsWire {
    world: Arc<World>,
    life: Arc<Life>,
}

impl HttpConnector for AwsWire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (world, life) = (Arc::clone(&self.world), Arc::clone(&self.life));
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        HttpConnectorFuture::new(async move { call_aws(&world, &life, &target, &body).await })
    }
}

async fn call_aws(
    world: &World,
    life: &Life,
    target: &str,
    body: &[u8],
) -> Result<HttpResponse, ConnectorError> {
    let weather = world.weather();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let tell = |end: &str| world.tell(|| format!("{}: {operation} {} {end}", life.name, gist(body)));
    world.pause(1, 8).await;
    life.step(world, "before a call of AWS").await;
    if world.strikes("AWS slow", weather.aws_slow) {
        world.pause(100, 4_000).await;
    }
    if world.is_down(target) || world.strikes("AWS unreachable", weather.aws_broken) {
        tell("-> not connected");
        return Err(ConnectorError::io("not connected".into()));
    }
    if world.strikes("AWS refuses", weather.aws_refused) {
        tell("-> refused");
        let (status, code) =
            world.chance.one_of(&[(400, "ThrottlingException"), (500, "InternalServerError")]);
        return response(status, json!({"__type": code, "message": "played"}).to_string());
    }
    let claim = (operation == "UpdateItem").then(|| charges::claim(world, body)).flatten();
    let (status, answer) = world.aws.call(target, body);
    if status == 200
        && let Some(what) = claim
    {
        world.violated(what);
    }
    world.bell.notify_waiters();
    if world.strikes("AWS's answer lost", weather.aws_lost) {
        tell("-> done, answer lost");
        world.pause(50, 500).await;
        return Err(ConnectorError::timeout("the answer is lost".into()));
    }
    tell(&format!("-> {status}"));
    life.step(world, "after a call of AWS").await;
    world.pause(1, 8).await;
    response(status, answer)
}

fn response(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|_| ConnectorError::io("no status".into()))?;
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}

/// What a call of AWS is about, for the story.
fn gist(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return String::new() };
    if let Some(message) = body["MessageBody"].as_str() {
        return format!("{message} delay {}", body["DelaySeconds"]);
    }
    let item = if body["Item"].is_object() { &body["Item"] } else { &body["Key"] };
    let text = |key: &str| item[key]["S"].as_str().unwrap_or_default();
    let version = item["version"]["N"].as_str().map(|version| format!(" v{version}")).unwrap_or_default();
    format!("{} {} {}{version}", text("pk"), text("sk"), text("status"))
}

/// A process's way to Mercado Pago.
#[derive(Debug)]
pub struct ApiWire {
    /// The world.
    pub world: Arc<World>,
    /// The process.
    pub life: Arc<Life>,
    /// How long the caller waits.
    pub patience: Duration,
}

impl Transport for ApiWire {
    fn exchange(&self, request: reqwest::Request) -> Exchange<'_> {
        Box::pin(self.call(request))
    }
}

impl ApiWire {
    async fn call(&self, request: reqwest::Request) -> Result<Answer, ApiError> {
        let (world, life, weather) = (&*self.world, &*self.life, self.world.weather());
        let what = format!("{} {}", request.method(), request.url().path());
        let tell = |end: &str| world.tell(|| format!("{}: {what} {end}", life.name));
        let lost = |why: &'static str| Err(ApiError::NoAnswer(why));
        world.pause(5, 60).await;
        life.step(world, "before a call of Mercado Pago").await;
        if world.strikes("Mercado Pago slow", weather.api_slow) {
            world.pause(200, 5_000).await;
        }
        if world.is_down("MercadoPago") || world.strikes("Mercado Pago hangs", weather.api_hangs) {
            tell("-> no answer");
            tokio::time::sleep(self.patience).await;
            return lost("timeout");
        }
        if world.strikes("Mercado Pago refuses", weather.api_refused) {
            let status = world.chance.one_of(&[429, 500, 502, 503]);
            tell(&format!("-> {status}"));
            return Ok(Answer { status, headers: reqwest::header::HeaderMap::new(), body: b"{}".to_vec() });
        }
        let answer = self.ask(request, &what).await?;
        if world.strikes("Mercado Pago's answer lost", weather.api_lost) {
            tell("-> done, answer lost");
            return lost("connection lost");
        }
        tell(&format!("-> {} {}", answer.status, error_of(&answer.body)));
        life.step(world, "after a call of Mercado Pago").await;
        if world.strikes("Mercado Pago's answer garbled", weather.api_garbled) {
            return Ok(Answer { status: 200, body: b"{\"id\": <html>".to_vec(), ..answer });
        }
        let answer = self.misplaced(answer, &what);
        world.pause(5, 60).await;
        Ok(answer)
    }

    async fn ask(&self, request: reqwest::Request, what: &str) -> Result<Answer, ApiError> {
        let mercado_pago = self.world.mercado_pago();
        let is_post = what.starts_with("POST");
        let is_refund = is_post && (what.ends_with("/refunds") || what.ends_with("/refund"));
        if is_post && (what.ends_with("/v1/orders") || what.ends_with("/payment-intents")) {
            let key = request.headers().get("x-idempotency-key").and_then(|key| key.to_str().ok());
            let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
            charges::expect_intent(&self.world, key.unwrap_or_default(), body);
        }
        if is_refund {
            let key = request.headers().get("x-idempotency-key").and_then(|key| key.to_str().ok());
            books::expect_intent(&self.world, key.unwrap_or_default());
            self.choose_how_the_refund_ends();
        }
        let path = match request.url().query() {
            Some(query) => format!("{}?{query}", request.url().path()),
            None => request.url().path().to_owned(),
        };
        let mut asked = Request::builder().method(request.method()).uri(path);
        for (name, value) in request.headers() {
            asked = asked.header(name, value);
        }
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
        let asked = asked.body(Body::from(body)).map_err(|_| ApiError::NoAnswer("not sent"))?;
        let answer = mercado_pago.call(asked).await.map_err(|_| ApiError::NoAnswer("connection lost"))?;
        if is_post && what.ends_with("/payment-intents") && answer.status().is_success() {
            let made: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let charge = made["additional_info"]["external_reference"].as_str();
            self.world.made_intent(charge.unwrap_or_default());
        }
        if is_refund {
            let _ = mercado_pago.set_faults(Faults { refunds: Refunds::default(), ..mercado_pago.faults() });
            self.end_in_a_while(answer.body());
        }
        let (head, body) = answer.into_parts();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_vec() })
    }

    /// What is read of a charge that Mercado Pago has at another terminal says so.
    fn misplaced(&self, answer: Answer, what: &str) -> Answer {
        if !what.starts_with("GET /v1/orders/") && !what.contains("/payment-intents/") {
            return answer;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
        let named = [&body["external_reference"], &body["additional_info"]["external_reference"]];
        let Some(charge) = named.into_iter().find_map(Value::as_str).map(str::to_owned) else {
            return answer;
        };
        if !self.world.is_misplaced(&charge) {
            return answer;
        }
        let other = json!("NEWLAND_N950__N950NCB800000000");
        if body["device_id"].is_string() {
            body["device_id"] = other;
        } else {
            body["config"]["point"]["terminal_id"] = other;
        }
        // A till that reads it may forget it; the queue does not.
        if self.life.name.starts_with("PaymentReconciliation") {
            self.world.heard_of_misplaced(&charge);
        }
        Answer { body: body.to_string().into_bytes(), ..answer }
    }

    fn choose_how_the_refund_ends(&self) {
        let (world, weather) = (&self.world, self.world.weather());
        let mut refunds = Refunds::default();
        if world.strikes("refund without balance", weather.refund_no_balance) {
            refunds.insufficient_balance = true;
        } else if world.strikes("refund in process", weather.refund_in_process) {
            refunds.outcome = RefundStatus::InProcess;
        }
        let mercado_pago = world.mercado_pago();
        let _ = mercado_pago.set_faults(Faults { refunds, ..mercado_pago.faults() });
    }

    /// A refund that is in process ends some time later, mostly well.
    fn end_in_a_while(&self, body: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return };
        // Of an order its refund is told in other words.
        let of_order = &answer["transactions"]["refunds"][0];
        let id = match (answer["status"].as_str(), of_order["status"].as_str()) {
            (Some("in_process"), _) => answer["id"].as_u64(),
            (_, Some("processing")) => of_order["reference_id"].as_str().and_then(|id| id.parse().ok()),
            _ => None,
        };
        let Some(id) = id else { return };
        let world = Arc::clone(&self.world);
        let ends_well = !world.chance.happens(150);
        tokio::spawn(async move {
            world.pause(5_000, 7_200_000).await;
            let end = if ends_well { RefundStatus::Approved } else { RefundStatus::Rejected };
            let _ = world.mercado_pago().complete_refund(id, end);
            world.tell(|| format!("Mercado Pago ends the refund {id}: {end:?}"));
        });
    }
}

/// The code of an error body, for the story.
fn error_of(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
    text(&body["cause"]).or_else(|| text(&body["error"])).unwrap_or_default()
}
