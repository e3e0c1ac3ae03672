//! The setting: sellers, stations, pumps and their QRs.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use simulated_mercado_pago::{Account, Clock as TheirClock, Embedded, Simulator, Site, TerminalDraft};
use surtidor::aws::{Aws, Patience};
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::lookup::{DEFAULT_SILENCE_LIMIT, Generation, Position, PositionState};
use surtidor::mercado_pago::{self, Hours, Location, MercadoPago, NewPos, NewStore};
use surtidor::money::Currency;
use surtidor::store::{Station as KnownStation, Store};

use crate::Plan;
use crate::cloud::access;
use crate::outside::Road;
use crate::station::Station;
use crate::weather::CALM;
use crate::wires::{ApiWire, Life, to_aws};
use crate::world::World;

/// A seller of the setting.
struct Seller {
    account: &'static str,
    collector_id: u64,
    site: Site,
    currency: &'static str,
    decimals: u32,
    category: u32,
    country: &'static str,
    /// Which API drives its terminals.
    point: &'static str,
}

const SELLERS: [Seller; 4] = [
    Seller {
        account: "sur",
        collector_id: 178_106_235,
        site: Site::Mla,
        currency: "ARS",
        decimals: 2,
        category: 473_000,
        country: "AR",
        point: "orders",
    },
    Seller {
        account: "oeste",
        collector_id: 178_106_236,
        site: Site::Mlc,
        currency: "CLP",
        decimals: 0,
        category: 473_001,
        country: "CL",
        point: "orders",
    },
    Seller {
        account: "norte",
        collector_id: 178_106_237,
        site: Site::Mlb,
        currency: "BRL",
        decimals: 2,
        category: 4_731_300,
        country: "BR",
        point: "payment_intents",
    },
    Seller {
        account: "este",
        collector_id: 178_106_238,
        site: Site::Mla,
        currency: "ARS",
        decimals: 2,
        category: 473_000,
        country: "AR",
        point: "payment_intents",
    },
];

impl Seller {
    fn token(&self) -> String {
        format!("APP_USR-1-1-simulation-{}", self.collector_id)
    }

    fn secret(&self) -> String {
        format!("webhook-secret-of-{}", self.account)
    }

    fn url(&self) -> String {
        format!("https://surtidor.embedded/notifications/{0}?key=intake-key-of-{0}", self.account)
    }

    fn at_mercado_pago(&self) -> Account {
        Account {
            nickname: self.account.to_uppercase(),
            collector_id: self.collector_id,
            access_token: self.token(),
            site: self.site,
            webhook_url: Some(self.url()),
            webhook_secret: self.secret(),
            application_id: 7_364_289_770_550_796,
            live_mode: true,
        }
    }
}

/// Terminals of a station: fewer than pump sides, so that tills meet at one.
const TERMINALS: u64 = 2;

/// Whether a user of Mercado Pago is a seller of the setting.
pub(crate) fn is_ours(collector_id: u64) -> bool {
    SELLERS.iter().any(|seller| seller.collector_id == collector_id)
}

/// A notification URL that a forger has got hold of.
pub(crate) fn notification_url(world: &World) -> String {
    let all: Vec<&Seller> = SELLERS.iter().collect();
    world.chance.one_of(&all).url()
}

/// Sets everything up, in calm weather.
pub(crate) async fn set_up(world: &Arc<World>, plan: &Plan) -> Vec<Arc<Station>> {
    let clock = world.clock();
    let lag = plan.weather.search_lag;
    let mercado_pago = Simulator::embedded(Embedded {
        base: "http://mercadopago.embedded".to_owned(),
        accounts: SELLERS.iter().map(Seller::at_mercado_pago).collect(),
        seed: plan.seed,
        clock: TheirClock::of(move || clock.now()),
        outside: Arc::new(Road(Arc::downgrade(world))),
    });
    let mercado_pago = mercado_pago.expect("a Mercado Pago");
    // Mercado Pago's own pauses between tries: 5 min, 45 min, 6 h.
    let switches =
        json!({"notifications": {"retry_ms": [300_000, 2_700_000, 21_600_000]}, "search_lag_ms": lag});
    mercado_pago.set_faults(serde_json::from_value(switches).expect("switches")).expect("switches that fit");
    world.found(mercado_pago);

    let mut accounts = serde_json::Map::new();
    let mut webhooks = serde_json::Map::new();
    for seller in &SELLERS {
        let account = json!({
            "access_token": seller.token(), "collector_id": seller.collector_id, "live": true,
            "country": seller.country, "point": seller.point,
        });
        accounts.insert(seller.account.to_owned(), account);
        let key = format!("intake-key-of-{}", seller.account);
        webhooks.insert(
            seller.account.to_owned(),
            json!({"intake_keys": [key], "webhook_secrets": [seller.secret()]}),
        );
    }
    world.aws.put_secret("AccountsSecret", &json!(accounts).to_string());
    world.aws.put_secret("WebhooksSecret", &json!(webhooks).to_string());

    let weather = world.in_calm();
    let mut stations = Vec::new();
    for number in 0..plan.stations {
        stations.push(Arc::new(station(world, number, plan.sides).await));
    }
    world.resume(weather);
    stations
}

