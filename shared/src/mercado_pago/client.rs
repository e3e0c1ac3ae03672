//! The client: what can be asked, retries with growing jittered pauses, typed errors.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::transport::{Answer, Https, Transport};
use super::{
    ApiError, Chargeback, ChargebackSearch, MerchantOrder, Order, Payment, PaymentIntent, PaymentSearch,
    RefundBody,
};
use crate::config::ConfigError;
use crate::id::{MerchantOrderId, PaymentId, ResourceId};
use crate::money::Money;
use crate::queue::Changes;

/// How patient the client is. A caller with a deadline of its own gives less.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one call.
    pub call: Duration,
    /// Calls at most, for what may be repeated.
    pub tries: u32,
    /// Before the first repeat; it grows fourfold with each, and is jittered by half.
    pub pause: Duration,
    /// The longest pause that is made, also where Mercado Pago asks for one: beyond it the caller is told.
    pub longest_pause: Duration,
}

impl Patience {
    /// For a function. A longer pause that Mercado Pago asks for is not made: the work goes back to the queue.
    pub const FUNCTION: Self = Self {
        call: Duration::from_secs(6),
        tries: 3,
        pause: Duration::from_millis(200),
        longest_pause: Duration::from_secs(3),
    };
    /// For a person at work who has minutes, and very many calls to make.
    pub const OPERATOR: Self = Self {
        call: Duration::from_secs(20),
        tries: 6,
        pause: Duration::from_millis(500),
        longest_pause: Duration::from_secs(30),
    };
}

impl Default for Patience {
    fn default() -> Self {
        Self::FUNCTION
    }
}

/// Payments on a page of a search: what every edition of its reference allows.
pub(crate) const PAGE: u32 = 50;

/// Mercado Pago's API under one base URL. Which account a call is for is said by its token.
#[derive(Clone, Debug)]
pub struct MercadoPago {
    way: Arc<dyn Transport>,
    base: Url,
    patience: Patience,
}

impl MercadoPago {
    /// A client for `https://api.mercadopago.com` or another base URL.
    pub fn new(base: &str, patience: Patience) -> Result<Self, ConfigError> {
        Self::over(Arc::new(Https::new(patience.call)?), base, patience)
    }

    /// A client that goes another way than HTTPS.
    pub fn over(way: Arc<dyn Transport>, base: &str, patience: Patience) -> Result<Self, ConfigError> {
        let invalid = |rule: &str| ConfigError::new("MERCADO_PAGO_URL", rule);
        let base = Url::parse(base.trim_end_matches('/')).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(base.scheme(), "https" | "http") {
            return Err(invalid("must begin with https://"));
        }
        Ok(Self { way, base, patience })
    }

    /// A payment.
    pub async fn payment(&self, token: &SecretString, id: &PaymentId) -> Result<Payment, ApiError> {
        self.get(token, &format!("/v1/payments/{id}")).await
    }

    /// The payments that bear a reference, oldest first. An empty list proves nothing: the search lags.
    pub async fn payments_of(
        &self,
        token: &SecretString,
        reference: &str,
    ) -> Result<PaymentSearch, ApiError> {
        let query = "sort=date_created&criteria=asc&limit=50";
        self.get(token, &format!("/v1/payments/search?external_reference={reference}&{query}")).await
    }

    /// A page of the payments that changed within a span of time, oldest first (`/v1/payments/search`).
    pub async fn payments_changed(
        &self,
        token: &SecretString,
        changes: &Changes,
    ) -> Result<PaymentSearch, ApiError> {
        let Changes { from, until, offset } = changes;
        let (from, until) = (instant(*from)?, instant(*until)?);
        let query = format!(
            "range=date_last_updated&begin_date={from}&end_date={until}&sort=date_last_updated&criteria=asc&limit={PAGE}&offset={offset}"
        );
        self.get(token, &format!("/v1/payments/search?{query}")).await
    }

    /// A merchant order.
    pub async fn merchant_order(
        &self,
        token: &SecretString,
        id: &MerchantOrderId,
    ) -> Result<MerchantOrder, ApiError> {
        self.get(token, &format!("/merchant_orders/{id}")).await
    }

    /// An order of the Orders API.
    pub async fn order(&self, token: &SecretString, id: &ResourceId) -> Result<Order, ApiError> {
        self.get(token, &format!("/v1/orders/{id}")).await
    }

    /// A legacy payment intent of a Point terminal.
    pub async fn payment_intent(
        &self,
        token: &SecretString,
        id: &ResourceId,
    ) -> Result<PaymentIntent, ApiError> {
        self.get(token, &format!("/point/integration-api/payment-intents/{id}")).await
    }

    /// A chargeback.
    pub async fn chargeback(&self, token: &SecretString, id: &ResourceId) -> Result<Chargeback, ApiError> {
        self.get(token, &format!("/v1/chargebacks/{id}")).await
    }

    /// The chargebacks of a payment. That the search takes `payment_id` is inferred, not documented.
    pub async fn chargebacks_of(
        &self,
        token: &SecretString,
        payment: &PaymentId,
    ) -> Result<ChargebackSearch, ApiError> {
        self.get(token, &format!("/v1/chargebacks/search?payment_id={payment}")).await
    }

