//! What is deployed, read from `template.yaml`: nothing else says which functions, routes, tables and queues there
//! are, so that the template that is deployed is the template that is tested.

mod read;
mod resolve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use read::{binaries, read};

/// The template cannot be run here: one line that names the resource and the property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml: {0}")]
pub struct TemplateError(pub String);

/// Everything of a template that runs.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Functions by logical id.
    pub functions: BTreeMap<String, Function>,
    /// Routes of the HTTP API.
    pub routes: Vec<Route>,
    /// Authorizers by name.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// Tables by logical id: `CreateTable` requests but for the name.
    pub tables: BTreeMap<String, serde_json::Value>,
    /// Queues by logical id.
    pub queues: BTreeMap<String, Queue>,
    /// Secrets by logical id: the text that each begins with.
    pub secrets: BTreeMap<String, String>,
    /// Queues that invoke functions.
    pub sources: Vec<Source>,
    /// Schedules that invoke functions.
    pub schedules: Vec<Schedule>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its binary: the last part of `CodeUri`.
    pub binary: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Megabytes, for the environment.
    pub memory: u64,
    /// `ApplicationLogLevel`.
    pub log_level: String,
    /// Its variables, with `Ref` and the like resolved.
    pub environment: BTreeMap<String, String>,
}

/// A route of the HTTP API.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET`, or `ANY`.
    pub method: String,
    /// `/v1/stations/{station}/sales`.
    pub path: String,
    /// Logical id of its function.
    pub function: String,
    /// Name of its authorizer.
    pub authorizer: Option<String>,
}

/// A Lambda authorizer with simple responses.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// Logical id of its function.
    pub function: String,
    /// Headers without which the gateway answers 401 itself.
    pub identity_headers: Vec<String>,
}

/// A queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Attributes as `CreateQueue` takes them, but for the redrive policy.
    pub attributes: BTreeMap<String, String>,
    /// Logical id of the dead-letter queue, and the receives before it.
    pub redrive: Option<(String, u32)>,
}

/// A queue that invokes a function.
#[derive(Clone, Debug)]
pub struct Source {
    /// Logical id of the queue.
    pub queue: String,
    /// Logical id of the function.
    pub function: String,
    /// Messages a batch.
    pub batch_size: usize,
    /// How long a batch is filled.
    pub window: Duration,
    /// Whether the function tells which messages failed.
    pub partial_failures: bool,
    /// Batches at once.
    pub concurrency: usize,
}

/// A schedule that invokes a function.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// `<function>/<event>`.
    pub name: String,
    /// Logical id of the function.
    pub function: String,
    /// The pause between two invocations.
    pub every: Duration,
    /// What it is invoked with.
    pub input: serde_json::Value,
}

/// What `Ref` and `Fn::GetAtt` give for resources that exist here.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `Ref` by logical id.
    pub refs: BTreeMap<String, String>,
    /// `Fn::GetAtt` by `LogicalId.Attribute`.
    pub attributes: BTreeMap<String, String>,
}

impl Template {
    /// Checks what AWS, or good sense, demands of the parts together.
    pub fn check(&self, binaries: &Path) -> Result<(), TemplateError> {
        let fail = |message: String| Err(TemplateError(message));
        for (id, function) in &self.functions {
            let binary: PathBuf = binaries.join(&function.binary);
            if !binary.is_file() {
                return fail(format!("{id}: its binary {} is missing; build it first", binary.display()));
            }
        }
        for (index, route) in self.routes.iter().enumerate() {
            let twice = self
                .routes
                .iter()
                .skip(index + 1)
                .any(|other| (&other.method, &other.path) == (&route.method, &route.path));
            if twice {
                return fail(format!("{} {} is a route twice", route.method, route.path));
            }
            if let Some(name) = &route.authorizer
                && !self.authorizers.contains_key(name)
            {
                return fail(format!("{} {}: there is no authorizer {name}", route.method, route.path));
            }
        }
        for authorizer in self.authorizers.values() {
            if !self.functions.contains_key(&authorizer.function) {
                return fail(format!("an authorizer's function {} does not exist", authorizer.function));
            }
        }
        for source in &self.sources {
            let (queue, function) = (&self.queues[&source.queue], &self.functions[&source.function]);
            let visibility =
                queue.attributes.get("VisibilityTimeout").map_or(Ok(30), |text| text.parse::<u64>());
            // Lambda's guide: "at least six times the timeout that you configure on your function".
            if visibility.unwrap_or(0) < 6 * function.timeout.as_secs() {
                return fail(format!(
                    "{}: VisibilityTimeout must be at least six times the Timeout of {}",
                    source.queue, source.function
                ));
            }
        }
        Ok(())
    }
}
