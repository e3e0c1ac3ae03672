//! Amounts as text.

use surtidor::money::{Currency, Money};

use crate::utf8;

/// What is read as money is written as the same money, and nothing is rounded on the way.
pub fn money(input: &[u8]) {
    let text = utf8(input);
    for code in ["ARS", "CLP", "BRL"] {
        let currency = Currency::parse(code).expect("a currency");
        let ours = Money::parse(&text, currency);
        let wire = Money::from_wire(&text, currency);
        if let Ok(money) = ours {
            assert_eq!(wire, Ok(money), "what is strict is also lenient");
            assert_eq!(money.to_string(), plain_whole(&text));
        }
        if let Ok(money) = wire {
            assert!(money.minor() <= Money::MAX_MINOR && money.currency() == currency);
            assert_eq!(Money::parse(&money.to_string(), currency), Ok(money));
            assert_eq!(Money::from_minor(money.minor(), currency), Ok(money));
            assert_eq!(value(&money.to_string()), value(&text), "a digit was lost");
        }
    }
    if let Ok(currency) = Currency::parse(&text) {
        assert_eq!(currency.to_string(), text);
    }
}

/// Without zeros before the number, except one.
fn plain_whole(text: &str) -> String {
    let plain = text.trim_start_matches('0');
    if plain.is_empty() || plain.starts_with('.') { format!("0{plain}") } else { plain.to_owned() }
}

/// The digits that make the value: without zeros in front and behind.
fn value(text: &str) -> (String, String) {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned())
}
