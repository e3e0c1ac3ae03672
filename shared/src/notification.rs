//! Mercado Pago's news in every dialect that it speaks, reduced to "look at this resource".
//!
//! Two systems send them ("Webhooks" and "IPN" in Mercado Pago's pages), and each has its forms:
//!
//! | dialect | query | body |
//! | --- | --- | --- |
//! | feed (IPN) | `topic`, `id`, in any order | `{"resource","topic"}`, or none |
//! | Webhooks | `type`, `data.id` | `{"type","action","data":{"id"}}` |
//! | Webhooks, merchant order | as above, or none | `{"type":"topic_merchant_order_wh","id":<merchant order>}` |
//! | Webhooks, legacy Point | none | flat: `{"id","state",…}` without `type` |

use serde::Deserialize;
use serde_json::Value;

use crate::id::{MerchantOrderId, PaymentId, ResourceId};
use crate::queue::Resource;

/// A body longer than this is no notification: real ones have a few hundred bytes.
pub const LONGEST_BODY: usize = 64 * 1024;

/// A notification that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// What to look at; `None` for news that need no look.
    pub resource: Option<Resource>,
    /// Whether Mercado Pago signs this dialect so that the signature can be verified.
    pub verifiable: bool,
    /// The topic, for the log.
    pub topic: String,
    /// What the signature may cover: the query's `data.id`. Where the query has none, Mercado Pago leaves that part out,
    /// and older deliveries of Point are reported to cover the body's id instead; either is authentic if it verifies.
    pub signed_ids: Vec<Option<String>>,
    /// The user id of the seller that the body names. No signature covers it.
    pub seller: Option<String>,
}

/// Why a notification cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// More than [`LONGEST_BODY`] bytes.
    #[error("the body is longer than any notification")]
    TooLong,
    /// A body that is not a JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// Neither query nor body says what it is about.
    #[error("neither the query nor the body names a topic")]
    NoTopic,
    /// A topic that Mercado Pago does not document.
    #[error("the topic is unknown")]
    UnknownTopic,
    /// No id, or one of the wrong shape.
    #[error("the id of the resource is missing or malformed")]
    NoId,
}

/// Topics of subscriptions, wallets, cards and deliveries, and those whose news also come as a payment's: known,
/// acknowledged, and nothing to look at.
const NOT_FOR_US: [&str; 10] = [
    "delivery",
    "delivery_cancellation",
    "stop_delivery_op_wh",
    "subscription_authorized_payment",
    "subscription_preapproval",
    "subscription_preapproval_plan",
    "topic_card_id_wh",
    // A dispute changes the payment to `in_mediation`, which its own notification tells.
    "topic_claims_integration_wh",
    "wallet_connect",
    "automatic-payments",
];

/// Topics that only Webhooks have.
const WEBHOOK_TOPICS: [&str; 6] = [
    "order",
    "orders",
    "point_integration_wh",
    "topic_chargebacks_wh",
    "topic_merchant_order_wh",
    "mp-connect",
];

/// Reads a notification from its query string and its body.
pub fn understand(query: &str, body: &[u8]) -> Result<Notification, NotUnderstood> {
    let query = Query::parse(query);
    if body.len() > LONGEST_BODY {
        return Err(NotUnderstood::TooLong);
    }
    // The feed may come without a body, and then the query says it all. A topic of Webhooks in its place is one of those.
    if let Some(topic) = &query.topic
        && query.data_id.is_none()
        && !WEBHOOK_TOPICS.contains(&topic.as_str())
    {
        return feed(topic, query.id.as_deref(), body);
    }
    let body: Body = if body.iter().all(u8::is_ascii_whitespace) {
        Body::default()
    } else {
        match serde_json::from_slice(body) {
            Ok(body @ Value::Object(_)) => Body::deserialize(body).unwrap_or_default(),
            _ => return Err(NotUnderstood::NotJson),
        }
    };
    if let (Some(topic), None) = (&body.topic, &body.kind) {
        return feed_body(topic, &body);
    }
    webhook(&query, &body)
}

fn feed(topic: &str, id: Option<&str>, body: &[u8]) -> Result<Notification, NotUnderstood> {
    let from_body =
        || serde_json::from_slice::<Body>(body).ok()?.resource.map(|resource| last_segment(&resource));
    let id = id.map(str::to_owned).or_else(from_body);
    let resource = feed_resource(topic, id.as_deref())?;
    Ok(of_feed(topic, resource))
}

fn feed_body(topic: &str, body: &Body) -> Result<Notification, NotUnderstood> {
    let id = body.resource.as_deref().map(last_segment);
    let resource = feed_resource(topic, id.as_deref())?;
    Ok(of_feed(topic, resource))
}

