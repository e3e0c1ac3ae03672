//! The house itself: whether it answers, its clock, its queues, and what waits in it.

use anyhow::Result;
use aws_sdk_sqs::types::QueueAttributeName;
use surtidor::aws::explain;
use surtidor::mercado_pago::{ApiError, MercadoPago, Patience};
use surtidor::store::Store;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use super::Diagnosis;
use crate::deployment::Deployment;

/// AWS refuses signatures of a clock that is further off; well before that something is wrong.
const CLOCK: Duration = Duration::seconds(30);
/// The sweep looks every minute: what has waited longer was not looked at.
const OVERDUE: Duration = Duration::minutes(10);
/// Hints that may wait without anybody being slow.
const BACKLOG: u64 = 1_000;
/// Sales of a shard that are counted.
const COUNTED: i32 = 100;

pub(super) async fn look(deployment: &Deployment, diagnosis: &mut Diagnosis) -> Result<()> {
    api(deployment, diagnosis).await?;
    queues(deployment, diagnosis).await;
    unresolved(&deployment.store(), diagnosis).await?;
    Ok(())
}

/// Whether the API answers, from outside, and what time it has.
async fn api(deployment: &Deployment, diagnosis: &mut Diagnosis) -> Result<()> {
    let url = &deployment.stack.api_url;
    let once = Patience { tries: 1, ..Patience::OPERATOR };
    let outside = MercadoPago::new(url, once)?;
    // The lookup of a station that there is not: an answer of ours, whatever it says.
    let answer = outside.peek("/pay-mp?apies=0&pos=0&key=0").await;
    let (status, date) = match answer {
        Ok(answer) => answer,
        Err(ApiError::NoAnswer(why)) => {
            diagnosis.problem(
                "api_silent",
                "api",
                format!("{url} does not answer ({why}): Mercado Pago cannot ask it either"),
                "is the stack deployed, and does the domain lead to it? aws cloudformation describe-stacks",
            );
            return Ok(());
        }
        Err(error) => {
            diagnosis.problem(
                "api_odd",
                "api",
                format!("{url}: {error}"),
                "see the log of OrderLookupFunction",
            );
            return Ok(());
        }
    };
    if status == 400 {
        diagnosis.right(format!("{url} answers"));
    } else {
        diagnosis.problem(
            "api_odd",
            "api",
            format!("{url}/pay-mp answers HTTP {status} to an unknown pump, and 400 is right"),
            "does ApiUrl lead to this stack? See the log of OrderLookupFunction",
        );
    }
    let Some(date) = date.and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()) else { return Ok(()) };
    let apart = (OffsetDateTime::now_utc() - date).abs();
    if apart > CLOCK {
        diagnosis.warning(
            "clock",
            "this machine",
            format!("its clock is {} seconds away from the API's", apart.whole_seconds()),
            "set it by NTP: AWS refuses signatures that are 5 minutes off, and stations compare theirs by the heartbeat",
        );
    } else {
        diagnosis.right("the clocks agree");
    }
    Ok(())
}

async fn queues(deployment: &Deployment, diagnosis: &mut Diagnosis) {
    let sqs = deployment.sqs();
    let count = |url: String| {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send();
        async move {
            let told = asked.await.map_err(|error| explain(&error))?;
            let text = told.attributes().and_then(|told| told.get(&name)).cloned().unwrap_or_default();
            text.parse::<u64>().map_err(|_| "it does not say how many messages it has".to_owned())
        }
    };
    match count(deployment.stack.dead_letter_queue_url.clone()).await {
        Ok(0) => diagnosis.right("no dead letters"),
        Ok(dead) => diagnosis.problem(
            "dead_letters",
            "queue",
            format!("{dead} hints could not be worked off: sales may be paid without the station knowing"),
            "find the cause in the log of PaymentReconciliationFunction (docs/runbook.md, \"Dead letters\"), then: surtidor redrive",
        ),
        Err(why) => diagnosis.warning("queue_unseen", "queue", format!("the dead letters cannot be counted: {why}"), RIGHTS),
    }
    match count(deployment.stack.hint_queue_url.clone()).await {
        Ok(waiting) if waiting > BACKLOG => diagnosis.problem(
            "backlog",
            "queue",
            format!("{waiting} hints wait: stations learn of payments late"),
            "see docs/runbook.md, \"Late payments\"",
        ),
        Ok(waiting) => diagnosis.right(format!("{waiting} hints wait in the queue")),
        Err(why) => {
            diagnosis.warning("queue_unseen", "queue", format!("the hints cannot be counted: {why}"), RIGHTS);
        }
    }
}

const RIGHTS: &str = "your credentials need sqs:GetQueueAttributes";

/// What should have been looked at long ago.
async fn unresolved(store: &Store, diagnosis: &mut Diagnosis) -> Result<()> {
    let since = OffsetDateTime::now_utc().saturating_sub(OVERDUE);
    let mut overdue = Vec::new();
    for shard in Store::shards() {
        overdue.extend(store.unresolved(shard, since, COUNTED).await?);
    }
    if overdue.is_empty() {
        diagnosis.right("no sale waits for a look that is overdue");
        return Ok(());
    }
    let some: Vec<_> = overdue.iter().take(3).map(|sale| sale.reference.to_string()).collect();
    diagnosis.problem(
        "sweep_behind",
        "sales",
        format!(
            "{} sales should have been looked at more than 10 minutes ago, among them {}",
            overdue.len(),
            some.join(", ")
        ),
        "is SweepFunction running every minute? See its log; a single sale: surtidor check REF",
    );
    Ok(())
}
