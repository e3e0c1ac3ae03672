//! Mercado Pago's news: verified, put on the queue as a hint, answered.

mod handler;

use surtidor::aws::{Aws, Patience};
use surtidor::config::Environment;
use surtidor::queue::Queue;
use surtidor::secrets::Book;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let intake = handler::Intake {
        queue: Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        accounts: Book::new(aws.secrets_manager(), env.required("WEBHOOKS_SECRET")?),
    };
    intake.accounts.warm().await;
    edge::serve(|request| handler::handle(&intake, request)).await
}
