//! `surtidor check`: a look at one sale now, by the road that everything takes, and what Mercado Pago says of it.

use std::time::Duration;

use anyhow::Result;
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::sale::SaleStatus;
use surtidor_cli::live::access;
use time::OffsetDateTime;

use super::sale::{Name, Reader, find, show};
use crate::screen::{FAINT, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    reader: Reader,
    /// Seconds to wait for what comes of it.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=600))]
    wait: u64,
}

/// Between two looks into the table.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let deployment = at.deployment()?;
    let before = find(&deployment, &options.name.name).await?;
    let queue = Queue::new(deployment.sqs(), deployment.stack.hint_queue_url.clone());
    let resource = Resource::Sale(before.reference.clone());
    queue.send(&Hint::new(before.account.clone(), resource, OffsetDateTime::now_utc())).await?;
    if !screen.is_json() {
        told_by_mercado_pago(screen, &deployment, &before).await?;
    }
    let busy = screen.busy();
    busy.set_message("waiting for payment-reconciliation");
    let store = deployment.store();
    let start = std::time::Instant::now();
    let mut sale = before.clone();
    while sale.version == before.version && start.elapsed() < Duration::from_secs(options.wait) {
        tokio::time::sleep(PAUSE).await;
        sale = store.sale(&before.reference).await?.unwrap_or(sale);
    }
    busy.finish_and_clear();
    if !screen.is_json() {
        let what = if sale.version == before.version { "nothing changed" } else { "changed" };
        screen.say(styled(
            FAINT,
            format!("looked at by the queue's road: {what} after {} s", start.elapsed().as_secs()),
        ));
    }
    show(screen, &deployment, &sale, options.reader.language()).await?;
    let waits = sale.status == SaleStatus::NeedsReview || sale.next_look(OffsetDateTime::now_utc()).is_some();
    Ok(if waits { Ended::Waiting } else { Ended::Done })
}

/// What its search says, for comparison: an empty one proves nothing, since it lags.
async fn told_by_mercado_pago(
    screen: &Screen,
    deployment: &surtidor_cli::deployment::Deployment,
    sale: &surtidor::sale::Sale,
) -> Result<()> {
    let token = access(deployment).await?.into_iter().find(|(account, _)| *account == sale.account);
    let Some((_, token)) = token else {
        screen.say(format!("account {} has no token: Mercado Pago cannot be asked", sale.account));
        return Ok(());
    };
    match deployment.mercado_pago()?.payments_of(&token, sale.reference.as_str()).await {
        Err(error) => screen.say(format!("Mercado Pago: {error}")),
        Ok(found) => {
            let facts: Vec<_> = found.results.into_iter().filter_map(|payment| payment.fact().ok()).collect();
            if facts.is_empty() {
                screen.say("Mercado Pago's search knows no payment of it (a new one may take a while)");
            }
            for fact in facts {
                let amount =
                    fact.amount.map(|amount| format!("{} {amount}", amount.currency())).unwrap_or_default();
                screen.say(format!("Mercado Pago: payment {} {} {amount}", fact.id, fact.status.0));
            }
        }
    }
    Ok(())
}
