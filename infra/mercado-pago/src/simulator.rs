//! Running a simulator inside a program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::account::Account;
use crate::app::{App, Parts, lock};
use crate::buyer::scan::{Scan, ScanError};
use crate::clock::Clock;
use crate::control::lever::{ChargebackChange, LeverError, PaymentChange, PaymentDraft};
use crate::faults::Faults;
use crate::json::Json;
use crate::model::refund::RefundStatus;
use crate::model::terminal::OperatingMode;
use crate::news::{Notification, ReleaseOrder};
use crate::oauth::Application;
use crate::outside::Network;
use crate::point::act::{CardRead, NetworkLoss, TerminalDraft};
use crate::point::view::TerminalView;
use crate::world::World;
use crate::{persist, server};

/// How a simulator runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens; an address of this machine only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The sellers. They replace those of the state that have the same collector id.
    pub accounts: Vec<Account>,
    /// The file that keeps the state across restarts.
    pub state: Option<PathBuf>,
    /// Whether a scan asks the seller's server by itself, and a terminal takes what is queued for it. Without it,
    /// [`Simulator::poll`] asks and [`Simulator::receive`] takes.
    pub auto_poll: bool,
    /// What chance starts from.
    pub seed: u64,
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would be reachable from other machines; it has no login.
    #[error("{0} is not an address of this machine only")]
    NotLoopback(SocketAddr),
    /// The port cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The state cannot be read.
    #[error("cannot read the state {0}: {1}")]
    State(PathBuf, std::io::Error),
    /// Two sellers share a token.
    #[error("the sellers {0} and {1} have the same access token")]
    SharedToken(u64, u64),
    /// The client for callbacks cannot be made.
    #[error("cannot make an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running Mercado Pago. It stops when it is dropped; [`Simulator::shutdown`] also writes the state first.
