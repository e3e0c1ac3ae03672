//! Sending notifications until they are acknowledged.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Dialect, Notification, State, Try, signature};
use crate::app::{App, lock};
use crate::faults::{SignedId, TsUnit};
use crate::outside;

/// Mercado Pago waits 22 s for the first answer.
const PATIENCE: Duration = Duration::from_secs(22);

/// The pauses before further tries: Mercado Pago's 5 min, 45 min, 6 h, 2 days and 4 days, made short enough to watch.
const PAUSES_MS: [u64; 5] = [1_000, 5_000, 15_000, 60_000, 120_000];

/// How much of an answer the log keeps.
const ANSWER_KEPT: usize = 500;

/// Counts as work under way as long as it lives.
struct Busy(watch::Sender<usize>);

impl Busy {
    fn new(busy: &watch::Sender<usize>) -> Self {
        busy.send_modify(|count| *count += 1);
        Self(busy.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl App {
    /// Sends notifications one after the other, in the background. A failed one is tried again without holding up the
    /// next.
    pub(super) fn deliver(self: &Arc<Self>, ids: Vec<u64>, delay_ms: u64) {
        let app = Arc::clone(self);
        let busy = Busy::new(&self.news.busy);
        self.spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            for id in ids {
                if !app.try_once(id, 0).await {
                    app.retry(id);
                }
            }
            drop(busy);
        });
    }

    fn retry(self: &Arc<Self>, id: u64) {
        let pauses = self.faults().notifications.retry_ms.unwrap_or_else(|| PAUSES_MS.to_vec());
        let app = Arc::clone(self);
        // Held over pauses of no length only: who waits for quiet does not wait for a try that is far away.
        let mut busy = Some(Busy::new(&self.news.busy));
        self.spawn(async move {
            for (count, pause) in (1..).zip(pauses) {
                if pause > 0 {
                    busy = None;
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                busy = busy.or_else(|| Some(Busy::new(&app.news.busy)));
                if app.try_once(id, count).await {
                    return;
                }
            }
            app.news.with(id, |notification| notification.state = State::Failed);
            drop(busy);
        });
    }

    /// Sends it once; true when nothing more has to be done.
    async fn try_once(self: &Arc<Self>, id: u64, count: u32) -> bool {
        let Some(notification) = self.news.with(id, |notification| notification.clone()) else { return true };
        let headers = self.headers(&notification, count);
        let at = self.clock.now();
        let (status, answer) = match self.post(&notification.url, &headers, notification.body).await {
            Ok((status, answer)) => (Some(status), answer),
            Err(error) => (None, error),
        };
        let acknowledged = matches!(status, Some(200 | 201));
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        self.news.with(id, |notification| {
            notification.tries.push(Try { at, headers, status, answer });
            if acknowledged {
                notification.state = State::Delivered;
            }
        });
        acknowledged
    }

    /// Sends and returns the answer's status with the beginning of its body, which may fail without undoing the status.
    async fn post(&self, url: &str, headers: &HeaderMap, body: String) -> Result<(u16, String), String> {
        let mut request = outside::request(Method::POST, url, body)?;
        headers.clone_into(request.headers_mut());
        let started = Instant::now();
        let answer = outside::within(PATIENCE, self.outside.send(request)).await?;
        let status = answer.status().as_u16();
        let left = PATIENCE.saturating_sub(started.elapsed());
        let body = outside::within(left, outside::body(answer.into_body())).await;
        let text = String::from_utf8_lossy(&body.unwrap_or_default()).chars().take(ANSWER_KEPT).collect();
        Ok((status, text))
    }

    /// Each try is signed anew; whether Mercado Pago's are is not documented.
    fn headers(&self, notification: &Notification, count: u32) -> HeaderMap {
        let now = self.clock.now();
        let request_id = self.uuid().to_string();
        let webhooks = self.faults().webhooks;
        let ts = match webhooks.ts {
            TsUnit::Seconds => now.unix_seconds(),
            TsUnit::Milliseconds => now.unix_milliseconds(),
        };
        let topic = &notification.topic;
        let (agent, signature) = match notification.dialect {
            Dialect::Ipn => {
                let noise = signature::meaningless(&mut lock(&self.rng), now.unix_seconds());
                (format!("MercadoPago Feed v2.0 {topic}"), noise)
            }
            Dialect::Webhooks => {
                let world = self.world();
                let known = match notification.application {
                    Some(id) => world.oauth.applications.get(&id).map(|known| &known.webhook_secret),
                    None => world.accounts.get(&notification.account).map(|known| &known.webhook_secret),
                };
                let known = known.filter(|_| !webhooks.wrong_secret);
                let secret = known.map_or("not the account's secret", String::as_str);
                let data_id = match webhooks.signed_id {
                    SignedId::AsReceived => notification.resource.clone(),
                    SignedId::Lower => notification.resource.to_lowercase(),
                };
                (
                    format!("MercadoPago WebHook v1.0 {topic}"),
                    signature::sign(secret, Some(&data_id), &request_id, ts),
                )
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let texts = [
            (USER_AGENT, agent),
            (HeaderName::from_static("x-signature"), signature),
            (HeaderName::from_static("x-request-id"), request_id),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        if count > 0 {
            headers.insert(HeaderName::from_static("x-retry"), HeaderValue::from(count));
        }
        headers
    }
}
