//! Carries a plan out. Each step may be repeated and may be the last one: what is done is found again by the next plan. Stations
//! go on beside each other, within a limit; the steps of one in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};
use surtidor::id::{AccountId, PositionId};
use surtidor::lookup::Position;
use surtidor::mercado_pago::{ApiError, MercadoPago, NewPos, NewStore, Pos};
use surtidor::secrets;
use surtidor::store::{Record, Store};

use crate::advice::{Asked, advice};
use crate::chain::{Chain, Token};
use crate::deployment::Deployment;
use crate::live::{Live, Seller, entry};
use crate::plan::{
    Act, Plan, StationPlan, accounts_entry, application_entry, application_webhooks, lookup_url,
    webhooks_entry,
};

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Applied {
    /// Steps that are done.
    pub done: usize,
    /// Steps that were not tried, since one before them failed.
    pub not_tried: usize,
    /// What failed.
    pub failures: Vec<Failure>,
}

/// A step that failed.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Of what: `stations.6232`.
    pub place: String,
    /// The step.
    pub what: String,
    /// Why, and what to do.
    pub advice: String,
}

/// Tries of what is asked once each time, since a lost answer may mean that it was done.
const TRIES: u32 = 5;

/// Carries a plan out, `parallel` stations beside each other. `tick` is told of each step that is done.
pub async fn apply(
    deployment: &Deployment,
    chain: &Chain,
    live: &Live,
    plan: Plan,
    parallel: usize,
    tick: &(dyn Fn() + Sync),
) -> Result<Applied> {
    let urls = write_accounts(deployment, chain, live, &plan).await?;
    let mut applied = Applied::default();
    for account in plan.application.iter().chain(&plan.accounts) {
        for _ in &account.steps {
            applied.done = applied.done.saturating_add(1);
            tick();
        }
    }
    let worker = Worker {
        store: deployment.store(),
        mercado_pago: deployment.mercado_pago()?,
        api_url: &deployment.stack.api_url,
        live,
        urls,
        chain,
        hopeless: chain.accounts.keys().map(|id| (id.clone(), AtomicBool::new(false))).collect(),
        tick,
    };
    let worker = &worker;
    let stations = plan.stations.into_iter().filter(|station| !station.steps.is_empty());
    let mut running =
        stream::iter(stations.map(|station| worker.station(station))).buffer_unordered(parallel);
    while let Some(Outcome { done, not_tried, failure }) = running.next().await {
        applied.done = applied.done.saturating_add(done);
        applied.not_tried = applied.not_tried.saturating_add(not_tried);
        applied.failures.extend(failure);
    }
    applied.failures.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(applied)
}

/// Writes the entries of all accounts at once, and gives their notification URLs.
async fn write_accounts(
    deployment: &Deployment,
    chain: &Chain,
    live: &Live,
    plan: &Plan,
) -> Result<BTreeMap<AccountId, String>> {
    let client = deployment.secrets();
    let put = |document: &mut Map<String, Value>, id: &AccountId, entry: Map<String, Value>| {
        document.insert(id.to_string(), Value::Object(entry));
    };
    let planned = || {
        plan.accounts.iter().filter_map(|planned| {
            let id = &planned.account;
            Some((id, planned, chain.accounts.get(id)?, live.sellers.get(id)?))
        })
    };
    let accounts = secrets::change(&client, &deployment.stack.accounts_secret, |document| {
        for (id, _, account, seller) in planned() {
            let token = matches!(account.token, Token::Given(_)).then_some(&seller.token);
            let after = accounts_entry(&entry(document, id), account, token);
            put(document, id, after);
        }
    });
    accounts.await.context("cannot write the accounts secret")?;
    let application =
        chain.application.as_ref().zip(live.application.as_ref()).zip(plan.application.as_ref());
    if let Some(((wanted, live), _)) = application {
        let written = secrets::change(&client, &deployment.stack.oauth_secret, |document| {
            let before = document.get("application").and_then(Value::as_object).cloned().unwrap_or_default();
            let after = application_entry(&before, wanted, live.client_secret.as_ref());
            document.insert("application".to_owned(), Value::Object(after));
        });
        written.await.context("cannot write the OAuth secret")?;
    }
    let webhooks = secrets::change(&client, &deployment.stack.webhooks_secret, |document| {
        let mut urls = BTreeMap::new();
        if let Some(((wanted, live), planned)) = application {
            let before = entry(document, &wanted.name);
            let after = application_webhooks(&before, chain, &live.webhook_secrets, &planned.intake_key);
            put(document, &wanted.name, after);
        }
        for (id, planned, account, seller) in planned() {
            let before = entry(document, id);
            let after = webhooks_entry(&before, account, &seller.webhook_secrets, &planned.intake_key);
            if let Some(key) = crate::plan::current_intake_key(&after) {
                urls.insert(id.clone(), crate::plan::notification_url(&deployment.stack.api_url, id, &key));
            }
            put(document, id, after);
        }
        urls
    });
    webhooks.await.context("cannot write the webhooks secret")
}

