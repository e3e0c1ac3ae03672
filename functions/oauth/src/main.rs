//! Links sellers by Mercado Pago's OAuth, and keeps the links alive.

use surtidor::aws::{Aws, Patience};
use surtidor::clock::Clock;
use surtidor::config::Environment;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::oauth::Links;
use surtidor::store::Store;
use surtidor::{edge, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let env = Environment;
    let aws = Aws::from_env(&env, Patience::LONG)?;
    let links = Links {
        store: Store::new(aws.dynamodb(), env.required("TABLE_NAME")?),
        mercado_pago: MercadoPago::new(
            &env.required("MERCADO_PAGO_URL")?,
            mercado_pago::Patience::default(),
        )?,
        secrets: aws.secrets_manager(),
        oauth_secret: env.required("OAUTH_SECRET")?,
        accounts_secret: env.required("ACCOUNTS_SECRET")?,
    };
    let clock = Clock::system();
    edge::serve_both(
        |request| oauth::call_back(&links, &clock, request),
        |task| oauth::work(&links, &clock, task),
    )
    .await
}
