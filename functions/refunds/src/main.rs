//! Gives money back, whole or in part.

use std::time::Duration;

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::life::SignsOfLife;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::queue::Queue;
use surtidor::secrets::Book;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

/// The caller waits, and API Gateway waits 30 s at most: what is not known by then is found out behind the queue.
const PATIENCE: mercado_pago::Patience =
    mercado_pago::Patience { call: Duration::from_secs(6), tries: 2, pause: Duration::from_millis(300) };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let refunds = refunds::Refunds {
        store: Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        queue: Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        mercado_pago: MercadoPago::new(&env.required("MERCADO_PAGO_URL")?, PATIENCE)?,
        accounts: Book::new(aws.secrets_manager(), env.required("ACCOUNTS_SECRET")?),
        life: SignsOfLife::default(),
        clock: Clock::system(),
    };
    refunds.accounts.warm().await;
    edge::serve(|request| refunds::handle(&refunds, request)).await
}