fn of_feed(topic: &str, resource: Option<Resource>) -> Notification {
    let topic = topic.to_owned();
    Notification { resource, verifiable: false, topic, signed_ids: Vec::new(), seller: None }
}

fn feed_resource(topic: &str, id: Option<&str>) -> Result<Option<Resource>, NotUnderstood> {
    let id = || id.ok_or(NotUnderstood::NoId);
    Ok(Some(match topic {
        "payment" => Resource::payment(id()?)?,
        "merchant_order" => Resource::merchant_order(id()?)?,
        "chargebacks" => Resource::Chargeback(resource_id(id()?)?),
        "point_integration_ipn" => Resource::PaymentIntent(resource_id(id()?)?),
        topic if NOT_FOR_US.contains(&topic) => return Ok(None),
        _ => return Err(NotUnderstood::UnknownTopic),
    }))
}

fn webhook(query: &Query, body: &Body) -> Result<Notification, NotUnderstood> {
    // Some deliveries tell only what happened: `order.processed`.
    let of_action =
        || body.action.as_ref().and_then(|action| action.split_once('.')).map(|(of, _)| of.to_owned());
    let named = body.kind.as_ref().or(query.kind.as_ref()).or(query.topic.as_ref()).cloned();
    let topic = match named.or_else(of_action) {
        Some(topic) => topic,
        // The legacy Point form has no `type`: it is told by its flat shape.
        None if body.state.is_some() && body.id.is_some() => "point_integration_wh".to_owned(),
        None => return Err(NotUnderstood::NoTopic),
    };
    // The signature covers the query's id, so where both are given the query's is the one to look at; but some deliveries
    // lower its case, and an order is fetched by its id as it is.
    let of_body = body.data.as_ref().and_then(|data| data.id.as_deref());
    let of_query = query.data_id.as_deref().or(query.id.as_deref());
    let id = match (of_query, of_body) {
        (Some(query), Some(body)) if query.eq_ignore_ascii_case(body) => Some(body),
        (query, body) => query.or(body),
    };
    let of_data = || id.ok_or(NotUnderstood::NoId);
    let mut verifiable = true;
    let resource = match topic.as_str() {
        "payment" | "payments" => Some(Resource::payment(of_data()?)?),
        "order" | "orders" => Some(Resource::Order(resource_id(of_data()?)?)),
        "topic_merchant_order_wh" => {
            verifiable = false;
            let id = body.id.as_deref().or(id).ok_or(NotUnderstood::NoId)?;
            Some(Resource::merchant_order(id)?)
        }
        "point_integration_wh" => {
            let id = id.or(body.id.as_deref()).ok_or(NotUnderstood::NoId)?;
            Some(Resource::PaymentIntent(resource_id(id)?))
        }
        "topic_chargebacks_wh" | "chargebacks" => Some(Resource::Chargeback(resource_id(of_data()?)?)),
        // A seller who consented comes back by the browser: there is nothing to look at.
        "mp-connect" if body.action.as_deref() == Some("application.authorized") => None,
        "mp-connect" => Some(Resource::Connection(resource_id(of_data()?)?)),
        topic if NOT_FOR_US.contains(&topic) => None,
        _ => return Err(NotUnderstood::UnknownTopic),
    };
    let signed_ids = match &query.data_id {
        Some(id) => vec![Some(id.clone())],
        None => vec![None, body.data.as_ref().and_then(|data| data.id.clone()).or_else(|| body.id.clone())],
    };
    let is_user =
        |id: &&String| (1..=20).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_digit());
    // The flat form of legacy Point has it under another name.
    let seller = [&body.user_id, &body.caller_id].into_iter().flatten().find(is_user).cloned();
    Ok(Notification { resource, verifiable, topic, signed_ids, seller })
}

impl Resource {
    fn payment(id: &str) -> Result<Self, NotUnderstood> {
        PaymentId::parse(id).map(Self::Payment).map_err(|_| NotUnderstood::NoId)
    }

    fn merchant_order(id: &str) -> Result<Self, NotUnderstood> {
        MerchantOrderId::parse(id).map(Self::MerchantOrder).map_err(|_| NotUnderstood::NoId)
    }
}

fn resource_id(id: &str) -> Result<ResourceId, NotUnderstood> {
    ResourceId::parse(id).map_err(|_| NotUnderstood::NoId)
}

