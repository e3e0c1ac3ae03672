//! `surtidor plan`, and what `apply` has in common with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use surtidor::id::StationId;
use surtidor_cli::chain::Chain;
use surtidor_cli::deployment::Deployment;
use surtidor_cli::live::{Live, Trouble};
use surtidor_cli::plan::{Plan, Scope, Sign, Step, in_use};
use surtidor_cli::secret::Sources;

use crate::screen::{BAD, CHANGED, FAINT, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub of: Of,
    /// End with code 3 when there is something to change.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// What is planned.
#[derive(clap::Args)]
pub(crate) struct Of {
    /// The description of the chain.
    #[arg(default_value = "chain.toml", value_name = "CHAIN.TOML")]
    pub file: PathBuf,
    /// Only this station; may be given several times.
    #[arg(long = "station", value_name = "ID")]
    pub stations: Vec<String>,
    /// Also remove what was set up once and is not in the file any more. Sales stay for ever, and so does what somebody else
    /// made at Mercado Pago.
    #[arg(long)]
    pub prune: bool,
}

/// A chain with everything that it is compared with.
pub(crate) struct Prepared {
    pub deployment: Deployment,
    pub chain: Chain,
    pub live: Live,
    pub plan: Plan,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let prepared = match prepare(screen, at, &options.of).await? {
        Ok(prepared) => prepared,
        Err(ended) => return Ok(ended),
    };
    let plan = &prepared.plan;
    if screen.is_json() {
        screen.json(&serde_json::json!({"plan": plan, "count": plan.count()}));
    } else {
        show(screen, plan);
    }
    let changes = plan.count().sum() > 0;
    Ok(if changes && options.detailed_exitcode { Ended::Waiting } else { Ended::Done })
}

/// Reads the file, and says all that is wrong with it.
pub(crate) fn read(screen: &Screen, file: &Path) -> Option<Chain> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    let text = text.inspect_err(|error| screen.failed(error)).ok()?;
    match Chain::parse(&text) {
        Ok(chain) => Some(chain),
        Err(problems) => {
            if screen.is_json() {
                let list = problems.0.iter().map(|problem| {
                    serde_json::json!({"line": problem.line, "field": problem.field, "rule": problem.rule})
                });
                screen.json(&serde_json::json!({"problems": list.collect::<Vec<_>>()}));
            }
            for problem in &problems.0 {
                let place = format!("{}:{}:", file.display(), problem.line);
                screen.warn(format!(
                    "{} {} {}",
                    styled(STRONG, place),
                    styled(BAD, &problem.field),
                    problem.rule
                ));
            }
            let count = problems.0.len();
            screen.warn(format!(
                "{count} {} in the chain's file; nothing was done",
                plural(count, "fault", "faults")
            ));
            None
        }
    }
}

/// Where the secrets are that a chain's file names.
pub(crate) fn sources(file: &Path) -> Sources {
    Sources::of_process(file.parent().map(Path::to_owned).unwrap_or_default())
}

/// Reads the file and all that there is, and compares. When something stands in the way, that is told.
pub(crate) async fn prepare(screen: &Screen, at: &At, of: &Of) -> Result<Result<Prepared, Ended>> {
    let Some(chain) = read(screen, &of.file) else { return Ok(Err(Ended::Wrong)) };
    let mut scope = Scope { stations: BTreeSet::new(), prune: of.prune, ..Scope::default() };
    for station in &of.stations {
        let id = StationId::parse(station).ok();
        let Some(id) = id.filter(|id| of.prune || chain.stations.contains_key(id)) else {
            screen.warn(format!("--station {station}: {} has no such station", of.file.display()));
            return Ok(Err(Ended::Wrong));
        };
        scope.stations.insert(id);
    }
    let deployment = at.deployment()?;
    let busy = screen.busy();
    let said = |what: &str| busy.set_message(format!("reading {what}"));
    let live = Live::read(&deployment, &chain, &sources(&of.file), &said).await;
    busy.finish_and_clear();
    let live = match live? {
        Ok(live) => live,
        Err(troubles) => {
            tell(screen, &troubles);
            let passes = troubles.iter().any(|trouble| trouble.passes);
            return Ok(Err(if passes { Ended::Failed } else { Ended::Wrong }));
        }
    };
    if of.prune {
        scope.in_use = in_use(&deployment.store(), &chain, &live).await?;
    }
    match Plan::make(&chain, &live, &deployment.stack.api_url, &scope) {
        Ok(plan) => Ok(Ok(Prepared { deployment, chain, live, plan })),
        Err(troubles) => {
            tell(screen, &troubles);
            Ok(Err(Ended::Wrong))
        }
    }
}

fn tell(screen: &Screen, troubles: &[Trouble]) {
    if screen.is_json() {
        let list = troubles
            .iter()
            .map(|trouble| serde_json::json!({"place": trouble.place, "problem": trouble.text}));
        screen.json(&serde_json::json!({"problems": list.collect::<Vec<_>>()}));
    }
    for trouble in troubles {
        screen.warn(format!("{} {}", styled(BAD, format!("{}:", trouble.place)), trouble.text));
    }
    screen.warn("nothing was done");
}

/// Shows a plan to a person.
pub(crate) fn show(screen: &Screen, plan: &Plan) {
    for account in plan.application.iter().chain(&plan.accounts).filter(|account| !account.steps.is_empty()) {
        screen.say(styled(STRONG, format!("account {}", account.account)));
        for step in &account.steps {
            show_step(screen, step);
        }
    }
    for station in plan.stations.iter().filter(|station| !station.steps.is_empty()) {
        screen.say(styled(STRONG, format!("station {} {}", station.station, station.name)));
        for step in &station.steps {
            show_step(screen, step);
        }
    }
    for line in &plan.left_over {
        screen.say(format!("{} {line}", styled(FAINT, "left:")));
    }
    for note in &plan.notes {
        screen.say(format!("{} {note}", styled(CHANGED, "note:")));
    }
    let count = plan.count();
    if count.sum() == 0 {
        screen.say(styled(GOOD, "Nothing to change: the chain is as its file describes it."));
    } else {
        screen.say(format!("{} {count}.", styled(STRONG, "Plan:")));
    }
}

fn show_step(screen: &Screen, step: &Step) {
    let style = match step.sign {
        Sign::Add => GOOD,
        Sign::Change => CHANGED,
        Sign::Remove => BAD,
    };
    screen.say(format!("  {} {}", styled(style, step.sign.letter()), step.what));
    for detail in &step.details {
        screen.say(format!("      {}", styled(FAINT, detail)));
    }
}

pub(crate) fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
