//! The rules of a chain's file, by example.

use proptest::prelude::*;
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::lookup::Generation;

use super::{Chain, Place, SecretAt, Token};

const RIGHT: &str = r#"
[accounts.ypf-sur]
country = "AR"
collector_id = 178106235
sponsor_id = "334249281"
brand = "YPF"
access_token = { env = "YPF_SUR_TOKEN" }
webhook_secrets = [{ file = "secrets/ypf.webhook" }]
time_zone = "America/Argentina/Buenos_Aires"
hours = "24h"
loyalty = "SERVICLUB"

[stations.6232]
account = "ypf-sur"
name = "Estación Centro"
address = { street = "Av. del Libertador", number = 1500, city = "Palermo", state = "Capital Federal", latitude = -34.5711, longitude = -58.4233 }
positions = 2

[stations.6233]
account = "ypf-sur"
name = "Ruta 2 km 80"
site_id = 29
lookup = "v2"
hours = { monday = ["06:00-12:00", "14:00-22:00"], sunday = [] }
address = { street = "Ruta 2", number = "km 80", city = "Chascomús", state = "Buenos Aires", latitude = -35.5, longitude = -58.0, zip_code = 7130 }
positions = ["1", 2, { id = "3A", name = "GNC", pos = "VIEJO3", lookup = "v1" }]
terminals = [{ serial = "N950NCB801293324", till = "shop" }, { serial = "N950NCB801293325", position = 1 }]
"#;

fn wrong(change: impl Fn(&str) -> String) -> String {
    Chain::parse(&change(RIGHT)).expect_err("a chain with a fault").to_string()
}

#[test]
fn what_is_not_said_is_filled_in() {
    let chain = Chain::parse(RIGHT).unwrap();
    let account = &chain.accounts[&AccountId::parse("ypf-sur").unwrap()];
    assert_eq!((account.collector_id, account.sponsor_id), (178_106_235, Some(334_249_281)));
    assert_eq!(account.token, Token::Given(SecretAt::Env("YPF_SUR_TOKEN".to_owned())));
    let id = |text| PositionId::parse(text).unwrap();
    let centre = &chain.stations[&StationId::parse("6232").unwrap()];
    assert_eq!((centre.store.as_str(), centre.silence_limit), ("EST6232", 600));
    assert_eq!(centre.loyalty.as_deref(), Some("serviclub"));
    assert_eq!(centre.positions[&id("2")].pos, "EST6232S02");
    assert_eq!(centre.positions[&id("2")].name, "Estación Centro - Surtidor 2");
    assert_eq!(centre.hours["sunday"][0].close, "23:59");
    let road = &chain.stations[&StationId::parse("6233").unwrap()];
    assert_eq!(road.site_id.as_deref(), Some("29"));
    assert_eq!(road.hours.len(), 1, "a day without hours is a closed one");
    let gas = &road.positions[&id("3a")];
    assert_eq!((gas.pos.as_str(), gas.name.as_str(), gas.generation), ("VIEJO3", "GNC", Generation::V1));
    assert_eq!(road.positions[&id("2")].generation, Generation::V2);
    assert_eq!(road.terminals[0].at, Place::Till(id("shop")));
    assert_eq!(road.terminals[0].pos.as_ref().unwrap().0, "EST6233CSHOP");
    assert_eq!(road.terminals[1].pos, None, "a pump side has its POS");
    assert_eq!(chain.positions(), 5);
}

