//! Mercado Pago asks what a pump owes.

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let store = Store::new(aws.dynamodb(), env.required("TABLE_NAME")?);
    let clock = Clock::system();
    edge::serve(|request| order_lookup::handle(&store, &clock, request)).await
}
