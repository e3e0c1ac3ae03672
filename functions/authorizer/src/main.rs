//! Says whose key a call carries.

mod handler;

use lambda_runtime::{LambdaEvent, service_fn};
use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::store::Store;
use surtidor::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let store = Store::new(aws.dynamodb(), env.required("TABLE_NAME")?);
    let keys = handler::Keys::new(store, Clock::system());
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| handler::handle(&keys, event.payload))).await
}
