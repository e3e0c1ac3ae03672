//! One process of a function: one invocation at a time, killed at its timeout, and gone when it exits.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use super::InvokeError;
use crate::logs::Logs;

/// A start may take this long before the timeout of the first invocation begins ("Init phase": 10 seconds).
const INIT: Duration = Duration::from_secs(10);

type Outcome = Result<Bytes, InvokeError>;

/// An invocation as the Runtime API hands it out.
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u128,
}

pub(super) struct Instance {
    work: mpsc::UnboundedSender<(String, Bytes, Duration)>,
    waiting: AsyncMutex<mpsc::UnboundedReceiver<(String, Bytes, Duration)>>,
    /// The invocation that is worked on: where its outcome goes, and the word that it was handed out.
    pending: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    handed_out: watch::Sender<u64>,
    end: watch::Sender<bool>,
}

impl Instance {
    pub(super) fn new() -> Self {
        let (work, waiting) = mpsc::unbounded_channel();
        let waiting = AsyncMutex::new(waiting);
        Self {
            work,
            waiting,
            pending: Mutex::default(),
            handed_out: watch::channel(0).0,
            end: watch::channel(false).0,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !*self.end.borrow()
    }

    pub(super) fn kill(&self) {
        self.end.send_replace(true);
    }

    /// Gives an invocation to the process and waits for its outcome.
    pub(super) async fn invoke(&self, payload: Bytes, timeout: Duration) -> Outcome {
        let request_id = uuid::Uuid::new_v4().to_string();
        let (send, mut outcome) = oneshot::channel();
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((request_id.clone(), send));
        let mut handed_out = self.handed_out.subscribe();
        handed_out.mark_unchanged();
        if self.work.send((request_id, payload, timeout)).is_err() || !self.is_alive() {
            return Err(InvokeError::Exited);
        }
        let started = tokio::select! {
            ended = &mut outcome => return ended.unwrap_or(Err(InvokeError::Exited)),
            started = tokio::time::timeout(INIT, handed_out.changed()) => started.is_ok(),
        };
        if !started {
            return Err(InvokeError::TimedOut(INIT.as_secs()));
        }
        match tokio::time::timeout(timeout, outcome).await {
            Ok(ended) => ended.unwrap_or(Err(InvokeError::Exited)),
            Err(_) => Err(InvokeError::TimedOut(timeout.as_secs())),
        }
    }

    /// The next invocation, for `GET …/next`; `None` when the process shall end.
    pub(super) async fn next(&self) -> Option<Invocation> {
        let mut waiting = self.waiting.lock().await;
        let mut end = self.end.subscribe();
        let (request_id, payload, timeout) = tokio::select! {
            work = waiting.recv() => work?,
            () = ended(&mut end) => return None,
        };
        self.handed_out.send_modify(|count| *count += 1);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + timeout;
        Some(Invocation { request_id, payload, deadline_ms: deadline.as_millis() })
    }

    /// The outcome of the invocation that is worked on. Says whether it was that one.
    pub(super) fn finish(&self, request_id: &str, outcome: Outcome) -> bool {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = pending.as_ref().is_some_and(|(id, _)| id == request_id);
        if let Some((_, send)) = pending.take_if(|_| is_it) {
            let _ = send.send(outcome);
        }
        is_it
    }

    /// Waits for the end of the process, or ends it.
    pub(super) async fn watch(&self, mut child: Child) {
        let mut end = self.end.subscribe();
        tokio::select! {
            _ = child.wait() => {}
            () = ended(&mut end) => {
                let _ = child.kill().await;
            }
        }
        self.end.send_replace(true);
        if let Some((_, send)) = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = send.send(Err(InvokeError::Exited));
        }
    }
}

/// Returns once the process shall end.
async fn ended(end: &mut watch::Receiver<bool>) {
    let _ = end.wait_for(|end| *end).await;
}

/// Starts a process in an environment that holds nothing of ours.
pub(super) fn spawn(
    binary: &Path,
    environment: &BTreeMap<String, String>,
    function: &str,
    id: u64,
    logs: &Arc<Logs>,
) -> std::io::Result<Child> {
    let mut child = Command::new(binary)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(out) = child.stdout.take() {
        follow(out, function, id, logs);
    }
    if let Some(err) = child.stderr.take() {
        follow(err, function, id, logs);
    }
    Ok(child)
}

fn follow(stream: impl AsyncRead + Unpin + Send + 'static, function: &str, id: u64, logs: &Arc<Logs>) {
    let (function, logs) = (function.to_owned(), Arc::clone(logs));
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            logs.push(&function, id, line);
        }
    });
}
