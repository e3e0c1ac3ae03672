//! Takes hints from the queue, fetches the truth from Mercado Pago, settles the sale.

use lambda_runtime::{LambdaEvent, service_fn};
use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::queue::Queue;
use surtidor::reconcile::Reconciler;
use surtidor::secrets::Book;
use surtidor::store::Store;
use surtidor::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::LONG)?;
    let queue = Queue::new(aws.sqs(), env.required("QUEUE_URL")?);
    let reconciler = Reconciler {
        store: Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        mercado_pago: MercadoPago::new(
            &env.required("MERCADO_PAGO_URL")?,
            mercado_pago::Patience::default(),
        )?,
        accounts: Book::new(aws.secrets_manager(), env.required("ACCOUNTS_SECRET")?),
        queue: queue.clone(),
    };
    reconciler.accounts.warm().await;
    let clock = Clock::system();
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| {
        payment_reconciliation::handle(&reconciler, &queue, &clock, event.payload)
    }))
    .await
}
