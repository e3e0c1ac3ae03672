//! A phone that scanned a pump's QR.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use serde::Serialize;

use super::document::OrderDocument;
use super::means::{self, Method};
use super::reading::{self, Answer, Reading, Screen};
use crate::app::{App, lock};
use crate::clock::Moment;
use crate::faults::{Callback, CallbackMethod, Twist};
use crate::json::Json;
use crate::model::order::MerchantOrder;
use crate::model::payment::Payment;
use crate::model::pos::Pos;
use crate::qr;
use crate::site::Site;
use crate::world::{Attempt, World};

/// An answer of the seller's server that is longer is cut off, and so is no JSON.
const LONGEST_ANSWER: usize = 256 * 1024;

/// All scans, by number.
pub struct Scans(pub BTreeMap<u64, Scan>);

/// What the phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Its number.
    pub id: u64,
    /// The point of sale.
    pub pos: u64,
    /// The seller.
    pub account: u64,
    /// The screen.
    pub screen: Screen,
    /// Why this screen.
    pub details: Vec<String>,
    /// The generation of the protocol that the server spoke last.
    pub generation: Option<u8>,
    /// The site's currency.
    pub currency: &'static str,
    /// What is to be paid, in major units, as a number.
    pub amount: Json,
    /// What is bought.
    pub items: Vec<Json>,
    /// The sale's reference.
    pub external_reference: Option<String>,
    /// The merchant order that the checkout opened.
    pub merchant_order: Option<u64>,
    /// The last payment that was tried.
    pub payment: Option<u64>,
    /// The last payment's status detail.
    pub status_detail: Option<String>,
    /// How often the server was asked.
    pub polls: u32,
    /// When it was scanned.
    pub created: Moment,
}

/// Why something cannot be done with a scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// No point of sale is called so.
    #[error("no point of sale is {0:?}: give its id, its external_id, the text of its QR or its url")]
    UnknownPos(String),
    /// More than one seller has a point of sale of that name.
    #[error("several sellers have a point of sale {0:?}: give its id")]
    AmbiguousPos(String),
    /// There is no such scan.
    #[error("there is no scan {0}")]
    UnknownScan(u64),
    /// There is no such way to pay.
    #[error("there is no means of payment {0:?}")]
    UnknownMeans(String),
    /// The screen does not offer that.
    #[error("the phone shows {0:?}, where that cannot be done")]
    WrongScreen(Screen),
}

/// Finds a point of sale by whatever names it.
pub fn find_pos<'a>(world: &'a World, name: &str) -> Result<&'a Pos, ScanError> {
    let uuid = qr::text::uuid_of(name);
    let by_id = name.parse().ok().and_then(|id: u64| world.points.get(&id));
    if let Some(pos) = by_id {
        return Ok(pos);
    }
    let named = |pos: &&Pos| {
        uuid.as_deref() == Some(pos.uuid.as_str())
            || pos.url.as_deref() == Some(name)
            || pos.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name))
    };
    let mut found = world.points.values().filter(named);
    match (found.next(), found.next()) {
        (Some(pos), None) => Ok(pos),
        (Some(_), Some(_)) => Err(ScanError::AmbiguousPos(name.to_owned())),
        (None, _) => Err(ScanError::UnknownPos(name.to_owned())),
    }
}

impl App {
    /// Scans a QR. The server is asked at once, and again by itself, unless automatic polling is off.
    pub fn scan(self: &Arc<Self>, pos: &str) -> Result<Scan, ScanError> {
        let pos = find_pos(&self.world(), pos)?.clone();
        let scan = {
            let mut scans = lock(&self.scans);
            let id = scans.0.keys().next_back().map_or(1, |last| last + 1);
            let scan = Scan {
                id,
                pos: pos.id,
                account: pos.owner,
                screen: Screen::Scanned,
                details: Vec::new(),
                generation: None,
                currency: pos.site.currency(),
                amount: Json::Null,
                items: Vec::new(),
                external_reference: None,
                merchant_order: None,
                payment: None,
                status_detail: None,
                polls: 0,
                created: self.clock.now(),
            };
            scans.0.insert(id, scan.clone());
            scan
        };
        if self.auto_poll {
            self.keep_asking(scan.id);
        }
        Ok(scan)
    }

