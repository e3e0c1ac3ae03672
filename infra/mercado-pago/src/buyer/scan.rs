//! A phone that scanned a pump's QR.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::document::OrderDocument;
use super::reading::{Reading, Screen};
use crate::app::{App, lock};
use crate::clock::Moment;
use crate::faults::Callback;
use crate::json::Json;
use crate::model::order::MerchantOrder;
use crate::model::pos::Pos;
use crate::qr;
use crate::world::World;

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
        let mut scans = lock(&self.scans);
        let scan = scans.0.get_mut(&id).ok_or(ScanError::UnknownScan(id))?;
        self.follow_review(scan);
        Ok(scan.clone())
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
            preference: format!("{}-{}", pos.owner, self.uuid()),
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
