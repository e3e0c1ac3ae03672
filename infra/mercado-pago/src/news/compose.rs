//! What a change is told as.
//!
//! The feed (IPN) goes to the order's `notification_url`; Webhooks go to the application's URL. `source_news=ipn` or
//! `source_news=webhooks` on a URL restricts what it gets; any query of a URL is kept and the system's own is appended.
//! Sources: the notifications pages, and captured deliveries for the exact bodies.

use reqwest::Url;

use super::{Dialect, Notification, State};
use crate::account::Account;
use crate::clock::Moment;
use crate::faults::Faults;
use crate::json::{Json, object};
use crate::model::charge::{Charge, Standing};
use crate::oauth::Application;
use crate::world::{Change, Told, World};

/// What a change is about.
struct Subject<'a> {
    seller: &'a Account,
    /// The `notification_url` of the order behind it.
    url: Option<&'a str>,
    id: String,
    /// Topic and resource of the feed, which some things have no part in.
    feed: Option<(&'static str, String)>,
    webhook: Option<(&'static str, Json)>,
    /// Whether the Webhook's query has no `data.id`.
    bare: bool,
    /// The one application that is told; when not given, the seller's own and every other that acts for the seller.
    only: Option<u64>,
}

/// The notifications of a change.
pub fn compose(world: &World, change: &Change, faults: &Faults, now: Moment) -> Vec<Notification> {
    let Some(subject) = subject(world, change, faults, now) else { return Vec::new() };
    let mut all = Vec::new();
    let panel = subject.seller.webhook_url.as_deref().filter(|_| subject.only.is_none());
    for (url, is_panel) in [(subject.url, false), (panel, true)] {
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
            wants_webhooks || (source.is_none() && faults.webhooks.to_notification_url)
        };
        if feed {
            all.extend(subject.feed(url.clone(), now));
        }
        if hooks {
            all.extend(subject.webhook(url, now));
        }
    }
    // That an application is told everything of its sellers, whoever made it, is inferred.
    let told: Vec<_> = match subject.only {
        Some(id) => world.oauth.applications.get(&id).into_iter().collect(),
        None => world.oauth.of(subject.seller.collector_id).collect(),
    };
    for application in told {
        let url = application.webhook_url.as_deref().and_then(|url| Url::parse(url).ok());
        all.extend(url.and_then(|url| subject.webhook_of(application, url, now)));
    }
    all
}