    fn keep_asking(self: &Arc<Self>, id: u64) {
        let app = Arc::clone(self);
        self.spawn(async move {
            while let Ok(scan) = app.poll(id).await {
                let Callback { every_ms, give_up_after, .. } = app.faults().callback;
                if !scan.screen.keeps_asking() || scan.polls >= give_up_after {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(every_ms)).await;
            }
        });
    }

    /// A scan as it is now.
    pub fn scan_of(&self, id: u64) -> Result<Scan, ScanError> {
        lock(&self.scans).0.get(&id).cloned().ok_or(ScanError::UnknownScan(id))
    }

    /// Asks the seller's server once. At the checkout and after it nothing is asked: whether Mercado Pago reads the order
    /// again before it is paid is not documented.
    pub async fn poll(self: &Arc<Self>, id: u64) -> Result<Scan, ScanError> {
        let scan = self.scan_of(id)?;
        if !scan.screen.can_ask() {
            return Err(ScanError::WrongScreen(scan.screen));
        }
        let pos = self.world().points.get(&scan.pos).cloned();
        let pos = pos.ok_or_else(|| ScanError::UnknownPos(scan.pos.to_string()))?;
        let reading = match &pos.url {
            Some(url) => self.ask(url, &pos).await,
            None => Reading::unreachable("this point of sale has no url"),
        };
        self.show(id, reading, &pos)
    }

    async fn ask(&self, url: &str, pos: &Pos) -> Reading {
        let Callback { method, timeout_ms, .. } = self.faults().callback;
        let request = match method {
            CallbackMethod::Get => self.client.get(url),
            CallbackMethod::Post => self.client.post(url),
        };
        match answer(request.timeout(Duration::from_millis(timeout_ms))).await {
            Ok(answer) => reading::read(&answer, pos),
            Err(error) => Reading::unreachable(format!("the server did not answer: {}", error.without_url())),
        }
    }

    fn show(self: &Arc<Self>, id: u64, reading: Reading, pos: &Pos) -> Result<Scan, ScanError> {
        let mut scans = lock(&self.scans);
        let scan = scans.0.get_mut(&id).ok_or(ScanError::UnknownScan(id))?;
        if !scan.screen.can_ask() {
            // Another answer came first, or the buyer left.
            return Ok(scan.clone());
        }
        scan.polls += 1;
        scan.screen = reading.screen;
        scan.generation = reading.generation;
        scan.details = reading.details;
        if let Some(document) = reading.order {
            scan.amount = pos.site.number(document.total);
            scan.items.clone_from(&document.items);
            scan.external_reference = Some(document.external_reference.clone());
            scan.merchant_order = Some(self.open(document, pos));
        }
        Ok(scan.clone())
    }

    /// Every scan that reaches the checkout makes a merchant order; one that is not paid stays opened for ever.
    fn open(self: &Arc<Self>, document: OrderDocument, pos: &Pos) -> u64 {
        let now = self.clock.now();
        let order = MerchantOrder {
            id: 0,
            owner: pos.owner,
            site: pos.site,
            preference: String::new(),
            pos: Some(pos.id),
            total: document.total,
            items: document.items,
            title: document.title,
            external_reference: document.external_reference,
            notification_url: document.notification_url,
            sponsor_id: document.sponsor_id,
            payments: Vec::new(),
            closed: false,
            created: now,
            updated: now,
        };
        self.change(|world| world.open_order(order))
    }