    /// The refunds of a payment.
    pub async fn refunds(
        &self,
        token: &SecretString,
        payment: &PaymentId,
    ) -> Result<Vec<RefundBody>, ApiError> {
        self.get(token, &format!("/v1/payments/{payment}/refunds")).await
    }

    /// Gives a payment back: an amount of it, or with `None` all of it. The same key on a repeat gives the first
    /// answer again.
    pub async fn refund(
        &self,
        token: &SecretString,
        payment: &PaymentId,
        amount: Option<Money>,
        key: &str,
    ) -> Result<RefundBody, ApiError> {
        #[derive(Serialize)]
        struct Partial {
            amount: Box<RawValue>,
        }
        // The text of the number, so that no float is made of it.
        let number = |amount: Money| RawValue::from_string(amount.to_string()).ok();
        let body = amount.and_then(number).map(|amount| Partial { amount });
        let path = format!("/v1/payments/{payment}/refunds");
        self.send(&self.call(Method::POST, token, &path).with_key(key).with_body(body.as_ref())).await
    }

    /// Asks without a token whatever stands under the base URL, once: the status and date of the answer, whatever it is.
    pub async fn peek(&self, path: &str) -> Result<(u16, Option<String>), ApiError> {
        let call = self.call(Method::GET, &SecretString::from(String::new()), path);
        let answer = self.way.exchange(Request::new(Method::GET, call.url)).await?;
        let date = answer.headers.get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
        Ok((answer.status, date))
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        token: &SecretString,
        path: &str,
    ) -> Result<T, ApiError> {
        self.send(&self.call(Method::GET, token, path)).await
    }

    /// A call without a body. Paths are made of checked ids; one that is none names nothing, and Mercado Pago says so.
    pub(super) fn call(&self, method: Method, token: &SecretString, path: &str) -> Call {
        Call { token: Some(token.clone()), ..self.call_without_token(method, path) }
    }

    /// The same for what no account's token opens.
    pub(super) fn call_without_token(&self, method: Method, path: &str) -> Call {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        Call { method, url, token: None, key: None, body: None }
    }

    /// Sends what may be repeated, until it is answered or patience ends.
    pub(super) async fn send<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        let mut pause = self.patience.pause;
        for _ in 1..self.patience.tries {
            let (error, wanted) = match self.answer(call).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let wait = wanted.unwrap_or_else(|| jittered(pause));
            if !error.is_passing() || wait > self.patience.longest_pause {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause = pause.saturating_mul(4).min(self.patience.longest_pause);
        }
        self.send_once(call).await
    }

    pub(super) async fn send_once<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        self.answer(call).await.map_err(|(error, _)| error)
    }

    /// Sends once what is done or not, whatever else the answer says: some have no body.
    pub(super) async fn send_whatever(&self, call: &Call) -> Result<(), ApiError> {
        self.exchange(call).await.map(drop).map_err(|(error, _)| error)
    }

    /// One exchange. With an error comes the pause that Mercado Pago asks for (`Retry-After`), if it does.
    async fn exchange(&self, call: &Call) -> Result<Answer, (ApiError, Option<Duration>)> {
        let request = call.request().ok_or((ApiError::NoAnswer("not sent"), None))?;
        let answer = self.way.exchange(request).await.map_err(|error| (error, None))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let error = ApiError::from_answer(answer.status, &answer.body);
        let wanted = answer.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Err((error, wanted.map(Duration::from_secs)))
    }

    /// The same, with the answer read.
    async fn answer<T: DeserializeOwned>(&self, call: &Call) -> Result<T, (ApiError, Option<Duration>)> {
        let answer = self.exchange(call).await?;
        if answer.status == 204 {
            return Err((ApiError::Unreadable("no body".to_owned()), None));
        }
        // serde's message may quote the body: only the place is told.
        serde_json::from_slice(&answer.body).map_err(|error| {
            (ApiError::Unreadable(format!("line {} column {}", error.line(), error.column())), None)
        })
    }
}

/// A request that can be made again.
pub(super) struct Call {
    method: Method,
    url: Url,
    token: Option<SecretString>,
    key: Option<String>,
    body: Option<Vec<u8>>,
}

impl Call {
    pub(super) fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(super) fn with_body<T: Serialize>(self, body: Option<&T>) -> Self {
        Self { body: body.and_then(|body| serde_json::to_vec(body).ok()), ..self }
    }

    /// `None` where a token or key is no text that HTTP can carry.
    fn request(&self) -> Option<Request> {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        if let Some(token) = &self.token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        if let Some(key) = &self.key {
            request.headers_mut().insert("x-idempotency-key", HeaderValue::from_str(key).ok()?);
        }
        if let Some(body) = &self.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.clone().into());
        }
        Some(request)
    }
}

/// A time as the search takes it: UTC, so that no `+` needs escaping.
pub(super) fn instant(at: OffsetDateTime) -> Result<String, ApiError> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let at = at.to_offset(UtcOffset::UTC).format(&format);
    at.map_err(|_| ApiError::NoAnswer("not sent"))
}

fn jittered(pause: Duration) -> Duration {
    let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(fastrand::u64(millis / 2..=millis))
}
