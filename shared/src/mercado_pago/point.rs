//! Point terminals: which there are, how they work, and what they are asked to take, by both of Mercado Pago's APIs.

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use time::{Duration, OffsetDateTime};

use super::client::{MercadoPago, instant};
use super::wire::{self, Text};
use super::{ApiError, Order, PaymentIntent};
use crate::id::{ResourceId, TerminalId};
use crate::sale::{Charge, ChargeFact, LIFETIME, PointApi};

/// Terminals on a page: the most that Mercado Pago gives.
const PAGE: usize = 50;
/// An account with more terminals than this is none: it ends a list that has no end.
const MOST: usize = 10_000;

/// How a terminal works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatingMode {
    /// `PDV`: driven by the API.
    Pdv,
    /// `STANDALONE`: by hand.
    Standalone,
    /// `UNDEFINED`, `SELF_SERVICE`, or another word.
    Other,
}

/// A terminal of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its id.
    pub id: TerminalId,
    /// Mercado Pago's word for how it works.
    pub operating_mode: String,
    /// The store that it is linked to, if it is.
    pub store_id: Option<String>,
    /// The point of sale that it is linked to, if it is.
    pub pos_id: Option<String>,
    /// The seller's own id of that point of sale.
    pub external_pos_id: Option<String>,
}

