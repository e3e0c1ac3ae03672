//! Checks of a live set-up. Each finding says what is wrong, where, and how to mend it. Nothing is written anywhere.

mod accounts;
mod house;
mod places;

use anyhow::Result;
use serde::Serialize;
use surtidor::id::StationId;

use crate::deployment::Deployment;

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// A word for programs: `token_rejected`.
    pub code: &'static str,
    /// What it is about: `accounts.ypf`, `stations.6232.positions.3`.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub remedy: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody cannot pay, or money is not accounted for.
    Problem,
    /// It works, and will not for ever; or it could not be checked.
    Warning,
}

/// What was looked at.
#[derive(Debug, Default, Serialize)]
pub struct Diagnosis {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What was found to be right, in words.
    pub right: Vec<String>,
    /// What cannot be seen from here, and who can see it.
    pub unseen: Vec<String>,
}

impl Diagnosis {
    fn problem(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.find(Level::Problem, code, place, what, remedy);
    }

    fn warning(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.find(Level::Warning, code, place, what, remedy);
    }

    fn find(
        &mut self,
        level: Level,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (place, what, remedy) = (place.into(), what.into(), remedy.into());
        self.findings.push(Finding { level, code, place, what, remedy });
    }

    fn right(&mut self, what: impl Into<String>) {
        self.right.push(what.into());
    }
}

/// Looks at everything, or of stations at these only. `said` is told what is being looked at.
pub async fn diagnose(
    deployment: &Deployment,
    stations: &[StationId],
    said: &(dyn Fn(&str) + Sync),
) -> Result<Diagnosis> {
    let mut diagnosis = Diagnosis::default();
    said("the queues and the clock");
    house::look(deployment, &mut diagnosis).await?;
    said("the accounts");
    let sellers = accounts::look(deployment, &mut diagnosis).await?;
    said("stations, points of sale and terminals");
    places::look(deployment, &sellers, stations, &mut diagnosis).await?;
    diagnosis.unseen.push(
        "which topics the application's panel notifies, and with which secret: payments, commercial orders, chargebacks, and \
         Order for terminals (docs/setup.md, step 2). A sale that is paid and told within seconds proves it"
            .to_owned(),
    );
    diagnosis.findings.sort_by(|one, other| (one.level, &one.place).cmp(&(other.level, &other.place)));
    Ok(diagnosis)
}
