//! Everything together.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::calls::Calls;
use crate::demo::Demo;
use crate::dynamodb::DynamoDb;
use crate::faults::Faults;
use crate::front::{self, Watch};
use crate::http_api::HttpApi;
use crate::lambda::{InvokeError, Lambda};
use crate::logs::{LogLine, Logs};
use crate::names::{self, ACCOUNT, REGION, physical};
use crate::poller;
use crate::secrets::SecretsManager;
use crate::sqs::{Disorder, QueueDepth, Sqs, system_clock};
use crate::template::{self, Names, Template, TemplateError};
use crate::till::{self, Till};

/// How a stack runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The template.
    pub template: PathBuf,
    /// The folder of the compiled functions.
    pub binaries: PathBuf,
    /// The folder that keeps tables, queues and secrets between runs; memory if there is none.
    pub data: Option<PathBuf>,
    /// The port of the HTTP API; any if there is none.
    pub port: Option<u16>,
    /// Parameters of the template that are not at their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Prints what functions write.
    pub echo_logs: bool,
    /// Lets schedules run; tests fire them by hand.
    pub run_schedules: bool,
}

/// Why a stack does not start: one line for a person.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The template cannot be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A port is taken.
    #[error("port {0} is in use: stop what uses it, or choose another with --port")]
    Port(u16),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Where AWS's stand-ins listen, and what they take.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// DynamoDB.
    pub dynamodb: String,
    /// SQS.
    pub sqs: String,
    /// Secrets Manager.
    pub secrets_manager: String,
}

/// A running system. It stops when it is dropped; [`Stack::shutdown`] also saves what queues hold.
pub struct Stack {
    api: SocketAddr,
    endpoints: Endpoints,
    watch: Arc<Watch>,
    logs: Arc<Logs>,
    lambda: Arc<Lambda>,
    sqs: Arc<Sqs>,
    names: Names,
    template: Template,
    till: Arc<OnceLock<Till>>,
    tasks: Vec<JoinHandle<()>>,
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|_| StartError::Port(port))?;
    let address = listener.local_addr().map_err(|error| StartError::Other(error.to_string()))?;
    Ok((listener, address))
}

fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let _ = axum::serve(listener, service).await;
    })
}

impl Stack {
    /// Starts everything that the template names.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let other = |error: String| StartError::Other(error);
        let text = std::fs::read_to_string(&config.template);
        let text =
            text.map_err(|error| other(format!("cannot read {}: {error}", config.template.display())))?;
        if let Some(data) = &config.data {
            std::fs::create_dir_all(data)
                .map_err(|error| other(format!("cannot make {}: {error}", data.display())))?;
        }
        let in_data = |name: &str| config.data.as_ref().map(|data| data.join(name));

        let (api_listener, api) = listen(config.port.unwrap_or(0)).await?;
        let (dynamodb_listener, dynamodb_at) = listen(0).await?;
        let (sqs_listener, sqs_at) = listen(0).await?;
        let (secrets_listener, secrets_at) = listen(0).await?;
        let url = |at: SocketAddr| format!("http://{at}");
        let endpoints =
            Endpoints { dynamodb: url(dynamodb_at), sqs: url(sqs_at), secrets_manager: url(secrets_at) };

        let mut names = Names::default();
        let template = template::read(&text, &config.parameters, |id, kind, known| {
            names::name(id, kind, &endpoints.sqs, known);
            names::name(id, kind, &endpoints.sqs, &mut names);
        })?;
        template.check(&config.binaries)?;

        let watch = Arc::new(Watch::default());
        let logs = Arc::new(Logs::new(config.echo_logs));
        let dynamodb = Arc::new(DynamoDb::open(in_data("dynamodb.sqlite").as_deref()).await.map_err(other)?);
        for (id, request) in &template.tables {
            let made = dynamodb.ensure_table(&physical(id), request).await;
            made.map_err(|error| TemplateError(format!("{id}: {error}")))?;
        }
        let sqs = Sqs::open(&endpoints.sqs, in_data("queues.json").as_deref(), Box::new(system_clock))
            .map_err(other)?;
        make_queues(&sqs, &template)?;
        let secrets = Arc::new(SecretsManager::open(in_data("secrets.json").as_deref()).map_err(other)?);
        for (id, text) in &template.secrets {
            secrets.ensure(&physical(id), text);
        }
        let lambda = Lambda::start(
            &template.functions,
            &config.binaries,
            base_environment(&endpoints),
            Arc::clone(&logs),
        );
        let lambda = lambda.await.map_err(other)?;

