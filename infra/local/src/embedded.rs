//! AWS's data services inside a program: the table, the queues and the secrets of the template, on no port and by a clock
//! of the caller's. Each call is done at once and whole; what goes wrong between the caller and AWS is the caller's play.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::names::{self, REGION, physical};
use crate::poller;
use crate::secrets::SecretsManager;
use crate::sqs::{Disorder, QueueDepth, Sqs};
use crate::stack::make_queues;
use crate::template::{self, Names, Template, TemplateError};

/// Where a client finds a service; only the host says which.
pub const DYNAMODB: &str = "http://dynamodb.embedded";
/// Likewise.
pub const SQS: &str = "http://sqs.embedded";
/// Likewise.
pub const SECRETS_MANAGER: &str = "http://secretsmanager.embedded";

/// The services.
pub struct Embedded {
    database: Database,
    sqs: Arc<Sqs>,
    secrets: SecretsManager,
    names: Names,
    template: Template,
}

impl Embedded {
    /// What the template names, empty. `clock` shows milliseconds since 1970.
    pub fn start(
        template: &Path,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, TemplateError> {
        let failed = |what: String| TemplateError(what);
        let text = std::fs::read_to_string(template).map_err(|error| failed(error.to_string()))?;
        let mut names = Names::default();
        let template = template::read(&text, &BTreeMap::new(), |id, kind, known| {
            names::name(id, kind, SQS, known);
            names::name(id, kind, SQS, &mut names);
        })?;
        let database = Database::memory().map_err(|error| failed(error.to_string()))?;
        for (id, request) in &template.tables {
            let mut request = request.clone();
            request["TableName"] = Value::from(physical(id));
            let made = dynamodb(&database, "CreateTable", request.to_string().as_bytes());
            made.map_err(|error| failed(format!("{id}: {error}")))?;
        }
        let sqs = Sqs::open(SQS, None, Box::new(clock)).map_err(failed)?;
        make_queues(&sqs, &template)?;
        let secrets = SecretsManager::open(None).map_err(failed)?;
        for (id, text) in &template.secrets {
            secrets.ensure(&physical(id), text);
        }
        Ok(Self { database, sqs, secrets, names, template })
    }

    /// What `Ref` gives for a resource: a table's name, a queue's URL, a secret's ARN.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<String> {
        self.names.refs.get(logical_id).cloned()
    }

    /// What the template says.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Sets the text of a secret, by logical id.
    pub fn put_secret(&self, logical_id: &str, text: &str) {
        let request = json!({"SecretId": physical(logical_id), "SecretString": text});
        let _ = self.secrets.operate("PutSecretValue", &request);
    }

    /// One call as an SDK makes it: `target` is the header `X-Amz-Target`. Gives the HTTP status and the body.
    #[must_use]
    pub fn call(&self, target: &str, body: &[u8]) -> (u16, String) {
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let refused = |namespace: &str, code: &str, message: &str| {
            (400, json!({"__type": format!("{namespace}#{code}"), "message": message}).to_string())
        };
        if service.starts_with("DynamoDB") {
            return match dynamodb(&self.database, operation, body) {
                Ok(answer) => (200, answer),
                Err(error) => (error.status_code(), error.to_json()),
            };
        }
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return refused("com.amazon.coral.service", "SerializationException", "the request is no JSON");
        };
        if service == "AmazonSQS" {
            let answer = match operation {
                "ReceiveMessage" => self.sqs.receive_now(&request).map(|(received, _)| received),
                operation => self.sqs.operate(operation, &request, REGION),
            };
            return match answer {
                Ok(answer) => (200, answer.to_string()),
                Err(fault) => refused("com.amazonaws.sqs", fault.code, &fault.message),
            };
        }
        match self.secrets.operate(operation, &request) {
            Ok(answer) => (200, answer.to_string()),
            Err((code, message)) => refused("com.amazonaws.secretsmanager", code, &message),
        }
    }

    /// What an event-source mapping would hand to its function now: the payload, and how to settle it.
    #[must_use]
    pub fn batch(&self, queue: &str, size: usize) -> Option<Batch> {
        let url = self.resource(queue)?;
        let request = json!({
            "QueueUrl": url, "MaxNumberOfMessages": size, "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let (received, _) = self.sqs.receive_now(&request).ok()?;
        let messages = received["Messages"].as_array().filter(|messages| !messages.is_empty())?.clone();
        let records: Vec<_> = messages.iter().map(|message| poller::record(message, &url)).collect();
        Some(Batch { url, messages, payload: json!({"Records": records}) })
    }

    /// Deletes what of a batch did not fail. Without an answer all of it failed.
    pub fn settle(&self, batch: &Batch, answer: Option<&[u8]>) {
        let ids: BTreeSet<_> = batch.messages.iter().filter_map(id).collect();
        let failed = answer.map_or_else(|| ids.clone(), |answer| poller::failures(answer, &ids));
        for message in &batch.messages {
            if id(message).is_some_and(|id| !failed.contains(&id)) {
                let request = json!({"QueueUrl": batch.url, "ReceiptHandle": message["ReceiptHandle"]});
                let _ = self.sqs.operate("DeleteMessage", &request, REGION);
            }
        }
    }

    /// What of a queue waits, by logical id.
    #[must_use]
    pub fn depth(&self, queue: &str) -> QueueDepth {
        self.sqs.depth(&physical(queue))
    }

    /// The bodies of a queue's messages, by logical id.
    #[must_use]
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        self.sqs.bodies(&physical(queue))
    }

    /// Moves every dead letter of a queue back to where it came from, as a redrive does.
    pub fn redrive(&self, dead_letters: &str) {
        self.sqs.redrive(&physical(dead_letters));
    }

    /// Lets standard queues deliver as AWS allows itself to.
    pub fn disorder(&self, disorder: Disorder) {
        *self.sqs.disorder.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = disorder;
    }
}

/// Messages that a function is to work off.
#[derive(Clone, Debug)]
pub struct Batch {
    url: String,
    messages: Vec<Value>,
    /// The event of the function.
    pub payload: Value,
}

fn id(message: &Value) -> Option<String> {
    message["MessageId"].as_str().map(str::to_owned)
}

fn dynamodb(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    fn answer<Q: DeserializeOwned, A: Serialize>(
        body: &[u8],
        act: impl FnOnce(Q) -> dynoxide::Result<A>,
    ) -> Result<String, DynoxideError> {
        let request = serde_json::from_slice(body)
            .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
        let answer = act(request)?;
        serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
    }
    match operation {
        "CreateTable" => answer(body, |request| database.create_table(request)),
        "GetItem" => answer(body, |request| database.get_item(request)),
        "PutItem" => answer(body, |request| database.put_item(request)),
        "UpdateItem" => answer(body, |request| database.update_item(request)),
        "Query" => answer(body, |request| database.query(request)),
        "Scan" => answer(body, |request| database.scan(request)),
        other => Err(DynoxideError::ValidationException(format!("{other} is not served here"))),
    }
}
