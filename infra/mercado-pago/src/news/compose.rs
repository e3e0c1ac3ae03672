//! What a change is told as.
//!
//! The feed (IPN) goes to the order's `notification_url`; Webhooks go to the application's URL. `source_news=ipn` or
//! `source_news=webhooks` on a URL restricts what it gets; any query of a URL is kept and the system's own is appended.
//! Sources: the notifications pages, and captured deliveries for the exact bodies.

use reqwest::Url;

use super::{Dialect, Notification, State};
use crate::account::Account;
use crate::clock::Moment;
use crate::faults::Webhooks;
use crate::json::{Json, object};
use crate::world::{Change, World};

/// What a change is about.
struct Subject<'a> {
    seller: &'a Account,
    /// The `notification_url` of the order behind it.
    url: Option<&'a str>,
    id: String,
    feed_topic: &'static str,
    feed_resource: String,
    webhook: Option<(&'static str, Json)>,
}

/// The notifications of a change.
pub fn compose(world: &World, change: &Change, webhooks: &Webhooks, now: Moment) -> Vec<Notification> {
    let Some(subject) = subject(world, change, webhooks, now) else { return Vec::new() };
    let mut all = Vec::new();
    for (url, is_panel) in [(subject.url, false), (subject.seller.webhook_url.as_deref(), true)] {
        let Some(url) = url.and_then(|url| Url::parse(url).ok()) else { continue };
        let source =
            url.query_pairs().find(|(name, _)| name == "source_news").map(|(_, value)| value.into_owned());
        // The singular is an older spelling.
        let wants_webhooks = matches!(source.as_deref(), Some("webhooks" | "webhook"));
        let wants_feed = source.as_deref() == Some("ipn");
        let feed = if is_panel { wants_feed } else { !wants_webhooks };
        let hooks = if is_panel {
            !wants_feed
        } else {
            wants_webhooks || (source.is_none() && webhooks.to_notification_url)
        };
        if feed {
            all.push(subject.feed(url.clone(), now));
        }
        if hooks {
            all.extend(subject.webhook(url, now));
        }
    }
    all
}

fn subject<'a>(world: &'a World, change: &Change, webhooks: &Webhooks, now: Moment) -> Option<Subject<'a>> {
    match change {
        Change::OrderCreated(id) | Change::OrderUpdated(id) => {
            let order = world.orders.get(id)?;
            let seller = world.accounts.get(&order.owner)?;
            let action = if matches!(change, Change::OrderCreated(_)) { "create" } else { "update" };
            let body = object! {
                "action": action,
                "application_id": seller.application_id.to_string(),
                "data": object! {"currency_id": "", "marketplace": "NONE", "status": order.status()},
                "date_created": now,
                "id": id.to_string(),
                "live_mode": seller.live_mode,
                "status": order.status(),
                "type": "topic_merchant_order_wh",
                "user_id": seller.collector_id,
                "version": order.payments.len(),
            };
            Some(Subject {
                seller,
                url: Some(&order.notification_url),
                id: id.to_string(),
                feed_topic: "merchant_order",
                feed_resource: format!("https://api.mercadolibre.com/merchant_orders/{id}"),
                webhook: webhooks.merchant_order.then_some(("topic_merchant_order_wh", body)),
            })
        }
        Change::PaymentCreated(id) | Change::PaymentUpdated(id) => {
            let payment = world.payments.get(id)?;
            let seller = world.accounts.get(&payment.owner)?;
            let created = matches!(change, Change::PaymentCreated(_));
            let action = if created { "payment.created" } else { "payment.updated" };
            Some(Subject {
                seller,
                url: payment.notification_url.as_deref(),
                id: id.to_string(),
                feed_topic: "payment",
                feed_resource: id.to_string(),
                webhook: Some(("payment", event(seller, "payment", action, &id.to_string(), now))),
            })
        }
        Change::Chargeback(id) => {
            let chargeback = world.chargebacks.get(id)?;
            let seller = world.accounts.get(&chargeback.owner)?;
            let payment = world.payments.get(&chargeback.payment)?;
            let topic = "topic_chargebacks_wh";
            Some(Subject {
                seller,
                url: payment.notification_url.as_deref(),
                id: id.clone(),
                feed_topic: "chargebacks",
                feed_resource: id.clone(),
                webhook: Some((topic, event(seller, topic, "created", id, now))),
            })
        }
    }
}

/// The usual body of a Webhook.
fn event(seller: &Account, topic: &str, action: &str, id: &str, now: Moment) -> Json {
    object! {
        "id": now.unix_milliseconds(),
        "live_mode": seller.live_mode,
        "type": topic,
        "date_created": now,
        "application_id": seller.application_id,
        "user_id": seller.collector_id,
        "version": 1,
        "api_version": "v1",
        "action": action,
        "data": object! {"id": id},
    }
}

impl Subject<'_> {
    fn feed(&self, mut url: Url, now: Moment) -> Notification {
        url.query_pairs_mut().append_pair("id", &self.id).append_pair("topic", self.feed_topic);
        let body = object! {"resource": self.feed_resource.as_str(), "topic": self.feed_topic};
        self.notification(Dialect::Ipn, self.feed_topic, &url, &body, now)
    }

    fn webhook(&self, mut url: Url, now: Moment) -> Option<Notification> {
        let (topic, body) = self.webhook.as_ref()?;
        url.query_pairs_mut().append_pair("data.id", &self.id).append_pair("type", topic);
        Some(self.notification(Dialect::Webhooks, topic, &url, body, now))
    }

    fn notification(
        &self,
        dialect: Dialect,
        topic: &str,
        url: &Url,
        body: &Json,
        now: Moment,
    ) -> Notification {
        Notification {
            id: 0,
            account: self.seller.collector_id,
            dialect,
            topic: topic.to_owned(),
            resource: self.id.clone(),
            url: url.to_string(),
            body: body.to_string(),
            created: now,
            state: State::Sending,
            tries: Vec::new(),
        }
    }
}
