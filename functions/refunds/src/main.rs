//! Gives money back, whole or in part.

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::life::SignsOfLife;
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
    let function = refunds::Refunds {
        store: Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        queue: Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        mercado_pago: MercadoPago::new(&env.required("MERCADO_PAGO_URL")?, refunds::PATIENCE)?,
        accounts: Book::new(aws.secrets_manager(), env.required("ACCOUNTS_SECRET")?),
        life: SignsOfLife::default(),
        clock: Clock::system(),
    };
    function.accounts.warm().await;
    edge::serve(|request| refunds::handle(&function, request)).await
}
