//! The functions in their processes: invoked, killed, started anew.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, LambdaEvent, Request};
use serde_json::{Value, json};
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience};
use surtidor::clock::Clock;
use surtidor::life::SignsOfLife;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::queue::Queue;
use surtidor::reconcile::Reconciler;
use surtidor::secrets::Book;
use surtidor::store::Store;
use surtidor_local::embedded;

use crate::wires::{ApiWire, Life, to_aws};
use crate::world::{World, lock};

/// A function of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is named as its folder")]
pub enum Function {
    OrderLookup,
    WebhookIntake,
    PaymentReconciliation,
    PointTerminals,
    Refunds,
    StationApi,
    Sweep,
}

/// Processes that wait for an invocation, and how many there ever were.
#[derive(Default)]
pub struct Pools {
    idle: BTreeMap<Function, Vec<Arc<Instance>>>,
    born: u64,
}

/// One process.
pub struct Instance {
    life: Arc<Life>,
    work: Work,
}

enum Work {
    OrderLookup(Store, Clock),
    WebhookIntake(webhook_intake::Intake),
    PaymentReconciliation(Reconciler, Queue, Clock),
    PointTerminals(point_terminals::PointTerminals),
    Refunds(refunds::Refunds),
    StationApi(station_api::StationApi),
    Sweep(Store, Queue, Clock),
}

/// Where Mercado Pago is; nobody looks at the host.
const MERCADO_PAGO: &str = "http://mercadopago.embedded";

/// An answer of the gateway.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Where a process finds AWS, and who it is.
#[must_use]
pub fn access() -> Access {
    Access {
        region: surtidor_local::REGION.to_owned(),
        credentials: Credentials::new("AKIASIMULATION000000", "none", None, None, "simulation"),
        endpoints: Endpoints {
            dynamodb: Some(embedded::DYNAMODB.to_owned()),
            sqs: Some(embedded::SQS.to_owned()),
            secrets_manager: Some(embedded::SECRETS_MANAGER.to_owned()),
        },
    }
}

impl Instance {
    fn start(world: &Arc<World>, function: Function, number: u64) -> Self {
        let life = Arc::new(Life::new(format!("{function:?}#{number}")));
        let clock = world.clock();
        let aws = |patience| Aws::over(to_aws(world, &life), access(), patience);
        let resource = |id| world.aws.resource(id).expect("a resource of the template");
        let store = |aws: &Aws| Store::new(aws.dynamodb(), resource("Table"));
        let queue = |aws: &Aws| Queue::new(aws.sqs(), resource("HintQueue"));
        let api = |patience: mercado_pago::Patience| {
            let (world, life) = (Arc::clone(world), Arc::clone(&life));
            let wire = Arc::new(ApiWire { world, life, patience: patience.call });
            MercadoPago::over(wire, MERCADO_PAGO, patience).expect("a client")
        };
        // As each `main` does it.
        let work = match function {
            Function::OrderLookup => Work::OrderLookup(store(&aws(Patience::SHORT)), clock),
            Function::WebhookIntake => {
                let aws = aws(Patience::SHORT);
                Work::WebhookIntake(webhook_intake::Intake {
                    queue: queue(&aws),
                    accounts: Book::new(aws.secrets_manager(), resource("WebhooksSecret")),
                    clock,
                })
            }
            Function::PaymentReconciliation => {
                let aws = aws(Patience::LONG);
                let reconciler = Reconciler {
                    store: store(&aws),
                    mercado_pago: api(mercado_pago::Patience::default()),
                    accounts: Book::new(aws.secrets_manager(), resource("AccountsSecret")),
                    queue: queue(&aws),
                };
                Work::PaymentReconciliation(reconciler, queue(&aws), clock)
            }
            Function::PointTerminals => {
                let aws = aws(Patience::SHORT);
                Work::PointTerminals(point_terminals::PointTerminals::new(
                    store(&aws),
                    queue(&aws),
                    api(point_terminals::PATIENCE),
                    Book::new(aws.secrets_manager(), resource("AccountsSecret")),
                    clock,
                ))
            }
            Function::Refunds => {
                let aws = aws(Patience::SHORT);
                Work::Refunds(refunds::Refunds {
                    store: store(&aws),
                    queue: queue(&aws),
                    mercado_pago: api(refunds::PATIENCE),
                    accounts: Book::new(aws.secrets_manager(), resource("AccountsSecret")),
                    life: SignsOfLife::default(),
                    clock,
                })
            }
            Function::StationApi => {
                let aws = aws(Patience::LONG);
                Work::StationApi(station_api::StationApi::new(store(&aws), queue(&aws), clock))
            }
            Function::Sweep => {
                let aws = aws(Patience::LONG);
                Work::Sweep(store(&aws), queue(&aws), clock)
            }
        };
        Self { life, work }
    }

    async fn answer(self: Arc<Self>, request: Request) -> Reply {
        let response = match &self.work {
            Work::OrderLookup(store, clock) => order_lookup::handle(store, clock, request).await,
            Work::WebhookIntake(intake) => webhook_intake::handle(intake, request).await,
            Work::PointTerminals(terminals) => point_terminals::handle(terminals, request).await,
            Work::Refunds(refunds) => refunds::handle(refunds, request).await,
            Work::StationApi(api) => station_api::handle(api, request).await,
            Work::PaymentReconciliation(..) | Work::Sweep(..) => unreachable!("it has no route"),
        };
        let (head, body) = response.into_parts();
        let text = |value: &lambda_http::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        Reply { status: head.status.as_u16(), headers, body }
    }

