//! A seller's browser that comes back from Mercado Pago, and the tasks of the schedule and of the operator.

use lambda_http::{Body, Error, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use surtidor::clock::Clock;
use surtidor::edge;
use surtidor::id::AccountId;
use surtidor::oauth::{Arrival, Links};

use crate::page::{self, Said};

/// What invokes the function beside a browser.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Task {
    /// The operator: one account's tokens are to be renewed.
    Refresh {
        /// Whose.
        refresh: AccountId,
        /// However long they are good, and though they were refused before.
        #[serde(default)]
        force: bool,
    },
    /// The schedule: every link is to be looked after.
    LookAfter {
        /// Always `true`: it tells this event apart.
        look_after_links: bool,
    },
}

/// A longer code or state is none of Mercado Pago's or ours.
const LONGEST: usize = 512;

/// Answers the browser. Neither code nor state is ever shown or logged.
pub async fn call_back(links: &Links, clock: &Clock, request: Request) -> Response<Body> {
    let language = edge::language(&request);
    let parameter =
        |name: &str| edge::query(&request, name).filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let said = match (parameter("error"), parameter("state"), parameter("code")) {
        (Some(error), _, _) => {
            let refused = error == "access_denied";
            tracing::info!(event = "link_not_given", refused, "A seller came back without a code");
            if refused { Said::Refused } else { Said::Failed }
        }
        (None, Some(state), Some(code)) => match links.arrive(&state, &code, clock.now()).await {
            Ok(arrival) => said(arrival),
            Err(error) => {
                tracing::error!(event = "link_failed", %error, "A seller came back and could not be linked");
                Said::Unavailable
            }
        },
        _ => Said::Gone,
    };
    page::render(&said, language)
}

fn said(arrival: Arrival) -> Said {
    match arrival {
        Arrival::Linked(account) => Said::Linked(account),
        Arrival::LinkedAlready(account) => Said::LinkedAlready(account),
        Arrival::Gone => Said::Gone,
        Arrival::WrongSeller(_) => Said::WrongSeller,
        Arrival::TestUser(_) => Said::TestUser,
        Arrival::Failed(_) => Said::Failed,
    }
}

/// Does a task, and tells what came of it.
pub async fn work(links: &Links, clock: &Clock, task: Task) -> Result<Value, Error> {
    match task {
        Task::Refresh { refresh, force } => {
            let renewed = links.look_after(&refresh, force, clock).await?;
            Ok(json!({"links": [renewed]}))
        }
        Task::LookAfter { .. } => match links.look_after_all(clock).await {
            Ok(renewed) => {
                tracing::info!(event = "links_watched", links = renewed.len(), "Every link was looked after");
                Ok(json!({"links": renewed}))
            }
            Err(error) => {
                tracing::error!(event = "links_not_watched", %error, "Links could not be looked after");
                Err(error.into())
            }
        },
    }
}
