//! Lambda: each compiled binary behind a Runtime API, in processes of its own.

mod function;
mod instance;
mod runtime_api;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::logs::Logs;
use crate::template;
use function::Function;
use instance::Instance;

/// A synchronous payload has at most 6 MB ("Lambda quotas").
pub(crate) const LONGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// An invocation did not give a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("there is no function {0}")]
    NoSuchFunction(String),
    /// The handler answered with an error, or panicked.
    #[error("{kind}: {message}")]
    Function {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// It took longer than the function's timeout.
    #[error("Task timed out after {0} seconds")]
    TimedOut(u64),
    /// The process ended in the middle.
    #[error("Runtime exited")]
    Exited,
    /// More than 6 MB.
    #[error("the payload is longer than Lambda takes")]
    TooLarge,
    /// The process cannot be started.
    #[error("cannot start {0}")]
    NotStarted(String),
}

/// All functions.
pub(crate) struct Lambda {
    functions: BTreeMap<String, Arc<Function>>,
    instances: Mutex<BTreeMap<u64, Arc<Instance>>>,
    next: AtomicU64,
    api: SocketAddr,
    logs: Arc<Logs>,
    base_environment: BTreeMap<String, String>,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl Lambda {
    /// Starts the Runtime API. No process is started before its function is invoked.
    pub(crate) async fn start(
        functions: &BTreeMap<String, template::Function>,
        binaries: &Path,
        base_environment: BTreeMap<String, String>,
        logs: Arc<Logs>,
    ) -> Result<Arc<Self>, String> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
        let api = listener.local_addr().map_err(|error| error.to_string())?;
        let functions =
            functions.iter().map(|(id, spec)| (id.clone(), Arc::new(Function::new(id, spec, binaries))));
        let lambda = Arc::new(Self {
            functions: functions.collect(),
            instances: Mutex::default(),
            next: AtomicU64::new(1),
            api,
            logs,
            base_environment,
            server: Mutex::default(),
        });
        let router = runtime_api::router(&lambda);
        let server = tokio::spawn(async move {
            // One write a response, at once: a delayed acknowledgement would add 40 ms to each invocation.
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            });
            let _ = axum::serve(listener, router).await;
        });
        *lambda.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(lambda)
    }

    /// Invokes a function by logical id, in an idle process if there is one, else in a new one, else in the next that
    /// becomes idle.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        function: &str,
        payload: Bytes,
    ) -> Result<Bytes, InvokeError> {
        let unknown = || InvokeError::NoSuchFunction(function.to_owned());
        let function = self.functions.get(function).ok_or_else(unknown)?;
        if payload.len() > LONGEST_PAYLOAD {
            return Err(InvokeError::TooLarge);
        }
        let turn = Arc::clone(&function.turns).acquire_owned().await.map_err(|_| unknown())?;
        let instance = match function.idle() {
            Some(instance) => instance,
            None => self.spawn(function)?,
        };
        // In a task of its own: as on AWS, an invocation goes on when its caller has gone, and the process must find
        // its way back to the idle ones.
        let function = Arc::clone(function);
        let invocation = tokio::spawn(async move {
            let answer = instance.invoke(payload, function.timeout).await;
            if matches!(answer, Ok(_) | Err(InvokeError::Function { .. })) {
                function.rest(instance);
            } else {
                instance.kill();
            }
            drop(turn);
            answer
        });
        invocation.await.unwrap_or(Err(InvokeError::Exited))
    }

    fn spawn(self: &Arc<Self>, function: &Function) -> Result<Arc<Instance>, InvokeError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut environment = self.base_environment.clone();
        environment.extend(function.environment.clone());
        environment.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), format!("http://{}/e/{id}", self.api));
        environment.insert("AWS_LAMBDA_LOG_STREAM_NAME".to_owned(), format!("{}/{id}", function.name));
        let instance = Arc::new(Instance::new());
        self.instances().insert(id, Arc::clone(&instance));
        let child = instance::spawn(&function.binary, &environment, &function.name, id, &self.logs);
        let child = child
            .map_err(|error| InvokeError::NotStarted(format!("{}: {error}", function.binary.display())))?;
        let (lambda, watched) = (Arc::downgrade(self), Arc::clone(&instance));
        tokio::spawn(async move {
            watched.watch(child).await;
            if let Some(lambda) = lambda.upgrade() {
                lambda.instances().remove(&id);
            }
        });
        function.remember(&instance);
        Ok(instance)
    }

    fn instances(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Instance>>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn instance(&self, id: u64) -> Option<Arc<Instance>> {
        self.instances().get(&id).cloned()
    }

    /// Kills every process of a function, by logical id or by the name of its binary, whatever it is doing.
    pub(crate) fn kill(&self, name: &str) {
        let named = |function: &&Arc<Function>| {
            function.name == name || function.binary.file_name().is_some_and(|file| file == name)
        };
        for function in self.functions.values().filter(named) {
            for instance in function.all() {
                instance.kill();
            }
        }
    }

    /// Ends everything.
    pub(crate) fn stop(&self) {
        for instance in self.instances().values() {
            instance.kill();
        }
        if let Some(server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            server.abort();
        }
    }
}

/// What a function's error says.
pub(crate) fn function_error(body: &[u8]) -> InvokeError {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("Unknown").to_owned();
    InvokeError::Function { kind: text("errorType"), message: text("errorMessage") }
}