    async fn reconcile(self: Arc<Self>, event: payment_reconciliation::Event) -> Option<Vec<u8>> {
        let Work::PaymentReconciliation(reconciler, queue, clock) = &self.work else {
            unreachable!("it reads no queue")
        };
        let answer = payment_reconciliation::handle(reconciler, queue, clock, event).await.ok()?;
        serde_json::to_vec(&answer).ok()
    }

    async fn sweep(self: Arc<Self>) {
        let Work::Sweep(store, queue, clock) = &self.work else { unreachable!("it sweeps nothing") };
        let _ = sweep::handle(store, queue, clock).await;
    }
}

impl World {
    /// Runs a function once, in a process that waits or in a new one. `None` if the process died or was too slow.
    async fn invoke<T, F: Future<Output = T> + Send>(
        self: &Arc<Self>,
        function: Function,
        work: impl FnOnce(Arc<Instance>) -> F,
    ) -> Option<T> {
        let idle = lock(&self.pools).idle.entry(function).or_default().pop();
        let instance = idle.unwrap_or_else(|| {
            let number = {
                let mut pools = lock(&self.pools);
                pools.born += 1;
                pools.born
            };
            Arc::new(Instance::start(self, function, number))
        });
        let dies = self.chance.happens(self.weather().killed);
        instance.life.doom(if dies { self.chance.between(1, 14) } else { 0 });
        self.count(&format!("invocations: {function:?}"));
        let timeout = self.aws.template().functions[&format!("{function:?}Function")].timeout;
        let work: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(work(Arc::clone(&instance)));
        let life = Arc::clone(&instance.life);
        let end = Box::pin(select(Box::pin(life.died()), Box::pin(tokio::time::sleep(timeout))));
        match select(work, end).await {
            Either::Left((answer, _)) => {
                instance.life.doom(0);
                lock(&self.pools).idle.entry(function).or_default().push(instance);
                Some(answer)
            }
            Either::Right((Either::Left(_), _)) => None,
            Either::Right((Either::Right(_), _)) => {
                self.count("invocations that took too long");
                self.tell(|| format!("{} took too long", instance.life.name));
                None
            }
        }
    }

    /// A request through the gateway. A function that died is its 500.
    ///
    /// # Panics
    /// When it is no event of the gateway.
    pub async fn request(self: &Arc<Self>, function: Function, event: Value) -> Reply {
        let payload: LambdaRequest = serde_json::from_value(event).expect("an event of the gateway");
        let mended = surtidor::edge::mend(LambdaEvent::new(payload, lambda_http::Context::default()));
        let request: Request = mended.payload.into();
        let answered = self.invoke(function, |instance| instance.answer(request)).await;
        answered.unwrap_or_else(|| Reply {
            status: 500,
            headers: Vec::new(),
            body: r#"{"message":"Internal Server Error"}"#.to_owned(),
        })
    }

    /// Works off the queue of hints until the world ends, as one poller of the event-source mapping does.
    pub async fn keep_reconciling(self: Arc<Self>) {
        loop {
            let Some(batch) = self.aws.batch("HintQueue", 10) else {
                let ring = Box::pin(self.bell.notified());
                let _ = select(ring, Box::pin(tokio::time::sleep(Duration::from_secs(20)))).await;
                // Several pollers wake at once; who comes first is chance.
                self.pause(1, 30).await;
                continue;
            };
            let answer = self.reconcile(&batch.payload).await;
            self.aws.settle(&batch, answer.as_deref());
        }
    }

    async fn reconcile(self: &Arc<Self>, event: &Value) -> Option<Vec<u8>> {
        let event = serde_json::from_value(event.clone()).expect("an event that the function knows");
        self.invoke(Function::PaymentReconciliation, |instance| instance.reconcile(event)).await.flatten()
    }

    /// Fires the schedules of the template that make payments be looked back at.
    ///
    /// # Panics
    /// When the template has none.
    pub async fn look_back(self: &Arc<Self>, far: bool) {
        let name = if far { "LookFarBack" } else { "LookBack" };
        let schedule = self.aws.template().schedules.iter().find(|schedule| schedule.name.ends_with(name));
        let input = schedule.expect("a schedule of the template").input.clone();
        self.reconcile(&input).await;
    }

    /// One run of the sweep.
    pub async fn sweep(self: &Arc<Self>) {
        self.invoke(Function::Sweep, Instance::sweep).await;
    }
}

/// A request as the gateway hands it to a function (payload format 2.0).
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path of the route in the template.
    pub route: &'a str,
    /// Its parameters.
    pub parameters: &'a [(&'a str, &'a str)],
    /// The query string.
    pub query: &'a str,
    /// The headers, in small letters.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a str,
    /// Which station's key the authorizer found.
    pub station: Option<&'a str>,
}

impl Event<'_> {
    /// The event.
    #[must_use]
    pub fn json(&self) -> Value {
        let map = |pairs: &[(&str, &str)]| -> Value {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let mut path = self.route.to_owned();
        for (name, value) in self.parameters {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let key = format!("{} {}", self.method, self.route);
        let mut event = json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": self.query,
            "headers": map(self.headers), "pathParameters": map(self.parameters), "isBase64Encoded": false, "body": self.body,
            "requestContext": {
                "accountId": "1", "apiId": "s", "domainName": "localhost", "domainPrefix": "localhost", "requestId": "r",
                "http": {"method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "s"},
                "routeKey": key, "stage": "$default", "time": "t", "timeEpoch": 0,
            },
        });
        if let Some(station) = self.station {
            let context = json!({"lambda": {"role": "station", "stations": station, "key_id": format!("key-of-{station}")}});
            event["requestContext"]["authorizer"] = context;
        }
        event
    }
}