pub struct Simulator {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    state: Option<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts one.
    pub async fn start(config: Config) -> Result<Simulator, StartError> {
        let listen = config.listen;
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(listen));
        }
        let mut world = match &config.state {
            Some(path) => persist::load(path).map_err(|error| StartError::State(path.clone(), error))?,
            None => World::default(),
        };
        seat(&mut world, config.accounts)?;
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let bound = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        let parts = Parts {
            base: format!("http://{bound}"),
            auto_poll: config.auto_poll,
            clock: Clock::default(),
            outside: Arc::new(Network::new()?),
            rng: fastrand::Rng::with_seed(config.seed),
            // Not from the seed: what the state kept from an earlier run has ids of that run.
            ids: fastrand::Rng::new(),
        };
        let mut simulator = Simulator::of(App::new(parts, world));
        let router = simulator.router.clone();
        simulator.tasks.push(tokio::spawn(async move {
            server::serve(listener, router).await;
        }));
        if config.auto_poll {
            simulator.tasks.push(tokio::spawn(tick(Arc::clone(&simulator.app))));
        }
        if let Some(path) = config.state {
            simulator.tasks.push(tokio::spawn(keep_written(Arc::clone(&simulator.app), path.clone())));
            simulator.state = Some(path);
        }
        Ok(simulator)
    }

    /// One that nothing runs beside.
    pub(crate) fn of(app: App) -> Simulator {
        let app = Arc::new(app);
        Simulator { router: server::router(&app), app, state: None, tasks: Vec::new() }
    }

    /// Where it listens: `http://127.0.0.1:9001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.app.base.clone()
    }

    /// Stops it; the state is written first.
    pub async fn shutdown(self) {
        self.stop();
        let Simulator { app, state, .. } = &self;
        if let Some(path) = state {
            write(app, path).await;
        }
    }

    fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
        self.app.stop();
    }

    /// Adds a seller, or changes the one with that collector id.
    pub fn put_account(&self, account: Account) -> Result<(), LeverError> {
        self.app.put_account(account)
    }

    /// Adds an application that sellers may let act for them, or changes the one with that id.
    pub fn put_application(&self, application: Application) -> Result<(), LeverError> {
        self.app.put_application(application)
    }

    /// A seller opens the consent page at an address and consents; where the browser goes then, with the code.
    pub fn consent(&self, url: &str, seller: u64) -> Result<String, LeverError> {
        self.app.consent(url, seller)
    }

    /// A seller opens the consent page at an address and refuses; where the browser goes then.
    pub fn refuse(&self, url: &str) -> Result<String, LeverError> {
        self.app.refuse(url)
    }

    /// A seller takes the consent back: the application's tokens for that seller are dead.
    pub fn deauthorize(&self, application: u64, seller: u64) -> Result<(), LeverError> {
        self.app.deauthorize(application, seller)
    }

    /// Every secret of OAuth so far: secrets of applications, codes, and tokens, dead ones too.
    #[must_use]
    pub fn oauth_secrets(&self) -> Vec<String> {
        self.app.oauth_secrets()
    }

    /// Scans a QR, named by the point of sale's id, external id, QR text or url.
    pub fn scan(&self, pos: &str) -> Result<Scan, ScanError> {
        self.app.scan(pos)
    }

    /// A scan as it is now.
    pub fn scan_of(&self, scan: u64) -> Result<Scan, ScanError> {
        self.app.scan_of(scan)
    }

    /// Asks the seller's server for the order now.
    pub async fn poll(&self, scan: u64) -> Result<Scan, ScanError> {
        self.app.poll(scan).await
    }

    /// Pays with a means of payment of that name (`visa`, `rejected_funds`, ...).
    pub fn pay(&self, scan: u64, means: &str) -> Result<Scan, ScanError> {
        self.app.pay(scan, means)
    }

    /// The buyer walks away.
    pub fn abandon(&self, scan: u64) -> Result<Scan, ScanError> {
        self.app.abandon(scan)
    }

    /// Adds a terminal, or gives one another point of sale and mode.
    pub fn add_terminal(&self, draft: TerminalDraft) -> Result<TerminalView, LeverError> {
        self.app.add_terminal(draft)
    }

    /// The terminals of all sellers, in the order of their ids.
    #[must_use]
    pub fn terminals(&self) -> Vec<TerminalView> {
        self.app.terminals()
    }

    /// A terminal as it is now.
    pub fn terminal(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.terminal(terminal)
    }

    /// The terminal takes what is queued for it, and lets go what the API called off.
    pub fn receive(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.receive(terminal)
    }

    /// Someone holds a card to the terminal, which receives first what is queued.
    pub fn read_card(&self, terminal: &str, card: &CardRead) -> Result<TerminalView, LeverError> {
        self.app.read_card(terminal, card)
    }

    /// The cancel key of the terminal is pressed.
    pub fn cancel_at_terminal(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.cancel_at_terminal(terminal)
    }

    /// The terminal breaks off, without a payment.
    pub fn fail_at_terminal(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.fail_at_terminal(terminal)
    }

    /// Nobody acts: what is queued is shown until it expires.
    pub fn walk_away(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.walk_away(terminal)
    }

    /// What is queued or shown expires at once.
    pub fn expire(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.expire(terminal)
    }

    /// The terminal loses its network. What it shows is waited for 40 seconds.
    pub fn lose_network(&self, terminal: &str, loss: &NetworkLoss) -> Result<TerminalView, LeverError> {
        self.app.lose_network(terminal, loss)
    }

    /// The network is back: a charge that was not given up yet learns what came of its card.
    pub fn restore_network(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.restore_network(terminal)
    }

    /// The slot stays taken, and what is in it does not move: not even its time runs out.
    pub fn get_stuck(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.get_stuck(terminal)
    }

    /// A print action that does not end takes the slot.
    pub fn print_stuck(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.print_stuck(terminal)
    }

    /// The terminal works again. A charge that is still in its slot goes on where it was.
    pub fn free(&self, terminal: &str) -> Result<TerminalView, LeverError> {
        self.app.free(terminal)
    }

    /// Someone changes the mode at the terminal itself.
    pub fn set_terminal_mode(&self, terminal: &str, mode: OperatingMode) -> Result<TerminalView, LeverError> {
        self.app.set_terminal_mode(terminal, mode)
    }

    /// Lets happen what is due at terminals. Calls and levers do so by themselves; without a call nothing happens when the
    /// clock is the program's own.
    pub fn catch_up(&self) {
        self.app.catch_up();
    }

    /// An order or a payment intent of a terminal as the API shows it.
    #[must_use]
    pub fn order(&self, order: &str) -> Option<Json> {
        self.app.catch_up();
        let world = self.app.world();
        world.charges.get(order).map(|charge| world.render_charge(charge))
    }

    /// The orders of type `point` of all sellers as the API shows them, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<Json> {
        self.app.catch_up();
        self.app.world().render_point_orders()
    }

    /// The switches.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.app.faults()
    }

    /// Sets the switches.
    pub fn set_faults(&self, faults: Faults) -> Result<(), LeverError> {
        self.app.set_faults(faults)
    }

    /// All notifications, oldest first.
    #[must_use]
    pub fn notifications(&self) -> Vec<Notification> {
        self.app.catch_up();
        self.app.news.all()
    }

    /// Sends the notifications that are held; their numbers in the order of sending.
    #[must_use]
    pub fn release(&self, order: ReleaseOrder, seed: u64) -> Vec<u64> {
        self.app.release(order, seed)
    }

    /// Sends a notification again; false when there is none of that number.
    #[must_use]
    pub fn resend(&self, notification: u64) -> bool {
        self.app.resend(notification)
    }

    /// Returns when no notification is under way, not counting those that wait for a later try.
    pub async fn idle(&self) {
        self.app.catch_up();
        self.app.news.idle().await;
    }

    /// Makes a payment without a scan. Returns its id.
    pub fn create_payment(&self, draft: &PaymentDraft) -> Result<u64, LeverError> {
        self.app.create_payment(draft)
    }

    /// Changes a payment's status.
    pub fn change_payment(&self, payment: u64, change: &PaymentChange) -> Result<(), LeverError> {
        self.app.change_payment(payment, change)
    }

    /// Ends a refund that is in process.
    pub fn complete_refund(&self, refund: u64, status: RefundStatus) -> Result<(), LeverError> {
        self.app.complete_refund(refund, status)
    }

    /// Gives minor units of an approved payment back at the seller's panel, without the seller's software. Returns the
    /// refund's id.
    pub fn refund_in_panel(&self, payment: u64, amount: i64) -> Result<u64, LeverError> {
        self.app.refund_in_panel(payment, amount)
    }

    /// Makes a chargeback of a payment, of all of it unless minor units are given. Returns its id.
    pub fn charge_back(&self, payment: u64, amount: Option<i64>) -> Result<String, LeverError> {
        self.app.charge_back(payment, amount)
    }

    /// Says of a chargeback where its documents stand.
    pub fn change_chargeback(&self, chargeback: &str, change: &ChargebackChange) -> Result<(), LeverError> {
        self.app.change_chargeback(chargeback, change)
    }

    /// A payment as the API shows it.
    #[must_use]
    pub fn payment(&self, payment: u64) -> Option<Json> {
        let world = self.app.world();
        world.payments.get(&payment).map(|payment| world.render_payment(payment))
    }

    /// The payments of all sellers as the API shows them, refunds included, in the order of their ids.
    #[must_use]
    pub fn payments(&self) -> Vec<Json> {
        let world = self.app.world();
        world.payments.values().map(|payment| world.render_payment(payment)).collect()
    }

    /// The chargebacks of all sellers as the API shows them, in the order of their ids.
    #[must_use]
    pub fn chargebacks(&self) -> Vec<Json> {
        let world = self.app.world();
        let live = |owner| world.accounts.get(&owner).is_some_and(|seller| seller.live_mode);
        world.chargebacks.values().map(|chargeback| chargeback.render(live(chargeback.owner))).collect()
    }

    /// A merchant order as the API shows it.
    #[must_use]
    pub fn merchant_order(&self, order: u64) -> Option<Json> {
        let world = self.app.world();
        world.orders.get(&order).map(|order| world.render_order(order))
    }

    /// How often a route of the API was called: `GET /v1/payments/{payment}`.
    #[must_use]
    pub fn calls(&self, route: &str) -> u64 {
        lock(&self.app.calls).of(route)
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, by: Duration) {
        self.app.clock.advance(by.try_into().unwrap_or(time::Duration::MAX));
        self.app.catch_up();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Adds sellers to a world, or changes those that it has.
pub(crate) fn seat(world: &mut World, accounts: Vec<Account>) -> Result<(), StartError> {
    for account in accounts {
        if let Some(other) = world.token_clash(&account) {
            return Err(StartError::SharedToken(other, account.collector_id));
        }
        world.accounts.insert(account.collector_id, account);
    }
    Ok(())
}

/// Lets happen at terminals what is due, though nobody looks.
async fn tick(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.catch_up();
    }
}

/// The least time between two writes of the state.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the state after changes. Changes that come while it writes are written together.
async fn keep_written(app: Arc<App>, path: PathBuf) {
    loop {
        app.changed.notified().await;
        write(&app, &path).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// One writer at a time, each with the newest state: one that was under way when the simulator stopped cannot overtake
/// the last. A state that cannot be written is no reason to stop paying; it is said on the error output.
async fn write(app: &Arc<App>, path: &std::path::Path) {
    let (app, path) = (Arc::clone(app), path.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        let _turn = lock(&app.writing);
        let text = serde_json::to_vec(&*app.world()).map_err(std::io::Error::other)?;
        persist::save(&path, &text)
    });
    if let Ok(Err(error)) = written.await {
        eprintln!("the state cannot be written: {error}");
    }
}