impl Terminal {
    /// What the word for its mode means.
    #[must_use]
    pub fn mode(&self) -> OperatingMode {
        match self.operating_mode.as_str() {
            "PDV" => OperatingMode::Pdv,
            "STANDALONE" => OperatingMode::Standalone,
            _ => OperatingMode::Other,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    id: Text,
    operating_mode: Text,
    store_id: Text,
    pos_id: Text,
    external_pos_id: Text,
}

impl Body {
    /// `None` for what has no id that can be one.
    fn terminal(self) -> Option<Terminal> {
        let linked = |id: Text| id.into_inner().filter(|id| !id.is_empty() && id != "0");
        Some(Terminal {
            id: TerminalId::parse(self.id.as_deref()?).ok()?,
            operating_mode: self.operating_mode.into_inner().unwrap_or_else(|| "UNDEFINED".to_owned()),
            store_id: linked(self.store_id),
            pos_id: linked(self.pos_id),
            external_pos_id: linked(self.external_pos_id),
        })
    }
}

/// A page of terminals: `data.terminals` by Orders, `devices` by the legacy API. Each is read by itself, so that one that
/// cannot be read does not take the others away.
#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    #[serde(deserialize_with = "wire::optional")]
    data: Option<Terminals>,
    #[serde(deserialize_with = "wire::optional")]
    terminals: Option<Vec<Box<RawValue>>>,
    #[serde(deserialize_with = "wire::optional")]
    devices: Option<Vec<Box<RawValue>>>,
    #[serde(deserialize_with = "wire::optional")]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Terminals {
    terminals: Vec<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paging {
    total: Text,
}

/// What a page holds.
struct Page {
    terminals: Vec<Terminal>,
    /// How many entries it had, also those that could not be read.
    entries: usize,
    /// How many there are on all pages, if it is told.
    total: Option<usize>,
}

impl List {
    /// `None` for a document that is no list of terminals.
    fn page(self) -> Option<Page> {
        let entries = self.data.map(|data| data.terminals).or(self.terminals).or(self.devices)?;
        let read = |entry: &RawValue| serde_json::from_str::<Body>(entry.get()).ok()?.terminal();
        Some(Page {
            terminals: entries.iter().filter_map(|entry| read(entry)).collect(),
            entries: entries.len(),
            total: self.paging.and_then(|paging| paging.total.as_deref()?.parse().ok()),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OrderList {
    #[serde(deserialize_with = "wire::each")]
    data: Vec<Order>,
    #[serde(deserialize_with = "wire::each")]
    results: Vec<Order>,
    #[serde(deserialize_with = "wire::each")]
    elements: Vec<Order>,
}

/// Who a token is for (`/users/me`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct User {
    id: Text,
    site_id: Text,
}

impl User {
    /// The user id: what payments call the collector.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The country's site: `MLA`.
    #[must_use]
    pub fn site(&self) -> Option<&str> {
        self.site_id.as_deref()
    }
}

/// What a cancellation came to, as far as its answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// Mercado Pago took it: what it came to is read from the charge.
    Asked,
    /// It will not: the terminal shows it, and only there can it be cancelled; or it is over, or not known. What it came to
    /// is read from the charge.
    Refused,
}

impl MercadoPago {
    /// Who a token is for.
    pub async fn me(&self, token: &SecretString) -> Result<User, ApiError> {
        self.get(token, "/users/me").await
    }

    /// Every terminal of an account: all pages. Mercado Pago may give fewer at once than were asked for, and its total is not
    /// believed while pages are full: the end is a page that is short by the total's word too, or one with nothing new.
    pub async fn terminals(&self, token: &SecretString, api: PointApi) -> Result<Vec<Terminal>, ApiError> {
        let path = match api {
            PointApi::Orders => "/terminals/v1/list",
            PointApi::PaymentIntents => "/point/integration-api/devices",
        };
        let mut all: Vec<Terminal> = Vec::new();
        let mut offset = 0_usize;
        loop {
            let list: List = self.get(token, &format!("{path}?limit={PAGE}&offset={offset}")).await?;
            let unreadable = || ApiError::Unreadable("no list of terminals".to_owned());
            let Page { terminals, entries, total } = list.page().ok_or_else(unreadable)?;
            let known = all.len();
            for terminal in terminals {
                if all.iter().all(|other| other.id != terminal.id) {
                    all.push(terminal);
                }
            }
            offset = offset.saturating_add(entries);
            let is_last = entries < PAGE && total.is_some_and(|total| total > 0 && offset >= total);
            if entries == 0 || is_last || (all.len() == known && known > 0) || offset >= MOST {
                return Ok(all);
            }
        }
    }

    /// The terminals of a serial number or an id: one, or none; or several, if two models have the same number.
    pub async fn terminals_named(
        &self,
        token: &SecretString,
        api: PointApi,
        name: &str,
    ) -> Result<Vec<Terminal>, ApiError> {
        let all = self.terminals(token, api).await?;
        let exact = all.iter().find(|terminal| terminal.id.as_str().eq_ignore_ascii_case(name)).cloned();
        Ok(match exact {
            Some(terminal) => vec![terminal],
            None => all.into_iter().filter(|terminal| terminal.id.is_named(name)).collect(),
        })
    }

    /// The order that bears a reference, if the search finds one that was made about then. The search is documented in
    /// Mercado Pago's SDKs only, so an answer that refuses it is none.
    pub async fn orders_of(
        &self,
        token: &SecretString,
        reference: &str,
        made_at: OffsetDateTime,
    ) -> Result<Option<(ResourceId, Order)>, ApiError> {
        let from = instant(made_at.saturating_sub(Duration::hours(1)))?;
        let until = instant(made_at.saturating_add(Duration::hours(1)))?;
        let query = format!("begin_date={from}&end_date={until}&external_reference={reference}");
        let found: OrderList = match self.get(token, &format!("/v1/orders?{query}")).await {
            Err(ApiError::Refused { .. } | ApiError::Unreadable(_)) => return Ok(None),
            answer => answer?,
        };
        let all = found.data.into_iter().chain(found.results).chain(found.elements);
        let same = |order: &Order| order.reference().is_some_and(|told| told.eq_ignore_ascii_case(reference));
        Ok(all.filter(same).find_map(|order| Some((order.id()?, order))))
    }

    /// Sets how a terminal works. It must be restarted after that.
    pub async fn set_operating_mode(
        &self,
        token: &SecretString,
        api: PointApi,
        terminal: &TerminalId,
        mode: &str,
    ) -> Result<(), ApiError> {
        let (path, body) = match api {
            PointApi::Orders => (
                "/terminals/v1/setup".to_owned(),
                json!({"terminals": [{"id": terminal, "operating_mode": mode}]}),
            ),
            PointApi::PaymentIntents => {
                (format!("/point/integration-api/devices/{terminal}"), json!({"operating_mode": mode}))
            }
        };
        let call = self.call(Method::PATCH, token, &path).with_body(Some(&body));
        self.send_whatever(&call).await
    }

    /// Sends a charge to its terminal, once: what an answer that is lost or refuses means depends on whether it was sent
    /// before.
    pub async fn charge(
        &self,
        token: &SecretString,
        charge: &Charge,
        description: Option<&str>,
    ) -> Result<ChargeFact, ApiError> {
        let reference = charge.reference();
        let made = match charge.api {
            PointApi::Orders => {
                let mut body = json!({
                    "type": "point",
                    "external_reference": reference,
                    "expiration_time": format!("PT{}M", LIFETIME.whole_minutes()),
                    "transactions": {"payments": [{"amount": charge.amount.to_string()}]},
                    "config": {"point": {"terminal_id": charge.terminal}},
                });
                if let (Some(text), Some(body)) = (description, body.as_object_mut()) {
                    body.insert("description".to_owned(), text.into());
                }
                let call = self.call(Method::POST, token, "/v1/orders").with_key(reference);
                let order: Order = self.send_once(&call.with_body(Some(&body))).await?;
                order.id().and_then(|id| order.charge(id))
            }
            PointApi::PaymentIntents => {
                let path = format!("/point/integration-api/devices/{}/payment-intents", charge.terminal);
                let body = json!({
                    "amount": charge.amount.minor(),
                    "additional_info": {"external_reference": reference, "print_on_terminal": true},
                });
                let call = self.call(Method::POST, token, &path).with_key(reference);
                let intent: PaymentIntent = self.send_once(&call.with_body(Some(&body))).await?;
                intent.id().map(|id| intent.charge(id, &[]))
            }
        };
        made.ok_or_else(|| ApiError::Unreadable("a charge without id".to_owned()))
    }

    /// Asks for a charge to be cancelled. `key` must be new for each try: what was answered once may not hold any more.
    pub async fn cancel_charge(
        &self,
        token: &SecretString,
        charge: &Charge,
        id: &ResourceId,
        key: &str,
    ) -> Result<Cancelled, ApiError> {
        let call = match charge.api {
            PointApi::Orders => {
                self.call(Method::POST, token, &format!("/v1/orders/{id}/cancel")).with_key(key)
            }
            PointApi::PaymentIntents => {
                let terminal = &charge.terminal;
                let path = format!("/point/integration-api/devices/{terminal}/payment-intents/{id}");
                self.call(Method::DELETE, token, &path)
            }
        };
        match self.send_whatever(&call).await {
            Ok(()) => Ok(Cancelled::Asked),
            // The legacy API has no code for it.
            Err(ApiError::Busy { status: 409 }) if charge.api == PointApi::PaymentIntents => {
                Ok(Cancelled::Refused)
            }
            // Users of the legacy API are answered 403 ("Error checking device owner") for what is not theirs to cancel.
            Err(ApiError::Refused { status, .. }) if status != 401 => Ok(Cancelled::Refused),
            Err(error) => Err(error),
        }
    }

    /// Gives an order of a terminal back: a part of its one transaction, or with `None` all of it.
    pub async fn refund_order(
        &self,
        token: &SecretString,
        order: &ResourceId,
        part: Option<(&str, crate::money::Money)>,
        key: &str,
    ) -> Result<(), ApiError> {
        let body = part.map(|(transaction, amount)| {
            json!({"transactions": [{"id": transaction, "amount": amount.to_string()}]})
        });
        let call = self.call(Method::POST, token, &format!("/v1/orders/{order}/refund")).with_key(key);
        self.send_whatever(&call.with_body(body.as_ref())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_found_in_both_shapes() {
        for body in [
            r#"{"data":{"terminals":[{"id":"A__1","pos_id":47792476,"store_id":"47792478","external_pos_id":"","operating_mode":"PDV"}]},"paging":{"total":1}}"#,
            r#"{"devices":[{"id":"A__1","pos_id":"47792476","store_id":47792478,"operating_mode":"PDV"}],"paging":{"total":"1"}}"#,
            r#"{"terminals":[{"id":"A__1","pos_id":"47792476","store_id":"47792478","external_pos_id":null,"operating_mode":"PDV"}]}"#,
        ] {
            let list: List = serde_json::from_str(body).unwrap();
            let found = list.page().unwrap().terminals;
            let [terminal] = found.as_slice() else { panic!("{body}") };
            assert_eq!(
                (terminal.mode(), terminal.store_id.as_deref()),
                (OperatingMode::Pdv, Some("47792478"))
            );
            assert_eq!((terminal.pos_id.as_deref(), &terminal.external_pos_id), (Some("47792476"), &None));
        }
        let odd =
            r#"{"devices":[{"id":null},null,7,{"id":"a b"},{"id":"A__2","operating_mode":7}],"paging":[]}"#;
        let odd = serde_json::from_str::<List>(odd).unwrap().page().unwrap();
        assert_eq!((odd.terminals.len(), odd.entries, odd.total), (1, 5, None));
        assert_eq!(odd.terminals[0].mode(), OperatingMode::Other);
        for none in ["{}", r#"{"data":[]}"#, r#"{"errors":[{"code":"x"}]}"#, r#"{"devices":7}"#] {
            assert!(serde_json::from_str::<List>(none).unwrap().page().is_none(), "{none}");
        }
    }
}
