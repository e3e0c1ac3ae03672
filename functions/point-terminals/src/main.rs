//! Point Smart terminals: which there are, how they work, and what they are asked to take.

use point_terminals::PointTerminals;
use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::mercado_pago::MercadoPago;
use surtidor::queue::Queue;
use surtidor::secrets::Book;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let function = PointTerminals::new(
        Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        MercadoPago::new(&env.required("MERCADO_PAGO_URL")?, point_terminals::PATIENCE)?,
        Book::new(aws.secrets_manager(), env.required("ACCOUNTS_SECRET")?),
        Clock::system(),
    );
    function.warm().await;
    edge::serve(|request| point_terminals::handle(&function, request)).await
}
