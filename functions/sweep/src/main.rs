//! Whatever is unresolved goes back on the queue.

use lambda_runtime::{LambdaEvent, service_fn};
use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::queue::Queue;
use surtidor::store::Store;
use surtidor::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::LONG)?;
    let store = Store::new(aws.dynamodb(), env.required("TABLE_NAME")?);
    let queue = Queue::new(aws.sqs(), env.required("QUEUE_URL")?);
    let clock = Clock::system();
    let sweep = |_: LambdaEvent<serde_json::Value>| sweep::handle(&store, &queue, &clock);
    lambda_runtime::run(service_fn(sweep)).await
}
