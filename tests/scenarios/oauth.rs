//! Sellers who let the application act for them: linked by a person, kept alive by nobody, cut by whoever likes.

mod linking;
mod news;
mod renewal;

use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use simulated_mercado_pago as mp;
use surtidor::id::AccountId;
use surtidor::oauth::{NewLink, begin};
use surtidor::store::Link;
use surtidor_tests::{Answer, World, eventually};
use time::OffsetDateTime;

const APPLICATION: u64 = 8_811_223_344_556_677;
const APPLICATION_SECRET: &str = "0bd6e7f1c2a34958-of-the-application";
const WEBHOOK_SECRET: &str = "77aa12b3c4d5e6f708192a3b4c5d6e7f";
const INTAKE_KEY: &str = "5a1d0f7e93c24b688d2f6e0a1b3c4d5e";
/// A seller who is not the demo's.
const STRANGER: u64 = 209_000_017;

/// A system with an application, and an account `demo` whose own token Mercado Pago does not know any more: what is paid there
/// can be settled by nobody until its seller is linked.
struct Office {
    world: World,
}

impl Office {
    async fn open() -> Self {
        let world = World::start().await;
        let application = mp::Application {
            client_id: APPLICATION,
            client_secret: APPLICATION_SECRET.to_owned(),
            name: "Surtidores".to_owned(),
            redirect_uris: vec![redirect_uri(&world)],
            webhook_url: Some(format!("{}/notifications/app?key={INTAKE_KEY}", world.demo.api_url)),
            webhook_secret: WEBHOOK_SECRET.to_owned(),
            pkce: true,
        };
        world.mercado_pago.put_application(application).unwrap();
        let own = "APP_USR-7364289770550796-112209-another-token-178106235".to_owned();
        let seller = mp::Account { access_token: own, webhook_url: None, ..world.demo.seller() };
        let stranger = mp::Account {
            nickname: "OTRA ESTACION".to_owned(),
            collector_id: STRANGER,
            access_token: format!("APP_USR-7364289770550796-112209-strange-{STRANGER}"),
            ..seller.clone()
        };
        for account in [seller, stranger] {
            world.mercado_pago.put_account(account).unwrap();
        }
        let secret = json!({"client_id": APPLICATION.to_string(), "client_secret": APPLICATION_SECRET});
        world
            .change_secret("OAuthSecret", |document| {
                document.insert("application".to_owned(), secret.clone());
            })
            .await;
        let sellers = json!({ world.demo.collector_id.to_string(): "demo" });
        let entry =
            json!({"intake_keys": [INTAKE_KEY], "webhook_secrets": [WEBHOOK_SECRET], "sellers": sellers});
        world
            .change_secret("WebhooksSecret", |document| {
                document.insert("app".to_owned(), entry.clone());
            })
            .await;
        world.hide("the intake key of the application", INTAKE_KEY);
        Self { world }
    }

    /// A link for a seller to open.
    async fn invite(&self, account: &str, collector_id: Option<u64>) -> String {
        let new = NewLink {
            account: &account_id(account),
            collector_id,
            client_id: &APPLICATION.to_string(),
            redirect_uri: &redirect_uri(&self.world),
            auth_url: &self.world.mercado_pago.url(),
        };
        let url = begin(&self.world.store(), &new, OffsetDateTime::now_utc()).await.unwrap();
        let state = parameter(url.as_str(), "state").unwrap();
        self.world.hide("a state", &state);
        let hash = surtidor::store::hash_of_key(&state);
        let invitation = self.world.store().invitation(&hash).await.unwrap().unwrap();
        self.world.hide("a verifier", &invitation.verifier.unwrap());
        url.into()
    }

    /// The seller's browser goes where Mercado Pago sends it.
    async fn visit(&self, location: &str) -> Answer {
        self.visit_in("es-AR,es", location).await
    }

    async fn visit_in(&self, language: &str, location: &str) -> Answer {
        self.world.request(Method::GET, location, &[("accept-language", language)], "").await
    }

    /// The demo's seller consents, and the account is linked.
    async fn link(&self) {
        let url = self.invite("demo", Some(self.seller())).await;
        let page = self.visit(&self.world.mercado_pago.consent(&url, self.seller()).unwrap()).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }

    /// The same, with a token that is good for so many days at Mercado Pago.
    async fn link_for_days(&self, days: u32) {
        self.world.faults(json!({"oauth": {"token_life_s": days * 86_400}}));
        self.link().await;
        self.world.faults(json!({}));
    }

    fn seller(&self) -> u64 {
        self.world.demo.collector_id
    }

    fn asked_for_tokens(&self) -> u64 {
        self.world.mercado_pago.calls("POST /oauth/token")
    }

    /// What the OAuth secret has of the account.
    async fn grant(&self) -> Map<String, Value> {
        let document = Value::Object(self.world.secret("OAuthSecret").await);
        document["accounts"]["demo"].as_object().cloned().unwrap_or_default()
    }

    /// What the accounts secret has of an account.
    async fn entry(&self, account: &str) -> Value {
        self.world.secret("AccountsSecret").await.get(account).cloned().unwrap_or_default()
    }

    async fn status(&self) -> Link {
        self.world.store().link(&account_id("demo")).await.unwrap().expect("a link")
    }

    /// Changes how the link stands, as time would.
    async fn change_link(&self, change: impl FnOnce(&mut Link)) {
        let mut link = self.status().await;
        change(&mut link);
        assert!(self.world.store().save_link(&mut link).await.unwrap(), "nobody else writes it");
    }

    /// Invokes the function as the schedule does; the outcome for the account.
    async fn round(&self) -> String {
        self.work(json!({"look_after_links": true})).await
    }

    /// Invokes the function as the operator does.
    async fn refresh(&self) -> String {
        self.work(json!({"refresh": "demo", "force": true})).await
    }

    async fn work(&self, task: Value) -> String {
        let done = self.world.stack.invoke("OAuthFunction", &task).await.unwrap();
        assert_eq!(done["links"][0]["account"], "demo", "{done}");
        done["links"][0]["outcome"].as_str().unwrap_or_default().to_owned()
    }

    /// The log lines of an event, as objects.
    fn lines(&self, event: &str) -> Vec<Value> {
        let lines = self.world.stack.logs().into_iter();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.line).ok());
        lines.filter(|line| line["fields"]["event"] == event).collect()
    }

    /// The log line of an event, once it is there.
    async fn line(&self, event: &str) -> Value {
        eventually(event, || async { self.lines(event).pop() }).await
    }

    /// A sale is told, paid with a phone, and settled with whatever token the account has.
    async fn takes_payments(&self, sale: &str) {
        let station = self.world.station();
        station.deliver(sale, "1", "500.00").await;
        self.world.scan_and_pay(station.pos("1"), "visa").await;
        station.sale_when(sale, "paid").await;
    }
}

fn redirect_uri(world: &World) -> String {
    format!("{}/oauth/callback", world.demo.api_url)
}

fn account_id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