#[test]
fn each_fault_is_told_with_its_line_and_its_rule() {
    for (from, to, expected) in [
        ("\"AR\"", "\"ES\"", "line 3: accounts.ypf-sur.country must be a country of Mercado Pago: AR, BR"),
        ("178106235", "\"17x\"", "line 4: accounts.ypf-sur.collector_id must be a user id"),
        ("334249281", "178106235", "line 5: accounts.ypf-sur.sponsor_id must not be the seller itself"),
        (
            "{ env = \"YPF_SUR_TOKEN\" }",
            "\"APP_USR-1\"",
            "line 7: accounts.ypf-sur.access_token must say where",
        ),
        (
            "America/Argentina/Buenos_Aires",
            "Argentina/Nowhere",
            "stations.6232.time_zone must be a name of the IANA",
        ),
        ("\"24h\"", "[\"22:00-06:00\"]", "stations.6232.hours must have intervals such as"),
        ("monday = [", "lunes = [", "stations.6233.hours.lunes is no day: monday"),
        ("14:00-22:00", "11:00-22:00", "stations.6233.hours.monday must have intervals one after another"),
        ("SERVICLUB", "payback", "loyalty must be one of serviclub, CTC"),
        ("site_id = 29", "site_id = 123456", "line 22: stations.6233.site_id must be the station's number"),
        ("\"v2\"", "\"v3\"", "line 23: stations.6233.lookup must be \"v1\" or \"v2\""),
        ("positions = 2", "positions = 0", "line 17: stations.6232.positions must be 1 to 99"),
        (
            "positions = 2",
            "positions = []",
            "line 17: stations.6232.positions must name at least one pump side",
        ),
        (
            "positions = 2",
            "positions = [\"1\", \"01\"]",
            "positions.01.pos is EST6232S01, which stations.6232.positions.1.pos is too",
        ),
        (
            "positions = 2",
            "positions = [{ id = 1, nombre = \"x\" }]",
            "has a field `nombre` that there is not: id, name, pos, lookup",
        ),
        ("positions = 2", "positions = [\"a b\"]", "positions.a b must be 1 to 8 letters or digits"),
        ("VIEJO3", "VIEJO_3", "stations.6233.positions.3A.pos must have 1 to 39 letters and digits"),
        ("-34.5711", "-134.5", "stations.6232.address.latitude must be degrees from -90 to 90"),
        ("\"Palermo\"", "\" \"", "stations.6232.address.city must not be empty"),
        ("till = \"shop\"", "till = \"shop\", position = 1", "stations.6233.terminals[0] must have either"),
        (
            "till = \"shop\"",
            "till = \"tienda-1\"",
            "stations.6233.terminals[0] position or till must be 1 to 8",
        ),
        (
            "account = \"ypf-sur\"",
            "account = \"ypf\"",
            "line 14: stations.6232.account is none of the accounts here: ypf-sur",
        ),
        ("[stations.6233]", "[stations.62-33]", "stations.62-33 must be 1 to 12 letters or digits"),
        ("name = \"Ruta 2 km 80\"", "nombre = \"Ruta 2\"", "line 21: stations.6233 unknown field `nombre`"),
        ("positions = 2", "positions = ", "line 17: stations.6232 "),
        (
            "collector_id = 178106235",
            "collector_id = 1.5",
            "line 4: accounts.ypf-sur must be a text or a whole number",
        ),
        ("country = \"AR\"", "", "accounts.ypf-sur missing field `country`"),
    ] {
        assert!(RIGHT.contains(from), "{from}");
        let told = wrong(|right| right.replacen(from, to, 1));
        assert!(told.contains(expected), "{to}: {told}");
        assert!(!told.contains("APP_USR"), "a secret is not repeated: {told}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let told = wrong(|right| {
        right
            .replace("positions = 2", "positions = 0")
            .replace("\"v2\"", "\"v9\"")
            .replace("\"AR\"", "\"XX\"")
    });
    let lines: Vec<_> = told.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(lines, ["line 3", "line 17", "line 23"], "{told}");
}

#[test]
fn one_seller_is_one_account() {
    let told = wrong(|right| format!("{right}\n[accounts.b]\ncountry = \"AR\"\ncollector_id = 178106235\n"));
    assert!(told.contains("is the seller of accounts.b too: one account a seller"), "{told}");
}

#[test]
fn loyalty_and_terminals_are_refused_where_mercado_pago_has_none() {
    let told = wrong(|right| right.replace("\"AR\"", "\"UY\""));
    assert!(told.contains("loyalty must be left out") && told.contains("has no terminals"), "{told}");
}

proptest! {
    /// Whatever is cut out of a file or typed into it, it is read or told what is wrong on a line that it has.
    #[test]
    fn a_file_that_somebody_spoils_is_read_or_explained(
        at in 0..RIGHT.len(),
        cut in 0..40_usize,
        typed in "[\\[\\]{}=\",.0-9a-zé\n -]{0,12}",
    ) {
        let begin = (0..=at).rev().find(|at| RIGHT.is_char_boundary(*at)).unwrap_or(0);
        let end = (begin..=RIGHT.len()).find(|end| *end >= begin + cut && RIGHT.is_char_boundary(*end)).unwrap_or(RIGHT.len());
        let spoiled = format!("{}{typed}{}", &RIGHT[..begin], &RIGHT[end..]);
        if let Err(problems) = Chain::parse(&spoiled) {
            prop_assert!(!problems.0.is_empty());
            let lines = spoiled.lines().count() + 1;
            for problem in &problems.0 {
                prop_assert!((1..=lines).contains(&problem.line), "{problem:?} of {lines}");
                prop_assert!(!problem.rule.is_empty());
            }
        }
    }
}
