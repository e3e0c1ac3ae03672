//! Mercado Pago's news: verified, put on the queue as a hint, answered.

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::queue::Queue;
use surtidor::secrets::Book;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::SHORT)?;
    let intake = webhook_intake::Intake {
        queue: Queue::new(aws.sqs(), env.required("QUEUE_URL")?),
        accounts: Book::new(aws.secrets_manager(), env.required("WEBHOOKS_SECRET")?),
        clock: Clock::system(),
    };
    intake.accounts.warm().await;
    edge::serve(|request| webhook_intake::handle(&intake, request)).await
}