struct Worker<'a> {
    store: Store,
    mercado_pago: MercadoPago,
    api_url: &'a str,
    chain: &'a Chain,
    live: &'a Live,
    urls: BTreeMap<AccountId, String>,
    /// Accounts that Mercado Pago refuses everything of: each further station would be refused alike.
    hopeless: BTreeMap<AccountId, AtomicBool>,
    tick: &'a (dyn Fn() + Sync),
}

struct Outcome {
    done: usize,
    not_tried: usize,
    failure: Option<Failure>,
}

/// Why a step failed.
enum Fault {
    MercadoPago(Asked, ApiError),
    Other(String),
}

impl From<surtidor::store::StoreError> for Fault {
    fn from(error: surtidor::store::StoreError) -> Self {
        Self::Other(format!("the table cannot be written: {error}"))
    }
}

/// What is known of a station while its steps are done.
struct Progress {
    positions: BTreeMap<PositionId, Position>,
    record: Record,
}

impl Worker<'_> {
    async fn station(&self, plan: StationPlan) -> Outcome {
        let steps = plan.steps.len();
        let mut outcome = Outcome { done: 0, not_tried: steps, failure: None };
        let (Some(seller), Some(hopeless)) =
            (self.live.sellers.get(&plan.account), self.hopeless.get(&plan.account))
        else {
            return outcome;
        };
        let known = self.live.positions.iter().filter(|((station, _), _)| *station == plan.station);
        let mut progress = Progress {
            positions: known.map(|((_, id), position)| (id.clone(), position.clone())).collect(),
            record: plan.record,
        };
        for step in plan.steps {
            if hopeless.load(Ordering::Relaxed) {
                return outcome;
            }
            match self.step(seller, &plan.account, step.act, &mut progress).await {
                Ok(()) => {
                    outcome.done = outcome.done.saturating_add(1);
                    outcome.not_tried = outcome.not_tried.saturating_sub(1);
                    (self.tick)();
                }
                Err(fault) => {
                    outcome.not_tried = outcome.not_tried.saturating_sub(1);
                    let advice = match &fault {
                        Fault::MercadoPago(asked, error) => {
                            if error.is_unauthorised() && *asked != Asked::Terminal {
                                hopeless.store(true, Ordering::Relaxed);
                            }
                            advice(*asked, error)
                        }
                        Fault::Other(text) => text.clone(),
                    };
                    let place = format!("stations.{}", plan.station);
                    outcome.failure = Some(Failure { place, what: step.what, advice });
                    return outcome;
                }
            }
        }
        outcome
    }

    async fn step(
        &self,
        seller: &Seller,
        account: &AccountId,
        act: Act,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let token = &seller.token;
        let collector = self.chain.accounts.get(account).map_or(0, |account| account.collector_id);
        let of = |asked: Asked| move |error: ApiError| Fault::MercadoPago(asked, error);
        let station = progress.record.station.clone();
        match act {
            Act::Account => {}
            Act::MakeStore(store) => {
                self.make_store(token, collector, &store).await.map_err(of(Asked::Store))?;
            }
            Act::ChangeStore(id, store) => {
                let changed = self.mercado_pago.change_store(token, collector, &id, &store).await;
                changed.map_err(of(Asked::Store))?;
            }
            Act::Position(mut position) => {
                if let Some(url) = self.urls.get(account) {
                    position.notification_url.clone_from(url);
                }
                let position = self.store.set_up_position(&position).await?;
                progress.positions.insert(position.position.clone(), position);
            }
            Act::MakePos(position, pos) => {
                let pos = self.with_url(position.as_ref(), pos, progress)?;
                let made = self.make_pos(token, &pos).await.map_err(of(Asked::Pos))?;
                note_qr(progress, position.as_ref(), &made);
            }
            Act::ChangePos(id, position, pos) => {
                let pos = self.with_url(position.as_ref(), pos, progress)?;
                let changed = self.mercado_pago.change_pos(token, &id, &pos).await.map_err(of(Asked::Pos))?;
                note_qr(progress, position.as_ref(), &changed);
            }
            Act::Station(station) => self.store.set_up_station(&station).await?,
            Act::Record => self.store.put_record(&progress.record).await?,
            Act::Link(terminal) => {
                if !self.store.link_terminal(&terminal).await? {
                    return Err(Fault::Other("it stands at another station by now: plan again".to_owned()));
                }
            }
            Act::Drive(terminal, api) => {
                let set = self.mercado_pago.set_operating_mode(token, api, &terminal, "PDV").await;
                set.map_err(of(Asked::Terminal))?;
            }
            Act::RemovePos(id) => {
                gone(self.mercado_pago.remove_pos(token, &id).await).map_err(of(Asked::Pos))?;
            }
            Act::RemovePosition(position) => self.store.remove_position(&station, &position).await?,
            Act::RemoveStore(id) => {
                gone(self.mercado_pago.remove_store(token, collector, &id).await)
                    .map_err(of(Asked::Store))?;
            }
            Act::RemoveStation => self.store.remove_station(&station).await?,
            Act::RemoveRecord => self.store.remove_record(&station).await?,
        }
        Ok(())
    }

    /// The URL is made of the key that the table has: another run may have been first.
    fn with_url(
        &self,
        position: Option<&PositionId>,
        pos: NewPos,
        progress: &Progress,
    ) -> Result<NewPos, Fault> {
        let Some(id) = position else { return Ok(pos) };
        let known = progress.positions.get(id);
        let known = known.ok_or_else(|| Fault::Other(format!("pump side {id} is not in the table")))?;
        let url = lookup_url(self.api_url, &known.station, id, &known.lookup_key);
        Ok(NewPos { url: Some(url), ..pos })
    }

    /// Makes a point of sale; one that is there by now, through a lost answer or somebody else, is brought up to date.
    async fn make_pos(&self, token: &SecretString, pos: &NewPos) -> Result<Pos, ApiError> {
        let mut pause = Pauses::default();
        loop {
            let error = match self.mercado_pago.make_pos(token, pos).await {
                Ok(made) => return Ok(made),
                Err(error) => error,
            };
            let exists = matches!(error.code(), Some("point_of_sale_exists" | "pos_already_exists"));
            if !exists && !error.is_passing() {
                return Err(error);
            }
            pause.wait(error).await?;
            if let Some(found) = self.mercado_pago.pos_named(token, &pos.external_id).await?
                && let Some(id) = found.id()
            {
                return self.mercado_pago.change_pos(token, id, pos).await;
            }
        }
    }

    /// Makes a store, in the same way.
    async fn make_store(&self, token: &SecretString, seller: u64, store: &NewStore) -> Result<(), ApiError> {
        let mut pause = Pauses::default();
        loop {
            let Err(error) = self.mercado_pago.make_store(token, seller, store).await else { return Ok(()) };
            let exists = error.code().is_some_and(|code| code.eq_ignore_ascii_case("VALIDATION_ERROR"));
            if !exists && !error.is_passing() {
                return Err(error);
            }
            pause.wait(error).await?;
            if let Some(found) = self.mercado_pago.store_named(token, seller, &store.external_id).await?
                && let Some(id) = found.id()
            {
                return self.mercado_pago.change_store(token, seller, id, store).await.map(drop);
            }
        }
    }
}

/// What is gone already need not be removed.
fn gone(removed: Result<(), ApiError>) -> Result<(), ApiError> {
    match removed {
        Err(ApiError::Refused { status: 404, .. }) => Ok(()),
        other => other,
    }
}

fn note_qr(progress: &mut Progress, position: Option<&PositionId>, pos: &Pos) {
    let Some(qr) = position.and_then(|position| progress.record.points.get_mut(position)) else { return };
    if let Some(identity) = pos.identity() {
        identity.clone_into(&mut qr.identity);
    }
}

/// Growing pauses between tries, and an end to them.
#[derive(Default)]
struct Pauses {
    tries: u32,
}

impl Pauses {
    async fn wait(&mut self, error: ApiError) -> Result<(), ApiError> {
        self.tries = self.tries.saturating_add(1);
        if self.tries >= TRIES {
            return Err(error);
        }
        let longest = 250_u64.saturating_mul(4_u64.saturating_pow(self.tries.saturating_sub(1)));
        tokio::time::sleep(Duration::from_millis(fastrand::u64(longest / 2..=longest))).await;
        Ok(())
    }
}
