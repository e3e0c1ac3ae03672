//! SQS, standard and FIFO queues, in AWS's JSON protocol (Amazon SQS API reference).

mod attributes;
mod message;
mod operations;
mod queue;
mod receive;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) use message::Message;
pub(crate) use queue::Queue;

use crate::front::{Service, error, reply};
use crate::keep;
use crate::names::{REGION, queue_arn};

/// An error of SQS: its code in the JSON protocol, its older name (the header that SDKs read), and a message.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    query_code: &'static str,
    pub(crate) message: String,
}

pub(crate) fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    let query_code = match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        other => other,
    };
    Fault { code, query_code, message: message.into() }
}

pub(crate) type Answer<T = Value> = Result<T, Fault>;

/// How standard queues may behave: AWS promises neither order nor single delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disorder {
    /// Delivers a message a second time now and then.
    pub twice: bool,
    /// Delivers in any order.
    pub shuffled: bool,
}

/// What of a queue waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages that can be received.
    pub visible: usize,
    /// Messages that somebody works on.
    pub in_flight: usize,
    /// Messages that are held back.
    pub delayed: usize,
}

/// The service.
pub(crate) struct Sqs {
    queues: Mutex<BTreeMap<String, Queue>>,
    /// Rung whenever a message may have become receivable.
    bell: Notify,
    url: String,
    file: Option<PathBuf>,
    /// Whether the file is behind.
    changed: AtomicBool,
    writing: Mutex<()>,
    /// Milliseconds since 1970.
    clock: Clock,
    pub(crate) disorder: Mutex<Disorder>,
}

/// A clock that shows milliseconds since 1970.
pub(crate) type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock.
pub(crate) fn system_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Sqs {
    /// Opens the queues of a file, or none; `url` is its endpoint.
    pub(crate) fn open(url: &str, file: Option<&Path>, clock: Clock) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            queues: Mutex::new(keep::read(file)?),
            changed: AtomicBool::new(false),
            writing: Mutex::default(),
            bell: Notify::new(),
            url: url.to_owned(),
            file: file.map(Path::to_owned),
            clock,
            disorder: Mutex::default(),
        }))
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all queues to the file, if there is one and it is behind.
    pub(crate) fn save(&self) {
        let Some(file) = &self.file else { return };
        // One at a time, so that an older state never replaces a newer one.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.changed.swap(false, Ordering::Relaxed) {
            let queues = self.queues().clone();
            keep::write(file, &queues);
        }
    }

    /// An operation but for the waiting of `ReceiveMessage`.
    pub(crate) fn operate(&self, operation: &str, request: &Value, region: &str) -> Answer {
        let mut queues = self.queues();
        let here = operations::Here { base: &self.url, region, now: (self.clock)() };
        let answer = operations::operate(&mut queues, here, operation, request);
        self.changed.store(true, Ordering::Relaxed);
        drop(queues);
        self.bell.notify_waiters();
        answer
    }

    /// Receives without waiting; and when the next message will be receivable, if one is held back.
    pub(crate) fn receive_now(&self, request: &Value) -> Answer<(Value, Option<u64>)> {
        let disorder = *self.disorder.lock().unwrap_or_else(PoisonError::into_inner);
        let (received, next) = receive::receive(&mut self.queues(), request, disorder, (self.clock)())?;
        if received["Messages"].as_array().is_some_and(|messages| !messages.is_empty()) {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok((received, next))
    }

    /// Receives, and waits for a message as long as asked.
    pub(crate) async fn receive(&self, request: &Value) -> Answer {
        let deadline = {
            let queues = self.queues();
            receive::wait_of(&queues, request)?
        };
        let deadline = tokio::time::Instant::now() + deadline;
        loop {
            // Armed before the look, so that a message sent in between is not missed.
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let (received, next) = self.receive_now(request)?;
            let empty = received.get("Messages").and_then(Value::as_array).is_none_or(Vec::is_empty);
            if !empty || tokio::time::Instant::now() >= deadline {
                return Ok(received);
            }
            let next = next.map_or(Duration::from_secs(20), |at| {
                Duration::from_millis(at.saturating_sub((self.clock)()).max(1))
            });
            let wake = deadline.min(tokio::time::Instant::now() + next);
            tokio::select! {
                () = &mut rung => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Makes every message of a queue that is in flight or delayed receivable now: for tests, which do not wait.
    pub(crate) fn redeliver_now(&self, name: &str) {
        if let Some(queue) = self.queues().get_mut(name) {
            queue.messages.iter_mut().for_each(|message| message.visible_at = 0);
        }
        self.bell.notify_waiters();
    }

    /// Moves every message of a dead-letter queue back to where it came from.
    pub(crate) fn redrive(&self, dead_letters: &str) {
        let source = json!({"SourceArn": queue_arn(REGION, dead_letters)});
        let _ = self.operate("StartMessageMoveTask", &source, REGION);
    }

    /// The bodies of a queue's messages, whoever works on them.
    pub(crate) fn bodies(&self, name: &str) -> Vec<String> {
        let queues = self.queues();
        let messages = queues.get(name).into_iter().flat_map(|queue| &queue.messages);
        messages.map(|message| message.body.clone()).collect()
    }

    /// What of a queue waits.
    pub(crate) fn depth(&self, name: &str) -> QueueDepth {
        self.queues().get(name).map_or_else(QueueDepth::default, |queue| queue.depth((self.clock)()))
    }
}

impl Service for Sqs {
    const NAME: &'static str = "SQS";
    const NAMESPACE: &'static str = "com.amazonaws.sqs";

    async fn call(&self, operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let Ok(request) = serde_json::from_slice::<Value>(&body) else {
            return error(
                "com.amazon.coral.service",
                400,
                "SerializationException",
                "the request is no JSON",
            );
        };
        let answer = match operation {
            "ReceiveMessage" => self.receive(&request).await,
            operation => self.operate(operation, &request, region_of(headers)),
        };
        match answer {
            Ok(answer) => reply(200, &answer),
            Err(fault) => {
                let mut response = error(Self::NAMESPACE, 400, fault.code, &fault.message);
                if let Ok(header) = format!("{};Sender", fault.query_code).parse() {
                    response.headers_mut().insert("x-amzn-query-error", header);
                }
                response
            }
        }
    }
}

/// The region of the caller's credential scope: it is in the ARNs of queues that the caller makes.
fn region_of(headers: &HeaderMap) -> &str {
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    authorization.split("Credential=").nth(1).and_then(|scope| scope.split('/').nth(2)).unwrap_or(REGION)
}
