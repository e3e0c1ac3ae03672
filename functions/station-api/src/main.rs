//! The station's software: facts in, commands out.

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::queue::Queue;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::LONG)?;
    let station_api = station_api::StationApi::new(
        Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        Clock::system(),
    );
    edge::serve(|request| station_api::handle(&station_api, request)).await
}
