//! Point terminals: which there are, how they work, and what they are asked to take, by both of Mercado Pago's APIs.

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::client::MercadoPago;
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

/// A page of terminals: `data.terminals` by Orders, `devices` by the legacy API.
#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    #[serde(deserialize_with = "wire::optional")]
    data: Option<Terminals>,
    #[serde(deserialize_with = "wire::list")]
    terminals: Vec<Body>,
    #[serde(deserialize_with = "wire::list")]
    devices: Vec<Body>,
    #[serde(deserialize_with = "wire::optional")]
    paging: Option<Paging>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Terminals {
    #[serde(deserialize_with = "wire::list")]
    terminals: Vec<Body>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paging {
    total: Text,
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

    /// Every terminal of an account: all pages.
    pub async fn terminals(&self, token: &SecretString, api: PointApi) -> Result<Vec<Terminal>, ApiError> {
        let mut all: Vec<Terminal> = Vec::new();
        let mut offset = 0_usize;
        loop {
            let (page, total) = self.page_of_terminals(token, api, offset).await?;
            let count = page.len();
            let known = all.len();
            for terminal in page {
                if all.iter().all(|other| other.id != terminal.id) {
                    all.push(terminal);
                }
            }
            offset = offset.saturating_add(count);
            // Mercado Pago may give fewer at once than were asked for, so only the total, or a page with nothing new, is
            // the end.
            let is_last = total.is_some_and(|total| offset >= total);
            if is_last || all.len() == known || offset >= MOST {
                return Ok(all);
            }
        }
    }

    /// The terminal of a serial number or id, if the account has it; pages are read until it is found.
    pub async fn terminal_named(
        &self,
        token: &SecretString,
        api: PointApi,
        name: &str,
    ) -> Result<Option<Terminal>, ApiError> {
        let (mut offset, mut first) = (0_usize, None);
        loop {
            let (page, total) = self.page_of_terminals(token, api, offset).await?;
            offset = offset.saturating_add(page.len());
            // The same page again and again is one that would come for ever.
            let begins = page.first().map(|terminal| terminal.id.clone());
            let is_last = begins.is_none() || begins == first || offset >= MOST;
            first = begins;
            if let Some(found) = page.into_iter().find(|terminal| terminal.id.is_named(name)) {
                return Ok(Some(found));
            }
            if is_last || total.is_some_and(|total| offset >= total) {
                return Ok(None);
            }
        }
    }

    async fn page_of_terminals(
        &self,
        token: &SecretString,
        api: PointApi,
        offset: usize,
    ) -> Result<(Vec<Terminal>, Option<usize>), ApiError> {
        let path = match api {
            PointApi::Orders => "/terminals/v1/list",
            PointApi::PaymentIntents => "/point/integration-api/devices",
        };
        let list: List = self.get(token, &format!("{path}?limit={PAGE}&offset={offset}")).await?;
        let of_data = list.data.map(|data| data.terminals).unwrap_or_default();
        let bodies = of_data.into_iter().chain(list.terminals).chain(list.devices);
        let total = list.paging.and_then(|paging| paging.total.as_deref()?.parse().ok());
        Ok((bodies.filter_map(Body::terminal).collect(), total))
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
            let of_data = list.data.map(|data| data.terminals).unwrap_or_default();
            let bodies = of_data.into_iter().chain(list.terminals).chain(list.devices);
            let found: Vec<_> = bodies.filter_map(Body::terminal).collect();
            let [terminal] = found.as_slice() else { panic!("{body}") };
            assert_eq!(
                (terminal.mode(), terminal.store_id.as_deref()),
                (OperatingMode::Pdv, Some("47792478"))
            );
            assert_eq!((terminal.pos_id.as_deref(), &terminal.external_pos_id), (Some("47792476"), &None));
        }
        let odd: List = serde_json::from_str(
            r#"{"devices":[{"id":null},{"id":"a b"},{"id":"A__2","operating_mode":7}],"paging":[]}"#,
        )
        .unwrap();
        let odd: Vec<_> = odd.devices.into_iter().filter_map(Body::terminal).collect();
        assert_eq!((odd.len(), odd[0].mode()), (1, OperatingMode::Other));
    }
}