    /// The buyer pays with a means of payment of that name.
    pub fn pay(self: &Arc<Self>, id: u64, means: &str) -> Result<Scan, ScanError> {
        let means = means::find(means).ok_or_else(|| ScanError::UnknownMeans(means.to_owned()))?;
        let mut scans = lock(&self.scans);
        let scan = scans.0.get_mut(&id).ok_or(ScanError::UnknownScan(id))?;
        let order = scan.merchant_order.filter(|_| scan.screen.can_pay());
        let Some(order) = order.and_then(|order| self.world().orders.get(&order).cloned()) else {
            return Err(ScanError::WrongScreen(scan.screen));
        };
        let twist = lock(&self.faults).next_payment.take().unwrap_or_default();
        let now = self.clock.now();
        let store = order.pos.and_then(|pos| self.world().points.get(&pos).map(|pos| pos.store_id));
        let payment = Payment {
            pos: order.pos,
            store,
            description: order.title.clone(),
            sponsor_id: order.sponsor_id,
            notification_url: Some(order.notification_url.clone()),
            external_reference: Some(order.external_reference.clone()),
            ..bare_payment(order.owner, order.site, (order.total, means.method), now)
        };
        let payment = twisted(settled(payment, means.status, means.detail), twist);
        let attempt = Attempt { payment, order: Some(order.id) };
        scan.payment = Some(self.change(|world| world.pay(attempt)));
        scan.status_detail = Some(means.detail.to_owned());
        scan.screen = match means.status {
            "approved" => Screen::Paid,
            "rejected" => Screen::Rejected,
            _ => Screen::Pending,
        };
        Ok(scan.clone())
    }

    /// The buyer walks away. A merchant order that was opened stays so.
    pub fn abandon(&self, id: u64) -> Result<Scan, ScanError> {
        let mut scans = lock(&self.scans);
        let scan = scans.0.get_mut(&id).ok_or(ScanError::UnknownScan(id))?;
        if scan.screen == Screen::Paid {
            return Err(ScanError::WrongScreen(scan.screen));
        }
        scan.screen = Screen::Abandoned;
        Ok(scan.clone())
    }
}

/// A payment of that amount without anything around it, still pending.
pub fn bare_payment(owner: u64, site: Site, (amount, method): (i64, Method), now: Moment) -> Payment {
    Payment {
        id: 0,
        owner,
        collector_id: owner,
        site,
        currency: site.currency().to_owned(),
        amount,
        status: "pending".to_owned(),
        status_detail: "pending_contingency".to_owned(),
        method,
        description: String::new(),
        external_reference: None,
        order: None,
        pos: None,
        store: None,
        sponsor_id: None,
        notification_url: None,
        refunds: Vec::new(),
        created: now,
        approved: None,
        updated: now,
    }
}

/// The payment with its outcome.
pub fn settled(payment: Payment, status: &str, detail: &str) -> Payment {
    let approved = (status == "approved").then_some(payment.created);
    Payment { status: status.to_owned(), status_detail: detail.to_owned(), approved, ..payment }
}

/// The payment with what a fault makes it say.
fn twisted(payment: Payment, twist: Twist) -> Payment {
    Payment {
        collector_id: twist.collector_id.unwrap_or(payment.collector_id),
        amount: payment.site.amount(&twist.amount).unwrap_or(payment.amount),
        currency: twist.currency.unwrap_or(payment.currency),
        external_reference: twist.external_reference.or(payment.external_reference),
        ..payment
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let mut response = request.send().await?;
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default(),
        order_version: text(response.headers(), "order-version"),
        client_id: response.headers().contains_key("client-id"),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await? {
        answer.body.extend_from_slice(&chunk);
        if answer.body.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(answer)
}

/// The client for callbacks and notifications. Redirects are not followed: what Mercado Pago does with them is not
/// documented, and a server should not answer with one.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(crate::tls::config())
        .redirect(Policy::none())
        .no_proxy()
        .build()
}