        let till = Arc::new(OnceLock::new());
        let mut tasks = vec![
            serve(dynamodb_listener, front::router(Arc::clone(&dynamodb), Arc::clone(&watch))),
            serve(sqs_listener, front::router(Arc::clone(&sqs), Arc::clone(&watch))),
            serve(secrets_listener, front::router(secrets, Arc::clone(&watch))),
            serve(api_listener, HttpApi::router(&template, &lambda, &till)),
        ];
        for source in &template.sources {
            let queue = format!("{}/{ACCOUNT}/{}", endpoints.sqs, physical(&source.queue));
            tasks.extend(poller::start(source, &queue, &sqs, &lambda));
        }
        if config.data.is_some() {
            tasks.push(keep_saving(Arc::clone(&sqs)));
        }
        if config.run_schedules {
            tasks.extend(
                template.schedules.iter().map(|schedule| keep_firing(schedule.clone(), Arc::clone(&lambda))),
            );
            tasks.push(keep_sweeping(dynamodb));
        }
        Ok(Self { api, endpoints, watch, logs, lambda, sqs, names, template, till, tasks })
    }

    /// Base URL of the HTTP API.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Serves a till's page for the demo, beside the API, and gives its URL. `mercado_pago` is where the simulated one's
    /// pages are.
    #[must_use]
    pub fn open_till(&self, demo: &Demo, mercado_pago: &str) -> String {
        self.till.get_or_init(|| Till::of(demo, mercado_pago));
        format!("{}{}", self.api_url(), till::PATH)
    }

    /// Where AWS's stand-ins listen.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What `Ref` gives for a resource: a table's name, a queue's URL, a secret's ARN.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<String> {
        self.names.refs.get(logical_id).cloned()
    }

    /// Calls of functions and set-up so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.watch.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The switches that make AWS fail.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.watch.faults
    }

    /// What functions wrote, oldest first.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.all()
    }

    /// Invokes a function by its logical id.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, InvokeError> {
        let answer = self.lambda.invoke(function, Bytes::from(payload.to_string())).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }

    /// Fires every schedule of a function once, as its timer would.
    pub async fn fire(&self, function: &str) -> Result<(), InvokeError> {
        for schedule in self.template.schedules.iter().filter(|schedule| schedule.function == function) {
            self.invoke(function, &schedule.input).await?;
        }
        Ok(())
    }

    /// Kills every process of a function, named by logical id or binary, whatever it is doing.
    pub fn kill(&self, function: &str) {
        self.lambda.kill(function);
    }

    /// What of a queue waits, by logical id.
    #[must_use]
    pub fn queue(&self, logical_id: &str) -> QueueDepth {
        self.sqs.depth(&physical(logical_id))
    }

    /// Puts a message on a queue.
    pub fn send(&self, logical_id: &str, body: &str) {
        let url = self.resource(logical_id).unwrap_or_default();
        let _ = self.sqs.operate("SendMessage", &json!({"QueueUrl": url, "MessageBody": body}), REGION);
    }

    /// Makes every message of a queue that is in flight or delayed receivable now.
    pub fn redeliver_now(&self, logical_id: &str) {
        self.sqs.redeliver_now(&physical(logical_id));
    }

    /// Moves every dead letter of a queue back to where it came from, as a redrive does.
    pub fn redrive(&self, dead_letters: &str) {
        self.sqs.redrive(&physical(dead_letters));
    }

    /// Lets standard queues deliver as AWS allows itself to.
    pub fn disorder(&self, disorder: Disorder) {
        *self.sqs.disorder.lock().unwrap_or_else(PoisonError::into_inner) = disorder;
    }

    /// Returns once a queue is empty and nobody works on a message of it.
    pub async fn drained(&self, logical_id: &str) {
        while self.queue(logical_id) != QueueDepth::default() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops everything and saves what queues hold.
    pub fn shutdown(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.lambda.stop();
        self.sqs.save();
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.lambda.stop();
    }
}

pub(crate) fn make_queues(sqs: &Sqs, template: &Template) -> Result<(), TemplateError> {
    // Dead-letter queues first: a redrive policy must name a queue that is there.
    let mut queues: Vec<_> = template.queues.iter().collect();
    queues.sort_by_key(|(_, queue)| queue.redrive.is_some());
    for (id, queue) in queues {
        let mut attributes = queue.attributes.clone();
        if let Some((target, count)) = &queue.redrive {
            let policy = json!({"deadLetterTargetArn": names::queue_arn(REGION, &physical(target)), "maxReceiveCount": count});
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        let name = physical(id);
        let made = sqs.operate("CreateQueue", &json!({"QueueName": name, "Attributes": attributes}), REGION);
        // A queue that is kept from an earlier template gets the attributes of this one.
        let url = format!("http://localhost/{ACCOUNT}/{name}");
        let set = made.or_else(|_| {
            sqs.operate("SetQueueAttributes", &json!({"QueueUrl": url, "Attributes": attributes}), REGION)
        });
        set.map_err(|error| TemplateError(format!("{id}: {error:?}")))?;
    }
    Ok(())
}

/// What every function finds in its environment: nothing of this machine's, and no way to a real AWS.
fn base_environment(endpoints: &Endpoints) -> BTreeMap<String, String> {
    let pairs = [
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "AKIALOCALLOCALLOCAL0"),
        ("AWS_SECRET_ACCESS_KEY", "local-secret-of-no-account"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
        ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoints.secrets_manager),
        ("TZ", ":UTC"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn keep_firing(schedule: template::Schedule, lambda: Arc<Lambda>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut timer = tokio::time::interval(schedule.every);
        timer.tick().await;
        loop {
            timer.tick().await;
            let _ = lambda.invoke(&schedule.function, Bytes::from(schedule.input.to_string())).await;
        }
    })
}

/// Queues are also saved while they are in use, so that a crash loses at most what happened within a second.
fn keep_saving(sqs: Arc<Sqs>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let saved = Arc::clone(&sqs);
            let _ = tokio::task::spawn_blocking(move || saved.save()).await;
        }
    })
}

fn keep_sweeping(dynamodb: Arc<DynamoDb>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let swept = Arc::clone(&dynamodb);
            let _ = tokio::task::spawn_blocking(move || swept.sweep()).await;
        }
    })
}
