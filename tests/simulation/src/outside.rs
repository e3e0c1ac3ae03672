//! What Mercado Pago reaches outside itself: the lookup, and the intake of notifications, over a road on which
//! notifications are lost, doubled and late.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use simulated_mercado_pago::http::{Request, Response};
use simulated_mercado_pago::{Body, Bytes, Outside};

use crate::cloud::{Event, Function, Reply};
use crate::world::World;

/// The road to our gateway.
pub struct Road(pub Weak<World>);

impl Outside for Road {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, String>> {
        let world = self.0.upgrade();
        Box::pin(async move {
            let world = world.ok_or("the world has ended")?;
            let reply = if request.uri().path() == "/pay-mp" {
                look_up(&world, &request).await
            } else {
                notify(&world, &request).await
            };
            let mut response = Response::builder().status(reply.status);
            for (name, value) in reply.headers {
                response = response.header(name, value);
            }
            response.body(Body::from(reply.body)).map_err(|error| error.to_string())
        })
    }
}

async fn look_up(world: &Arc<World>, request: &Request<Bytes>) -> Reply {
    world.pause(5, 80).await;
    let query = request.uri().query().unwrap_or_default();
    let event = Event { method: request.method().as_str(), route: "/pay-mp", query, ..Event::default() };
    world.request(Function::OrderLookup, event.json()).await
}

async fn notify(world: &Arc<World>, request: &Request<Bytes>) -> Reply {
    let weather = world.weather();
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let news = News {
        account: request.uri().path().rsplit('/').next().unwrap_or_default().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(request.body()).into_owned(),
    };
    world.count("notifications");
    if world.strikes("notification lost", weather.news_lost) {
        // Mercado Pago takes it for delivered: it will not come again.
        world.tell(|| format!("lost: {}", news.gist()));
        return Reply { status: 200, headers: Vec::new(), body: String::new() };
    }
    if world.strikes("notification doubled", weather.news_doubled) {
        let (world, news) = (Arc::clone(world), news.clone());
        tokio::spawn(async move {
            world.pause(1, 600_000).await;
            news.deliver(&world).await;
        });
    }
    if world.strikes("notification late", weather.news_late) {
        // Behind our back: Mercado Pago itself waits 22 s at most.
        let (world, news) = (Arc::clone(world), news.clone());
        tokio::spawn(async move {
            world.pause(1_000, 3 * 3_600_000).await;
            while news.deliver(&world).await.status != 200 {
                tokio::time::sleep(Duration::from_mins(5)).await;
            }
        });
        return Reply { status: 200, headers: Vec::new(), body: String::new() };
    }
    world.pause(5, 200).await;
    news.deliver(world).await
}

/// A notification on its way.
#[derive(Clone, Debug)]
pub struct News {
    /// The account that the URL names.
    pub account: String,
    /// The query.
    pub query: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl News {
    /// Brings it to the intake.
    pub async fn deliver(&self, world: &Arc<World>) -> Reply {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let event = Event {
            method: "POST",
            route: "/notifications/{account}",
            parameters: &[("account", &self.account)],
            query: &self.query,
            headers: &headers,
            body: &self.body,
            station: None,
        };
        let reply = world.request(Function::WebhookIntake, event.json()).await;
        world.tell(|| format!("notification {} -> {}", self.gist(), reply.status));
        reply
    }

    fn gist(&self) -> String {
        let shown = |part: &&str| !part.starts_with("key=");
        self.query.split('&').filter(shown).collect::<Vec<_>>().join("&")
    }
}
