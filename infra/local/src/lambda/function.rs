//! A function: how it is started, and which of its processes are idle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Instance;
use crate::template;

/// Processes of one function at once. Lambda would start more; here the next invocation waits for its turn.
const MOST: usize = 8;

pub(super) struct Function {
    pub(super) name: String,
    pub(super) binary: PathBuf,
    pub(super) timeout: Duration,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) turns: Arc<Semaphore>,
    idle: Mutex<Vec<Arc<Instance>>>,
    all: Mutex<Vec<Weak<Instance>>>,
}

impl Function {
    pub(super) fn new(id: &str, spec: &template::Function, binaries: &Path) -> Self {
        let mut environment = spec.environment.clone();
        for (name, value) in [
            ("AWS_LAMBDA_FUNCTION_NAME", id.to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
            ("AWS_LAMBDA_LOG_LEVEL", spec.log_level.clone()),
            ("_HANDLER", "bootstrap".to_owned()),
        ] {
            environment.insert(name.to_owned(), value);
        }
        Self {
            name: id.to_owned(),
            binary: binaries.join(&spec.binary),
            timeout: spec.timeout,
            environment,
            turns: Arc::new(Semaphore::new(MOST)),
            idle: Mutex::default(),
            all: Mutex::default(),
        }
    }

    /// A process that waits for work.
    pub(super) fn idle(&self) -> Option<Arc<Instance>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(instance) = idle.pop() {
            if instance.is_alive() {
                return Some(instance);
            }
        }
        None
    }

    /// A process has no work any more.
    pub(super) fn rest(&self, instance: Arc<Instance>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
    }

    pub(super) fn remember(&self, instance: &Arc<Instance>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(instance));
    }

    pub(super) fn all(&self) -> Vec<Arc<Instance>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}
