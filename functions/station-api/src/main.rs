//! The station's software: facts in, commands out.

mod commands;
mod handler;
mod positions;
mod sales;

use surtidor::aws::{Aws, Patience};
use surtidor::config::Environment;
use surtidor::queue::Queue;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::LONG)?;
    let station_api = handler::StationApi::new(
        Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
    );
    edge::serve(|request| handler::handle(&station_api, request)).await
}
