//! Every rule of the documents, one by one; and that a block which is given keeps them all.

use super::*;
use crate::lookup::tests::position;
use crate::sale::tests::sale;
use crate::sale::{Language, LoyaltyClaim};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::datetime;

fn product(code: &str, quantity: &str, unit: &str, unit_price: &str) -> Product {
    Product {
        code: code.to_owned(),
        description: Some("SUPER".to_owned()),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        unit_price: unit_price.to_owned(),
    }
}

/// A sale whose buyer claims points of a programme.
fn claimed(program: &str) -> Sale {
    let mut sale = sale(50_000);
    let delivery = &mut sale.delivery;
    delivery.loyalty =
        Some(LoyaltyClaim { program: program.to_owned(), affinity_plan: Some("7".to_owned()) });
    delivery.invoice_number = Some("3592".to_owned());
    delivery.delivered_at = Some(datetime!(2026-11-22 13:33:13 -3));
    delivery.shift = Some("1".to_owned());
    delivery.period = Some("0000".to_owned());
    delivery.attendant = Some(Document { kind: "DNI".to_owned(), number: "12345678".to_owned() });
    delivery.products = vec![product("1", "11.200", "litre", "62.24")];
    sale
}

fn given(position: &Position, sale: &Sale) -> Value {
    serde_json::to_value(block(position, sale).unwrap().unwrap()).unwrap()
}

/// What is wrong with a claim after a change.
fn wrong(change: impl FnOnce(&mut Position, &mut Sale)) -> Vec<Fault> {
    let (mut position, mut sale) = (position(), claimed("serviclub"));
    change(&mut position, &mut sale);
    block(&position, &sale).unwrap_err()
}

