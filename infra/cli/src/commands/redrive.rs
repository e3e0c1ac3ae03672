//! Dead letters go back to the queue that they came from (Amazon SQS, `StartMessageMoveTask`).

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use surtidor::aws::explain;

use super::plan::plural;
use crate::screen::Screen;
use crate::{At, Ended};

/// What is redriven, and how.
#[derive(clap::Args)]
#[command(after_help = "Redriving too early, or twice, does no harm: hints that fail again come back.")]
pub(crate) struct Options {
    /// Messages a second, so that Mercado Pago is not asked everything at once.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    per_second: i32,
    /// Only show what is there.
    #[arg(long)]
    dry_run: bool,
}

/// Bodies that are shown.
const SHOWN: i32 = 10;
/// How long a move is watched: a day's dead letters of a large chain at the slowest pace that is asked for.
const WATCHED: Duration = Duration::from_hours(1);

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let deployment = at.deployment()?;
    let dead = Dead { client: deployment.sqs(), queue: deployment.stack.dead_letter_queue_url.clone() };
    let (waiting, arn) = dead.look().await?;
    let bodies = if waiting == 0 { Vec::new() } else { dead.some().await? };
    if screen.is_json() {
        screen
            .json(&serde_json::json!({"dead_letters": waiting, "some": bodies, "dry_run": options.dry_run}));
    } else {
        let name = dead.queue.rsplit('/').next().unwrap_or_default();
        screen.say(format!(
            "{waiting} dead {} in {name}",
            plural(usize::try_from(waiting)?, "letter", "letters")
        ));
        for body in &bodies {
            screen.say(format!("  {body}"));
        }
    }
    if waiting == 0 {
        return Ok(Ended::Done);
    }
    if options.dry_run {
        screen.warn("nothing was moved: without --dry-run they go back to the queue");
        return Ok(Ended::Waiting);
    }
    dead.start(&arn, options.per_second).await?;
    dead.watch(screen, waiting).await?;
    Ok(Ended::Done)
}

struct Dead {
    client: Client,
    queue: String,
}

impl Dead {
    /// How many there are, and the queue's ARN.
    async fn look(&self) -> Result<(u64, String)> {
        let names = [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::QueueArn];
        let asked = self.client.get_queue_attributes().queue_url(&self.queue);
        let told = asked.set_attribute_names(Some(names.to_vec())).send().await;
        let told = told.map_err(|error| anyhow::anyhow!("{}", explain(&error)))?;
        let text = |name: &QueueAttributeName| told.attributes().and_then(|told| told.get(name)).cloned();
        let [count, arn] = names.map(|name| text(&name).unwrap_or_default());
        Ok((count.parse().context("the queue does not say how many messages it has")?, arn))
    }

    /// The first few bodies. They stay receivable.
    async fn some(&self) -> Result<Vec<String>> {
        let asked = self.client.receive_message().queue_url(&self.queue);
        let told = asked.max_number_of_messages(SHOWN).visibility_timeout(0).send().await;
        let told = told.map_err(|error| anyhow::anyhow!("{}", explain(&error)))?;
        Ok(told.messages().iter().filter_map(|message| message.body().map(str::to_owned)).collect())
    }

    async fn start(&self, arn: &str, per_second: i32) -> Result<()> {
        let task = self.client.start_message_move_task().source_arn(arn);
        let started = task.max_number_of_messages_per_second(per_second).send().await;
        started.map(drop).map_err(|error| anyhow::anyhow!("{}", explain(&error)))
    }

    /// Says how far the move is, until nothing is left. SQS counts approximately, and a while behind.
    async fn watch(&self, screen: &Screen, waiting: u64) -> Result<()> {
        let start = std::time::Instant::now();
        let mut shown = None;
        while start.elapsed() < WATCHED {
            let (left, _) = self.look().await?;
            if shown != Some(left) {
                screen.warn(format!("{} of {waiting} moved back", waiting.saturating_sub(left)));
                shown = Some(left);
            }
            if left == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        bail!("the move is not over after an hour; it goes on: see the queue in the console")
    }
}