fn subject<'a>(world: &'a World, change: &Change, faults: &Faults, now: Moment) -> Option<Subject<'a>> {
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
                feed: Some(("merchant_order", format!("https://api.mercadolibre.com/merchant_orders/{id}"))),
                webhook: faults.webhooks.merchant_order.then_some(("topic_merchant_order_wh", body)),
                bare: false,
                only: None,
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
                feed: Some(("payment", id.to_string())),
                webhook: Some(("payment", event(seller, "payment", action, &id.to_string(), now))),
                bare: false,
                only: None,
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
                feed: Some(("chargebacks", id.clone())),
                webhook: Some((topic, event(seller, topic, "created", id, now))),
                bare: false,
                only: None,
            })
        }
        Change::Authorized { application, seller } | Change::Deauthorized { application, seller } => {
            let account = world.accounts.get(seller)?;
            let authorized = matches!(change, Change::Authorized { .. });
            let action = if authorized { "application.authorized" } else { "application.deauthorized" };
            let id = seller.to_string();
            Some(Subject {
                seller: account,
                url: None,
                feed: None,
                webhook: Some(("mp-connect", event(account, "mp-connect", action, &id, now))),
                id,
                bare: false,
                only: Some(*application),
            })
        }
        Change::Charge(id, told) => {
            let made = world.charges.get(id)?;
            let seller = world.accounts.get(&made.owner)?;
            let (topic, body) = if made.is_order() {
                ("order", order_event(world, seller, made, *told, now))
            } else if *told == Told::Refunded {
                // The payment tells of its refunds; an intent has no word for them.
                return None;
            } else {
                ("point_integration_wh", intent_event(world, seller, made, now))
            };
            Some(Subject {
                seller,
                // Neither generation knows a `notification_url`.
                url: None,
                id: id.clone(),
                feed: None,
                webhook: Some((topic, body)),
                bare: !made.is_order() && faults.terminals.bare_intents,
                only: None,
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

/// `action` of an order's Webhook.
const fn action(told: Told) -> &'static str {
    match told {
        Told::Processed => "order.processed",
        Told::Canceled => "order.canceled",
        Told::Refunded => "order.refunded",
        Told::ActionRequired => "order.action_required",
        Told::Failed => "order.failed",
        Told::Expired => "order.expired",
    }
}

/// The body of an order's Webhook.
fn order_event(world: &World, seller: &Account, order: &Charge, told: Told, now: Moment) -> Json {
    let payment = order.payment.and_then(|id| world.payments.get(&id));
    object! {
        "action": action(told),
        "api_version": "v1",
        "application_id": seller.application_id.to_string(),
        "data": order.render_news(payment),
        "date_created": now.utc(),
        "live_mode": seller.live_mode,
        "type": "order",
        "user_id": seller.collector_id.to_string(),
    }
}

/// The flat body of an intent's Webhook. Only one that is finished has a payment, but for one whose result is not known.
fn intent_event(world: &World, seller: &Account, intent: &Charge, now: Moment) -> Json {
    let mut body = object! {
        "amount": intent.amount,
        "caller_id": seller.collector_id,
        "client_id": seller.application_id,
        "created_at": now.without_zone(),
        "id": intent.id.as_str(),
        "state": intent.standing.intent_word(),
        "additional_info": intent.render_intent(intent.standing).get("additional_info").clone(),
    };
    if body.get("additional_info").is_null() {
        body.put("additional_info", object! {});
    }
    let payment = intent.payment.and_then(|id| world.payments.get(&id));
    match payment.filter(|_| intent.shows_payment()) {
        Some(payment) => body.put(
            "payment",
            object! {
                "id": payment.id, "state": payment.status.as_str(), "type": payment.method.kind(),
            },
        ),
        None if intent.standing == Standing::ActionRequired => body.put("payment", object! {"state": ""}),
        None => {}
    }
    body
}

impl Subject<'_> {
    fn feed(&self, mut url: Url, now: Moment) -> Option<Notification> {
        let (topic, resource) = self.feed.as_ref()?;
        url.query_pairs_mut().append_pair("id", &self.id).append_pair("topic", topic);
        let body = object! {"resource": resource.as_str(), "topic": *topic};
        Some(self.notification(Dialect::Ipn, topic, &url, &body, now))
    }

    /// The Webhook of another application than the seller's own, which names that one.
    fn webhook_of(&self, application: &Application, url: Url, now: Moment) -> Option<Notification> {
        let (topic, body) = self.webhook.as_ref()?;
        let mut body = body.clone();
        for name in ["application_id", "client_id"] {
            match body.get(name) {
                Json::Null => {}
                Json::Text(_) => body.put(name, application.client_id.to_string().into()),
                _ => body.put(name, application.client_id.into()),
            }
        }
        let application = Some(application.client_id);
        Some(Notification { application, ..self.webhook_with(topic, &body, url, now) })
    }

    fn webhook(&self, url: Url, now: Moment) -> Option<Notification> {
        let (topic, body) = self.webhook.as_ref()?;
        Some(self.webhook_with(topic, body, url, now))
    }

    fn webhook_with(&self, topic: &str, body: &Json, mut url: Url, now: Moment) -> Notification {
        if !self.bare {
            url.query_pairs_mut().append_pair("data.id", &self.id);
        }
        url.query_pairs_mut().append_pair("type", topic);
        self.notification(Dialect::Webhooks, topic, &url, body, now)
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
            application: None,
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
