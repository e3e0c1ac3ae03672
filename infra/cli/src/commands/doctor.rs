//! `surtidor doctor`.

use std::path::PathBuf;

use anyhow::Result;
use surtidor::id::StationId;
use surtidor_cli::doctor::{Diagnosis, Level, diagnose};

use super::plan::{Of, plural, prepare};
use crate::screen::{BAD, CHANGED, FAINT, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
#[command(
    after_help = "Nothing is written anywhere. Ends with code 3 when a problem is found; warnings alone end with 0."
)]
pub(crate) struct Options {
    /// The chain's description: whether what is live differs from it is told too.
    #[arg(value_name = "CHAIN.TOML")]
    file: Option<PathBuf>,
    /// Of stations only this one; may be given several times.
    #[arg(long = "station", value_name = "ID")]
    stations: Vec<String>,
    /// Also show what was found to be right.
    #[arg(long, short)]
    verbose: bool,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    if screen.is_json() && options.file.is_some() {
        screen.warn(
            "doctor --json takes no file: surtidor plan --json tells how the live set-up differs from one",
        );
        return Ok(Ended::Wrong);
    }
    let mut stations = Vec::new();
    for text in &options.stations {
        let id = StationId::parse(text).map_err(|error| anyhow::anyhow!("--station {text}: {error}"))?;
        stations.push(id);
    }
    let deployment = at.deployment()?;
    let busy = screen.busy();
    let said = |what: &str| busy.set_message(format!("looking at {what}"));
    let diagnosis = diagnose(&deployment, &stations, &said).await;
    busy.finish_and_clear();
    let diagnosis = diagnosis?;
    if screen.is_json() {
        screen.json(&diagnosis);
    } else {
        tell(screen, &diagnosis, options.verbose);
    }
    let mut ended = Ended::Done;
    if let Some(file) = &options.file {
        let of = Of { file: file.clone(), stations: options.stations.clone(), prune: false };
        let name = file.display();
        match prepare(screen, at, &of).await? {
            Err(why) => ended = why,
            Ok(prepared) if prepared.plan.count().sum() > 0 => screen.say(format!(
                "{} it differs from {name}: {}. See surtidor plan {name}",
                styled(CHANGED, "file:"),
                prepared.plan.count()
            )),
            Ok(_) => screen.say(format!("{} it is as {name} describes it", styled(GOOD, "file:"))),
        }
    }
    let bad = diagnosis.findings.iter().any(|finding| finding.level == Level::Problem);
    Ok(if bad { Ended::Waiting } else { ended })
}

fn tell(screen: &Screen, diagnosis: &Diagnosis, verbose: bool) {
    if verbose {
        for line in &diagnosis.right {
            screen.say(format!("{} {line}", styled(GOOD, "right:")));
        }
    }
    for finding in &diagnosis.findings {
        let level = match finding.level {
            Level::Problem => styled(BAD.bold(), "problem:"),
            Level::Warning => styled(CHANGED, "warning:"),
        };
        screen.say(format!("{level} {} {}", styled(STRONG, &finding.place), finding.what));
        screen.say(format!("    {} {}", styled(FAINT, format!("[{}]", finding.code)), finding.remedy));
    }
    for line in &diagnosis.unseen {
        screen.say(styled(FAINT, format!("cannot be seen from here: {line}")));
    }
    let count = |level: Level| diagnosis.findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    let style = if problems > 0 { BAD } else { GOOD };
    screen.say(styled(
        style,
        format!(
            "{problems} {}, {warnings} {}, {} things right.",
            plural(problems, "problem", "problems"),
            plural(warnings, "warning", "warnings"),
            diagnosis.right.len()
        ),
    ));
}