#[test]
fn the_complete_block() {
    let (position, sale) = (position(), claimed("serviclub"));
    let text = serde_json::to_string(&block(&position, &sale).unwrap().unwrap()).unwrap();
    assert!(
        text.contains(r#""quantity":11.200"#) && text.contains(r#""transaction_amount":500.00"#),
        "{text}"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({
            "program": "serviclub", "transaction_id": sale.reference.as_str(), "invoice_number": "00003592",
            "transaction_date": "2026-11-22T13:33:13.000-03:00", "transaction_amount": 500.0, "store_id": "06232",
            "products": [{"code": "1", "quantity": 11.2, "unit": "litre", "unit_price": 62.24}],
            "cashier_identification": {"type": "DNI", "number": "12345678"},
            "period": "0000", "shift": "1", "affinity_plan": "7",
        })
    );
}

#[test]
fn what_is_not_known_has_the_documented_stand_in() {
    let mut sale = claimed("serviclub");
    let delivery = &mut sale.delivery;
    (delivery.attendant, delivery.period, delivery.shift) = (None, None, None);
    (delivery.invoice_number, delivery.delivered_at) = (None, None);
    let block = given(&position(), &sale);
    assert_eq!(block["cashier_identification"], json!({"type": "DNI", "number": "00000000"}));
    assert_eq!((&block["period"], &block["shift"]), (&json!("0000"), &json!("1")));
    assert_eq!(block["invoice_number"], "00000000");
    assert_eq!(block["transaction_date"], "2026-11-22T12:00:00.000+00:00");
}

#[test]
fn without_a_claim_there_is_no_block_and_nothing_is_wrong() {
    assert!(block(&position(), &sale(1)).unwrap().is_none());
}

#[test]
fn a_programme_is_sent_as_the_documents_spell_it() {
    for (told, sent) in
        [("serviclub", "serviclub"), ("SERVICLUB", "serviclub"), ("ctc", "CTC"), ("CTC", "CTC")]
    {
        assert_eq!(given(&position(), &claimed(told))["program"], sent);
    }
    // The guide's own example is another country's.
    for unknown in ["payback", "servi club", "club"] {
        assert_eq!(
            block(&position(), &claimed(unknown)).unwrap_err(),
            [Fault::Program { program: unknown.to_owned() }]
        );
    }
}

#[test]
fn points_are_of_the_stations_programme() {
    let of = |program: &str| Position { loyalty: Some(program.to_owned()), ..position() };
    assert_eq!(given(&of("Serviclub"), &claimed("SERVICLUB"))["program"], "serviclub");
    let other = Fault::OtherProgram { program: "serviclub".to_owned(), of_station: "CTC".to_owned() };
    assert_eq!(block(&of("CTC"), &claimed("Serviclub")).unwrap_err(), [other]);
}

#[test]
fn points_are_in_argentina_and_in_the_first_generation_only() {
    let chile = |_: &mut Position, sale: &mut Sale| {
        sale.delivery.amount = Money::from_minor(500, Country::Cl.currency()).unwrap();
    };
    assert_eq!(wrong(chile), [Fault::Country]);
    assert_eq!(wrong(|position, _| position.generation = Generation::V2), [Fault::Generation]);
}

#[test]
fn the_site_is_five_digits() {
    let of = |site: Option<&str>| Position { site_id: site.map(str::to_owned), ..position() };
    assert_eq!(given(&of(None), &claimed("CTC"))["store_id"], "06232", "the station's own id will do");
    assert_eq!(given(&of(Some("29")), &claimed("CTC"))["store_id"], "00029");
    for site in ["123456", "", "12a", "-1"] {
        assert_eq!(block(&of(Some(site)), &claimed("CTC")).unwrap_err(), [Fault::StoreId], "{site}");
    }
    for station in ["ypf1", "123456"] {
        let elsewhere = |_: &mut Position, sale: &mut Sale| {
            sale.station = crate::id::StationId::parse(station).unwrap();
        };
        assert_eq!(wrong(elsewhere), [Fault::StoreId]);
    }
}

#[test]
fn texts_have_the_length_that_the_programmes_want() {
    for invoice in ["123456789", "0001-123", "", "ñ"] {
        let fault = wrong(|_, sale| sale.delivery.invoice_number = Some(invoice.to_owned()));
        assert_eq!(fault, [Fault::InvoiceNumber], "{invoice}");
    }
    for period in ["", "000", "00000"] {
        assert_eq!(wrong(|_, sale| sale.delivery.period = Some(period.to_owned())), [Fault::Period]);
    }
    assert_eq!(wrong(|_, sale| sale.delivery.shift = Some("noche".to_owned())), [Fault::Shift]);
    let plan = |_: &mut Position, sale: &mut Sale| {
        sale.delivery.loyalty.as_mut().unwrap().affinity_plan = Some("77".to_owned());
    };
    assert_eq!(wrong(plan), [Fault::AffinityPlan]);
    for (kind, number) in [("DNI", "12.345.678"), ("DNI", ""), (" ", "12345678")] {
        let document = Document { kind: kind.to_owned(), number: number.to_owned() };
        assert_eq!(wrong(|_, sale| sale.delivery.attendant = Some(document)), [Fault::Attendant]);
    }
}

#[test]
fn products_are_of_the_programme() {
    for (program, codes) in [("serviclub", "0 1 3 4 6 7 8 11"), ("CTC", "1 2 3 4 5 6 7")] {
        for number in 0..=12 {
            let (code, mut sale) = (number.to_string(), claimed(program));
            sale.delivery.products = vec![product(&code, "1", "piece", "10.00")];
            let expected = if codes.split(' ').any(|known| known == code) {
                None
            } else {
                Some(vec![Fault::Code { line: 0, code, program: program.to_owned() }])
            };
            assert_eq!(block(&position(), &sale).err(), expected);
        }
    }
    assert_eq!(wrong(|_, sale| sale.delivery.products.clear()), [Fault::NoProducts]);
}

#[test]
fn lines_have_a_unit_a_quantity_and_a_price() {
    let one = |quantity: &str, unit: &str, price: &str| {
        wrong(|_, sale| sale.delivery.products.push(product("3", quantity, unit, price)))
    };
    for unit in ["l", "Litre", "unidad", "m3"] {
        assert_eq!(one("1", unit, "1.00"), [Fault::Unit { line: 1 }]);
    }
    for number in ["0", "0.000", "1.0001", "-1", "1e3", "01", "1.", ".5", "", "1234567890"] {
        assert_eq!(one(number, "litre", "1.00"), [Fault::Quantity { line: 1 }], "{number}");
        assert_eq!(one("1", "litre", number), [Fault::UnitPrice { line: 1 }], "{number}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let faults = wrong(|_, sale| {
        sale.delivery.shift = Some("noche".to_owned());
        sale.delivery.invoice_number = Some("A".to_owned());
        sale.delivery.products = vec![product("2", "1", "litre", "1"), product("1", "1", "l", "1")];
    });
    let fields: Vec<_> = faults.iter().map(Fault::field).collect();
    assert_eq!(fields, ["shift", "invoice_number", "products[0].code", "products[1].unit"]);
}

#[test]
fn fuel_comes_first_and_the_shop_is_one_line() {
    let mut sale = claimed("serviclub");
    sale.delivery.products = vec![
        product("0", "2", "piece", "150.25"),
        product("11", "3", "piece", "10"),
        product("4", "20.5", "litre", "900.123"),
        product("0", "1", "piece", "99.50"),
        product("1", "1", "litre", "800"),
    ];
    let products = given(&position(), &sale)["products"].clone();
    assert_eq!(
        products,
        json!([
            {"code": "4", "quantity": 20.5, "unit": "litre", "unit_price": 900.123},
            {"code": "1", "quantity": 1, "unit": "litre", "unit_price": 800},
            {"code": "11", "quantity": 3, "unit": "piece", "unit_price": 10},
            {"code": "0", "quantity": 1, "unit": "piece", "unit_price": 400.0},
        ])
    );
    sale.delivery.products = vec![product("0", "0.333", "litre", "100.005")];
    let shop = given(&position(), &sale)["products"].clone();
    assert_eq!(shop, json!([{"code": "0", "quantity": 1, "unit": "piece", "unit_price": 33.30}]));
}

#[test]
fn goods_of_the_shop_that_are_no_amount_are_a_fault() {
    for (quantity, price) in [("0.001", "0.001"), ("999999999", "999999999")] {
        let goods = product("0", quantity, "piece", price);
        assert_eq!(wrong(|_, sale| sale.delivery.products = vec![goods]), [Fault::ShopTotal]);
    }
}

#[test]
fn a_fault_is_said_in_three_languages_and_names_what_it_is_about() {
    let code = Fault::Code { line: 2, code: "99".to_owned(), program: "CTC".to_owned() };
    for language in [Language::Es, Language::Pt, Language::En] {
        assert!(code.words(language).contains("99") && code.words(language).contains("CTC"));
        let other = Fault::OtherProgram { program: "serviclub".to_owned(), of_station: "CTC".to_owned() };
        assert!(other.words(language).contains("serviclub") && other.words(language).contains("CTC"));
    }
    assert_eq!(code.field(), "products[2].code");
    assert_ne!(code.words(Language::Es), code.words(Language::Pt));
}

/// Mostly what is right, and now and then anything.
fn mostly(right: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    prop_oneof![30 => right.boxed(), 1 => "\\PC{0,9}".boxed()]
}

fn one_of(words: &'static str) -> impl Strategy<Value = String> {
    let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
    proptest::sample::select(words)
}

fn any_product() -> impl Strategy<Value = Product> {
    let number = || mostly("[1-9][0-9]{0,6}(\\.[0-9]{1,3})?|0\\.[0-9]{1,4}|[1-9][0-9]{8}");
    (mostly(one_of("1 1 1 3 3 4 4 6 6 7 7 7 0 2 5 8 11")), number(), mostly(one_of("litre piece")), number())
        .prop_map(|(code, quantity, unit, price)| product(&code, &quantity, &unit, &price))
}

prop_compose! {
    fn any_claim()(
        program in mostly(one_of("serviclub Serviclub CTC ctc")),
        plan in proptest::option::of(mostly(one_of("7"))),
        invoice in proptest::option::of(mostly("[0-9]{1,8}")),
        period in proptest::option::of(mostly("\\PC{4}")),
        shift in proptest::option::of(mostly("\\PC")),
        attendant in proptest::option::of((mostly(one_of("DNI INE")), mostly("[0-9]{7,11}"))),
        products in proptest::collection::vec(any_product(), 0..5),
        minor in 1_u64..=Money::MAX_MINOR,
        site in proptest::option::of(mostly("[0-9]{1,5}")),
        of_station in proptest::option::weighted(0.2, one_of("serviclub ctc axion")),
    ) -> (Position, Sale) {
        let mut sale = sale(minor);
        let delivery = &mut sale.delivery;
        delivery.loyalty = Some(LoyaltyClaim { program, affinity_plan: plan });
        (delivery.invoice_number, delivery.period, delivery.shift) = (invoice, period, shift);
        delivery.attendant = attendant.map(|(kind, number)| Document { kind, number });
        delivery.products = products;
        (Position { site_id: site, loyalty: of_station, ..position() }, sale)
    }
}

/// Whether a decimal is more than zero and has at most three decimals, by its text in the document.
fn is_small_decimal(value: &RawValue) -> bool {
    let text = value.get();
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    decimals <= 3 && text.parse::<f64>().is_ok_and(|value| value > 0.0)
}

fn keeps_the_rules(block: &Block<'_>, position: &Position) {
    let length = |text: &str| text.chars().count();
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let (fuel, shop, others) = match block.program {
        "serviclub" => (["1", "3", "4", "6", "7", "8"].as_slice(), "0", ["11"].as_slice()),
        "CTC" => (["1", "2", "3"].as_slice(), "7", ["4", "5", "6"].as_slice()),
        other => panic!("{other} is no programme"),
    };
    assert!(position.loyalty.as_ref().is_none_or(|of| of.eq_ignore_ascii_case(block.program)));
    assert!(length(block.transaction_id) <= 40);
    assert!(length(&block.invoice_number) == 8 && digits(&block.invoice_number));
    assert!(length(&block.store_id) == 5 && digits(&block.store_id));
    assert_eq!((length(block.period), length(block.shift), length(block.affinity_plan)), (4, 1, 1));
    assert!(digits(block.cashier_identification.number) && !block.cashier_identification.number.is_empty());
    assert!(!block.cashier_identification.kind.is_empty());
    let is_fuel = |line: &Line<'_>| fuel.contains(&line.code);
    assert!(!block.products.is_empty());
    assert!(block.products.is_sorted_by_key(|line| !is_fuel(line)), "fuel is first");
    for line in &block.products {
        assert!(is_fuel(line) || line.code == shop || others.contains(&line.code));
        assert!(["litre", "piece"].contains(&line.unit));
        assert!(is_small_decimal(&line.quantity) && is_small_decimal(&line.unit_price), "{line:?}");
    }
    let of_the_shop: Vec<_> = block.products.iter().filter(|line| line.code == shop).collect();
    assert!(of_the_shop.len() <= 1 && of_the_shop.iter().all(|line| line.quantity.get() == "1"));
}

proptest! {
    /// Whatever is claimed: a block keeps all the rules, and no block has a reason that can be kept, shown and read again.
    #[test]
    fn a_block_keeps_all_the_rules_or_there_is_none((position, sale) in any_claim()) {
        match block(&position, &sale) {
            Ok(Some(block)) => {
                keeps_the_rules(&block, &position);
                serde_json::to_string(&block).unwrap();
            }
            Ok(None) => prop_assert!(false, "points are claimed"),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let kept = serde_json::to_value(&faults).unwrap();
                prop_assert_eq!(serde_json::from_value::<Vec<Fault>>(kept).unwrap(), faults);
            }
        }
    }
}