/// The id at the end of `https://api.mercadolibre.com/merchant_orders/15140831325`, or the text itself.
fn last_segment(resource: &str) -> String {
    let path = resource.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[derive(Default)]
struct Query {
    topic: Option<String>,
    id: Option<String>,
    kind: Option<String>,
    data_id: Option<String>,
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "topic" => &mut read.topic,
                "id" => &mut read.id,
                "type" => &mut read.kind,
                "data.id" => &mut read.data_id,
                _ => continue,
            };
            slot.get_or_insert_with(|| value.into_owned());
        }
        read
    }
}

/// The parts of a body that matter. Ids come as numbers and as strings; what has another type counts as absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    #[serde(deserialize_with = "text")]
    action: Option<String>,
    #[serde(deserialize_with = "text")]
    topic: Option<String>,
    #[serde(deserialize_with = "text")]
    resource: Option<String>,
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    state: Option<String>,
    #[serde(deserialize_with = "text")]
    user_id: Option<String>,
    #[serde(deserialize_with = "text")]
    caller_id: Option<String>,
    #[serde(deserialize_with = "object")]
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn object<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Data>, D::Error> {
    Ok(Data::deserialize(Value::deserialize(deserializer)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str, body: &str) -> Result<(Resource, bool), NotUnderstood> {
        understand(query, body.as_bytes())
            .map(|news| (news.resource.expect("something to look at"), news.verifiable))
    }

    fn payment(id: &str) -> Resource {
        Resource::Payment(PaymentId::parse(id).unwrap())
    }

    fn merchant_order(id: &str) -> Resource {
        Resource::MerchantOrder(MerchantOrderId::parse(id).unwrap())
    }

    #[test]
    fn the_feed_is_a_hint_in_any_order_of_its_query_with_or_without_a_body() {
        let body = r#"{"resource":"https://api.mercadolibre.com/merchant_orders/36678944360","topic":"merchant_order"}"#;
        let expected = Ok((merchant_order("36678944360"), false));
        assert_eq!(read("id=36678944360&topic=merchant_order", body), expected);
        assert_eq!(read("key=k&topic=merchant_order&id=36678944360", ""), expected);
        assert_eq!(read("topic=merchant_order", body), expected);
        assert_eq!(read("", body), expected);
        assert_eq!(read("topic=payment&id=123456", ""), Ok((payment("123456"), false)));
        assert_eq!(
            read("", r#"{"resource":"150211668619","topic":"payment"}"#),
            Ok((payment("150211668619"), false))
        );
        assert_eq!(read("topic=payment&id=123456", "not json"), Ok((payment("123456"), false)));
    }

    #[test]
    fn webhooks_are_verifiable_and_the_query_names_the_resource() {
        let body = r#"{"id":12345,"live_mode":true,"type":"payment","action":"payment.created","data":{"id":"999999999"}}"#;
        assert_eq!(read("data.id=999999999&type=payment", body), Ok((payment("999999999"), true)));
        assert_eq!(
            read("data.id=1&type=payment", body),
            Ok((payment("1"), true)),
            "the simulator's body differs"
        );
        assert_eq!(read("", body), Ok((payment("999999999"), true)));
        assert_eq!(
            read("", r#"{"type":"payment","data":{"id":999999999}}"#),
            Ok((payment("999999999"), true))
        );
        assert_eq!(read("data.id=5&type=payment", ""), Ok((payment("5"), true)));
        let order =
            r#"{"action":"order.processed","type":"order","data":{"id":"ORD01JV3BQDPK6XYZ","version":3}}"#;
        let expected = Resource::Order(ResourceId::parse("ORD01JV3BQDPK6XYZ").unwrap());
        assert_eq!(read("data.id=ORD01JV3BQDPK6XYZ&type=order", order), Ok((expected, true)));
        assert_eq!(
            read("data.id=ord01jv3bqdpk6xyz&type=order", order),
            read("data.id=ORD01JV3BQDPK6XYZ&type=order", order)
        );
        let chargeback = r#"{"type":"topic_chargebacks_wh","data":{"id":"217000061"}}"#;
        let expected = Resource::Chargeback(ResourceId::parse("217000061").unwrap());
        assert_eq!(read("data.id=217000061&type=topic_chargebacks_wh", chargeback), Ok((expected, true)));
        let unlink = r#"{"type":"mp-connect","action":"application.deauthorized","data":{"id":"241983636"}}"#;
        let expected = Resource::Connection(ResourceId::parse("241983636").unwrap());
        assert_eq!(read("data.id=241983636&type=mp-connect", unlink), Ok((expected, true)));
        let link = unlink.replace("deauthorized", "authorized");
        let news = understand("data.id=241983636&type=mp-connect", link.as_bytes()).unwrap();
        assert_eq!((news.resource, news.verifiable), (None, true));
    }

    #[test]
    fn the_seller_is_the_one_that_the_body_names() {
        let seller = |body: &str| understand("data.id=1&type=payment", body.as_bytes()).unwrap().seller;
        for (body, expected) in [
            (r#"{"type":"payment","user_id":44444}"#, Some("44444")),
            (r#"{"type":"payment","user_id":"2025701502"}"#, Some("2025701502")),
            (r#"{"type":"payment","caller_id":98765430}"#, Some("98765430")),
            (r#"{"type":"payment","user_id":-1}"#, None),
            (r#"{"type":"payment","user_id":"a name"}"#, None),
            (r#"{"type":"payment","user_id":{}}"#, None),
            ("", None),
        ] {
            assert_eq!(seller(body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn webhooks_in_other_clothes_are_webhooks() {
        let order = ResourceId::parse("ORD01JV3BQDPK6XYZ").unwrap();
        let expected = Ok((Resource::Order(order), true));
        for (query, body) in [
            ("topic=order&id=ORD01JV3BQDPK6XYZ", ""),
            ("data.id=ORD01JV3BQDPK6XYZ&type=order&topic=order", ""),
            ("data.id=ORD01JV3BQDPK6XYZ", r#"{"action":"order.processed"}"#),
            ("", r#"{"action":"order.processed","data":{"id":"ORD01JV3BQDPK6XYZ"}}"#),
        ] {
            assert_eq!(read(query, body), expected, "{query} {body}");
        }
        let intent = ResourceId::parse("8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33").unwrap();
        for (query, body) in [
            (
                "data.id=8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33&type=point_integration_wh",
                r#"{"id":"77","state":"FINISHED"}"#,
            ),
            ("topic=point_integration_wh&id=8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33", ""),
            (
                "",
                r#"{"id":"77","type":"point_integration_wh","data":{"id":"8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33"}}"#,
            ),
        ] {
            assert_eq!(
                read(query, body),
                Ok((Resource::PaymentIntent(intent.clone()), true)),
                "{query} {body}"
            );
        }
        assert_eq!(read("data.id=5&type=payment&topic=payment", ""), Ok((payment("5"), true)));
    }

    #[test]
    fn a_merchant_order_in_webhooks_form_has_its_id_at_the_top_and_no_verifiable_signature() {
        let body = r#"{"action":"update","application_id":"7910800073137785","data":{"currency_id":"","status":"closed"},"id":"23603350837","type":"topic_merchant_order_wh","user_id":2012037660,"version":1}"#;
        assert_eq!(read("", body), Ok((merchant_order("23603350837"), false)));
        assert_eq!(
            read("data.id=1&type=topic_merchant_order_wh", body),
            Ok((merchant_order("23603350837"), false))
        );
    }

    #[test]
    fn legacy_point_is_told_by_its_flat_shape() {
        let body = r#"{"amount":100,"id":"8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33","payment":{"id":123456789,"state":"approved"},"state":"FINISHED"}"#;
        let expected =
            Resource::PaymentIntent(ResourceId::parse("8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33").unwrap());
        assert_eq!(read("", body), Ok((expected, true)));
    }

    #[test]
    fn what_cannot_be_understood_says_why() {
        for (query, body, error) in [
            ("", "", NotUnderstood::NoTopic),
            ("", "{}", NotUnderstood::NoTopic),
            ("", "[]", NotUnderstood::NotJson),
            ("", "hello", NotUnderstood::NotJson),
            ("", r#"{"type":"payment"}"#, NotUnderstood::NoId),
            ("", r#"{"type":"payment","data":[]}"#, NotUnderstood::NoId),
            ("", r#"{"type":"payment","data":{"id":{}}}"#, NotUnderstood::NoId),
            ("data.id=1%2F..%2F2&type=payment", "", NotUnderstood::NoId),
            ("topic=payment&id=abc", "", NotUnderstood::NoId),
            ("topic=payment", "", NotUnderstood::NoId),
            ("topic=weather&id=1", "", NotUnderstood::UnknownTopic),
            ("data.id=1&type=weather", "", NotUnderstood::UnknownTopic),
        ] {
            assert_eq!(understand(query, body.as_bytes()).map(|_| ()), Err(error), "{query} {body}");
        }
        assert_eq!(understand("", &vec![b' '; LONGEST_BODY + 1]).map(|_| ()), Err(NotUnderstood::TooLong));
        assert_eq!(understand("data.id=1&type=subscription_preapproval", b"").unwrap().resource, None);
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(query in "\\PC{0,200}", body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = understand(&query, &body);
        }
    }
}
