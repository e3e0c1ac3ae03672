//! `surtidor apply`.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Result, bail};
use surtidor_cli::apply::{Applied, apply};

use super::plan::{Of, Prepared, plural, prepare, show};
use crate::screen::{BAD, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    of: Of,
    /// Remove without asking, for --prune where nobody can be asked.
    #[arg(long)]
    yes: bool,
    /// Stations that are worked on at once. Mercado Pago publishes no limit of calls; it says 429 when it has enough.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let Prepared { deployment, chain, live, plan } = match prepare(screen, at, &options.of).await? {
        Ok(prepared) => prepared,
        Err(ended) => return Ok(ended),
    };
    if !screen.is_json() {
        show(screen, &plan);
    }
    let removals = plan.removals().count();
    if removals > 0 && !options.yes {
        confirm(removals)?;
    }
    let count = plan.count();
    let notes = plan.notes.clone();
    let progress = screen.progress("applied", count.sum());
    let applied = apply(&deployment, &chain, &live, plan, options.parallel.into(), &|| progress.tick()).await;
    drop(progress);
    let applied = applied?;
    if screen.is_json() {
        screen.json(&serde_json::json!({"applied": applied, "count": count, "notes": notes}));
    } else if count.sum() > 0 {
        tell(screen, &applied);
    }
    Ok(if applied.failures.is_empty() { Ended::Done } else { Ended::Failed })
}

/// Nothing is removed before a person has said how much it is.
fn confirm(removals: usize) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "{removals} {} would be removed, and nobody is here to confirm it: look at the plan, then give --yes",
            plural(removals, "thing", "things")
        );
    }
    eprint!(
        "{removals} {} will be removed; printed QRs among them will be dead. Type {removals} to go on: ",
        plural(removals, "thing", "things")
    );
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    if line.trim() != removals.to_string() {
        bail!("not confirmed: nothing was done");
    }
    Ok(())
}

fn tell(screen: &Screen, applied: &Applied) {
    for failure in &applied.failures {
        screen.say(format!(
            "{} {}",
            styled(BAD, format!("{}: {}:", failure.place, failure.what)),
            failure.advice
        ));
    }
    let done = format!("{} {} done", applied.done, plural(applied.done, "step", "steps"));
    if applied.failures.is_empty() && applied.not_tried == 0 {
        screen.say(styled(GOOD, format!("{done}.")));
    } else {
        let failed = applied.failures.len();
        screen.say(styled(
            STRONG,
            format!(
                "{done}, {failed} failed, {} not tried. Nothing is lost: mend the cause and run it again, it goes on where it stopped.",
                applied.not_tried
            ),
        ));
    }
}