async fn station(world: &Arc<World>, number: u64, sides: u64) -> Station {
    let seller = &SELLERS[usize::try_from(number).unwrap_or_default() % SELLERS.len()];
    let life = Arc::new(Life::new("set-up".to_owned()));
    let aws = Aws::over(to_aws(world, &life), access(), Patience::LONG);
    let store = Store::new(aws.dynamodb(), world.aws.resource("Table").expect("a table"));
    let patience = mercado_pago::Patience::default();
    let wire = ApiWire { world: Arc::clone(world), life, patience: patience.call };
    let client =
        MercadoPago::over(Arc::new(wire), "http://mercadopago.embedded", patience).expect("a client");
    let token = SecretString::from(seller.token());

    let id = format!("{}", 6_000 + number);
    let (station, account) =
        (StationId::parse(&id).expect("an id"), AccountId::parse(seller.account).expect("an id"));
    let day =
        |name: &str| (name.to_owned(), vec![Hours { open: "00:00".to_owned(), close: "23:59".to_owned() }]);
    let new_store = NewStore {
        name: format!("Estación {id}"),
        external_id: format!("EST{id}"),
        location: Location {
            street_number: "1".to_owned(),
            street_name: "Calle".to_owned(),
            city_name: "Ciudad".to_owned(),
            state_name: "Provincia".to_owned(),
            latitude: serde_json::Number::from(-34),
            longitude: serde_json::Number::from(-58),
            zip_code: None,
            reference: None,
        },
        business_hours: ["monday", "sunday"].into_iter().map(day).collect(),
    };
    client.make_store(&token, seller.collector_id, &new_store).await.expect("a store");
    let positions: Vec<_> =
        (1..=sides).map(|side| PositionId::parse(&side.to_string()).expect("an id")).collect();
    let known = KnownStation {
        station: station.clone(),
        account: account.clone(),
        name: new_store.name.clone(),
        positions: positions.clone(),
        silence_limit: DEFAULT_SILENCE_LIMIT,
        time_zone: None,
        brand: None,
    };
    store.put_station(&known).await.expect("a station");
    let mut made = Vec::new();
    for position in positions {
        let lookup_key = format!("lookup-key-of-{id}-{position}");
        let external_id = format!("EST{id}S{position}");
        let url = format!("https://surtidor.embedded/pay-mp?apies={id}&pos={position}&key={lookup_key}");
        let pos = NewPos {
            name: format!("Surtidor {position}"),
            fixed_amount: true,
            category: seller.category,
            external_store_id: new_store.external_id.clone(),
            external_id: external_id.clone(),
            url: Some(url),
        };
        client.make_pos(&token, &pos).await.expect("a point of sale");
        made.push((position.to_string(), external_id));
        let position = Position {
            station: station.clone(),
            position,
            account: account.clone(),
            collector_id: seller.collector_id,
            sponsor_id: Some(334_249_281),
            currency: Currency::parse(seller.currency).expect("a currency"),
            generation: if number.is_multiple_of(2) { Generation::V1 } else { Generation::V2 },
            client_id: None,
            site_id: None,
            loyalty: None,
            lookup_key,
            notification_url: seller.url(),
            silence_limit: DEFAULT_SILENCE_LIMIT,
            state: PositionState::Idle,
            state_at: world.now(),
            seen_at: world.now(),
        };
        store.put_position(&position).await.expect("a position");
    }
    let terminals = (1..=TERMINALS).map(|number| terminal(world, seller, &id, number)).collect();
    Station {
        id,
        sides: made,
        terminals,
        by_orders: seller.point == "orders",
        decimals: seller.decimals,
        till: std::sync::Mutex::default(),
    }
}

/// A terminal of a station, at one of its points of sale.
fn terminal(world: &World, seller: &Seller, station: &str, number: u64) -> String {
    let id = format!("NEWLAND_N950__N950NCB8{station}{number:04}");
    let pos = (number == 1).then(|| format!("EST{station}S{number}"));
    let draft =
        TerminalDraft { account: seller.collector_id, id: id.clone(), pos, ..TerminalDraft::default() };
    world.mercado_pago().add_terminal(draft).expect("a terminal");
    id
}

impl World {
    /// Lets nothing go wrong for now; gives the weather to go back to.
    fn in_calm(&self) -> crate::weather::Weather {
        self.replace_weather(CALM)
    }

    fn resume(&self, weather: crate::weather::Weather) {
        self.replace_weather(weather);
    }
}
