//! Dead letters go back to the queue that they came from (Amazon SQS, `StartMessageMoveTask`).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience, explain};
use surtidor::config::Environment;

/// What is redriven, and how.
#[derive(clap::Args)]
#[command(after_help = "Credentials and region come from the environment, as in AWS's own tools:\n  \
    eval \"$(aws configure export-credentials --format env)\"; export AWS_REGION=sa-east-1\n\
    Redriving too early, or twice, does no harm: hints that fail again come back.")]
pub(crate) struct Options {
    /// URL of the dead-letter queue: the stack's output `DeadLetterQueueUrl`.
    #[arg(long, env = "SURTIDOR_DEAD_LETTERS", required_unless_present = "local")]
    queue: Option<String>,
    /// Instead, the system that `cargo local` runs, by the demo.json that it wrote.
    #[arg(long, num_args = 0..=1, default_missing_value = "target/local/demo.json")]
    local: Option<PathBuf>,
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

pub(crate) async fn run(options: &Options) -> Result<()> {
    let (client, queue) = match &options.local {
        Some(file) => local(file)?,
        None => (from_env()?, options.queue.clone().context("--queue is missing")?),
    };
    let dead = Dead { client, queue };
    let (waiting, arn) = dead.look().await?;
    let name = dead.queue.rsplit('/').next().unwrap_or_default();
    println!("{waiting} dead letters in {name}");
    if waiting == 0 {
        return Ok(());
    }
    for body in dead.some().await? {
        println!("  {body}");
    }
    if options.dry_run {
        println!("nothing was moved: without --dry-run they go back to the queue");
        return Ok(());
    }
    dead.start(&arn, options.per_second).await?;
    dead.watch(waiting).await
}

fn from_env() -> Result<Client> {
    let hint = "see `surtidor redrive --help` for how to set them";
    let aws = Aws::from_env(&Environment, Patience::LONG).context(hint)?;
    Ok(aws.sqs())
}

fn local(file: &std::path::Path) -> Result<(Client, String)> {
    let started = || format!("cannot read {}: is `cargo local` running?", file.display());
    let text = std::fs::read(file).with_context(started)?;
    let demo: serde_json::Value = serde_json::from_slice(&text).with_context(started)?;
    let queue = demo["dead_letter_queue_url"].as_str().with_context(started)?.to_owned();
    let endpoint = queue.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let access = Access {
        region: "us-east-1".to_owned(),
        credentials: Credentials::new("local", "local", None, None, "local"),
        endpoints: Endpoints { sqs: Some(endpoint), ..Endpoints::default() },
    };
    Ok((Aws::new(access, Patience::LONG)?.sqs(), queue))
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
    async fn watch(&self, waiting: u64) -> Result<()> {
        let start = std::time::Instant::now();
        let mut shown = None;
        while start.elapsed() < WATCHED {
            let (left, _) = self.look().await?;
            if shown != Some(left) {
                println!("{} of {waiting} moved back", waiting.saturating_sub(left));
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
