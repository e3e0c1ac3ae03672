//! What Mercado Pago's refusals of stores and points of sale mean, and what is to be done about each. Codes: its references
//! of stores and of POS.

use surtidor::mercado_pago::ApiError;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who the token is for.
    Token,
    /// Something of a store.
    Store,
    /// Something of a point of sale.
    Pos,
    /// Something of a terminal.
    Terminal,
}

/// A refusal in plain words, with what to do.
#[must_use]
pub fn advice(asked: Asked, error: &ApiError) -> String {
    match error {
        ApiError::NoAnswer(_) => {
            "Mercado Pago does not answer: look at the network, and run it again; it goes on where it stopped"
                .to_owned()
        }
        ApiError::Busy { status: 429 } => {
            "Mercado Pago asks for fewer calls (429): run it again with a smaller --parallel".to_owned()
        }
        ApiError::Busy { status } => {
            format!(
                "Mercado Pago cannot do it now (HTTP {status}): run it again in some minutes; it goes on where it stopped"
            )
        }
        ApiError::Unreadable(place) => {
            format!(
                "Mercado Pago's answer is none of its documents' ({place}): is MercadoPagoUrl of the stack right?"
            )
        }
        ApiError::Refused { status, codes } => {
            let by_code = codes.iter().find_map(|code| of_code(asked, code).map(|text| (code, text)));
            if let Some((code, text)) = by_code {
                format!("{code}: {text}")
            } else {
                let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
                format!("HTTP {status}{codes}: {}", of_status(asked, *status))
            }
        }
    }
}

fn of_status(asked: Asked, status: u16) -> &'static str {
    match (asked, status) {
        (_, 401) => {
            "the access token is not valid: mistyped, expired or taken back. Copy the production token from the panel of the \
             application, or link the account again"
        }
        (Asked::Pos, 403) => {
            "the host of the lookup URL is not enabled for this seller. Ask your Mercado Pago executive to enable the host of \
             the stack's ApiUrl for the unattended QR (docs/setup.md, step 2)"
        }
        (Asked::Store, 403) => {
            "the token is another seller's than collector_id says: correct one of the two in the chain's file"
        }
        (Asked::Token, 403) => {
            "the token may do nothing: the application is of a type that cannot take payments in person, or its production \
             credentials are not activated (panel, \"Production credentials\")"
        }
        (Asked::Terminal, 403) => {
            "the application is not one for Point: make one for in-person payments with Point and use its token (docs/setup.md, step 7)"
        }
        (_, 404) => "it is not there any more: somebody removed it in the panel. Plan and apply again",
        _ => {
            "a refusal that the documents do not tell of: compare the values with the panel, or ask Mercado Pago with the time of day"
        }
    }
}

fn of_code(asked: Asked, code: &str) -> Option<&'static str> {
    let known = match asked {
        Asked::Store => STORES,
        Asked::Pos => POINTS,
        Asked::Token | Asked::Terminal => return None,
    };
    // Codes come in capitals and in small letters.
    known.iter().find(|(name, _)| name.eq_ignore_ascii_case(code)).map(|(_, text)| *text)
}

/// Codes of the stores' reference.
const STORES: &[(&str, &str)] = &[
    ("INVALID_USER_ID", "collector_id is no user id: it is what follows the last hyphen of the access token"),
    (
        "UNKNOWN_FIELD",
        "Mercado Pago does not know a field that is sent: this version of surtidor is older than its API. Update it",
    ),
    ("INVALID_NAME", "the station's name is refused: letters, digits and spaces, not too long"),
    (
        "INVALID_BUSINESS_HOURS",
        "hours are refused: at most two intervals a day, each within the day, none over another",
    ),
    ("INVALID_DAY", "hours name a day that there is not: monday to sunday"),
    (
        "INVALID_LOCATION",
        "the address is refused as a whole: street, number, city, state, latitude and longitude are needed",
    ),
    ("INVALID_STREET_NAME", "address.street is refused"),
    (
        "INVALID_STREET_NUMBER",
        "address.number is refused: a text such as \"1500\", or \"0\" on a road without numbers",
    ),
    ("INVALID_ZIP_CODE", "address.zip_code is refused: correct it or leave it out"),
    (
        "INVALID_CITY_NAME",
        "address.city is refused: spell it as Mercado Pago's catalogue does, accents and all: https://api.mercadolibre.com/countries/AR has the states \
      (AR is the country), https://api.mercadolibre.com/states/AR-B the cities of one",
    ),
    (
        "INVALID_STATE_NAME",
        "address.state is refused: spell it as Mercado Pago's catalogue does, accents and all: https://api.mercadolibre.com/countries/AR has the states \
      (AR is the country), https://api.mercadolibre.com/states/AR-B the cities of one",
    ),
    ("INVALID_LATITUDE", "address.latitude is refused: degrees with a minus in the south, such as -34.5711"),
    ("INVALID_LONGITUDE", "address.longitude is refused: degrees with a minus in the west, such as -58.4233"),
    ("INVALID_REFERENCE", "address.reference is refused: shorten it or leave it out"),
    (
        "INVALID_STORE_ID",
        "Mercado Pago does not take its own id of this store: somebody removed it in the panel. Plan and apply again",
    ),
    ("INVALID_OFFSET", "a page of the list of stores is refused: report it as a defect of surtidor"),
    ("INVALID_LIMIT", "a page of the list of stores is refused: report it as a defect of surtidor"),
    ("INVALID_EXTERNAL_ID", "`store` is refused: letters and digits only, at most 60"),
    (
        "VALIDATION_ERROR",
        "the store's id is used by another store of this seller, or the store still has points of sale: choose another \
      `store` in the chain's file, or look for it in the panel",
    ),
    (
        "BAD_REQUEST",
        "the store is refused without a reason: compare name, hours and address with what the panel takes",
    ),
];

/// Codes of the POS reference.
const POINTS: &[(&str, &str)] = &[
    (
        "MISSING_BODY",
        "nothing arrived: something between here and Mercado Pago drops request bodies, such as a proxy",
    ),
    (
        "UNKNOWN_FIELD_EXCEPTION",
        "Mercado Pago does not know a field that is sent: this version of surtidor is older than its API. Update it",
    ),
    (
        "INVALID_POS_ID",
        "Mercado Pago does not take its own id of this POS: somebody removed it in the panel. Plan and apply again",
    ),
    ("INVALID_NAME", "the POS's name is refused: give the position a `name` of plain letters and digits"),
    ("NAME_TOO_LONG", "the POS's name is too long: give the position a shorter `name`"),
    ("INVALID_FIXED_AMOUNT", "fixed_amount is refused: report it as a defect of surtidor"),
    ("INVALID_CATEGORY", "the category is refused: is `country` of the account right?"),
    (
        "UNKNOWN_MCC",
        "the category is one of another country: `country` of the account is not that of its seller",
    ),
    (
        "POS_UNKNOWN_MCC",
        "the category is one of another country: `country` of the account is not that of its seller",
    ),
    ("INVALID_STORE_ID", "the POS's store is refused: it was removed in the panel. Plan and apply again"),
    (
        "POS_INVALID_STORE_ID",
        "the POS's store is not one of this seller: it was removed in the panel. Plan and apply again",
    ),
    ("INVALID_EXTERNAL_STORE_ID", "`store` is refused: letters and digits only, at most 60"),
    (
        "EXTERNAL_STORE_ID_NOT_MATCH",
        "the POS belongs to another store than the file says: correct `store` or `pos`",
    ),
    (
        "INEXISTENT_EXTERNAL_STORE_ID",
        "the POS's store does not exist: it was removed in the panel. Plan and apply again",
    ),
    (
        "non_existent_external_store_id",
        "the POS's store does not exist: it was removed in the panel. Plan and apply again",
    ),
    ("INVALID_EXTERNAL_ID", "`pos` is refused: letters and digits only, under 40, and it never changes"),
    ("EXTERNAL_ID_TOO_LONG", "`pos` is too long: under 40 letters and digits"),
    (
        "INVALID_URL",
        "the lookup URL is refused: is ApiUrl of the stack an https URL that the world can reach?",
    ),
    (
        "URL_TOO_LONG",
        "the lookup URL has 300 characters or more: put a shorter domain of your own before the API",
    ),
    ("FIXED_AMOUNT_FALSE", "fixed_amount must be true where a URL is set: report it as a defect of surtidor"),
    ("INVALID_LIMIT", "a page of the list of POS is refused: report it as a defect of surtidor"),
    ("INVALID_OFFSET", "a page of the list of POS is refused: report it as a defect of surtidor"),
    (
        "point_of_sale_exists",
        "another POS of this seller has this id, and the search does not show it yet: run it again in a minute",
    ),
    (
        "pos_already_exists",
        "another POS of this seller has this id, and the search does not show it yet: run it again in a minute",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(asked: Asked, status: u16, body: &str) -> String {
        advice(asked, &ApiError::from_answer(status, body.as_bytes()))
    }

    /// Every code of both references (stores: 20; POS: 24).
    #[test]
    fn every_code_becomes_advice() {
        let stores = "INVALID_USER_ID UNKNOWN_FIELD INVALID_NAME INVALID_BUSINESS_HOURS INVALID_DAY INVALID_LOCATION \
            INVALID_STREET_NAME INVALID_STREET_NUMBER INVALID_ZIP_CODE INVALID_CITY_NAME INVALID_STATE_NAME INVALID_LATITUDE \
            INVALID_LONGITUDE INVALID_REFERENCE INVALID_STORE_ID INVALID_OFFSET INVALID_LIMIT INVALID_EXTERNAL_ID \
            VALIDATION_ERROR BAD_REQUEST";
        let points = "MISSING_BODY UNKNOWN_FIELD_EXCEPTION INVALID_POS_ID INVALID_NAME NAME_TOO_LONG INVALID_FIXED_AMOUNT \
            INVALID_CATEGORY UNKNOWN_MCC POS_UNKNOWN_MCC INVALID_STORE_ID POS_INVALID_STORE_ID INVALID_EXTERNAL_STORE_ID \
            EXTERNAL_STORE_ID_NOT_MATCH INEXISTENT_EXTERNAL_STORE_ID non_existent_external_store_id INVALID_EXTERNAL_ID \
            EXTERNAL_ID_TOO_LONG INVALID_URL URL_TOO_LONG FIXED_AMOUNT_FALSE INVALID_LIMIT INVALID_OFFSET";
        for (asked, codes) in [(Asked::Store, stores), (Asked::Pos, points)] {
            for code in codes.split_whitespace() {
                for body in [
                    format!(r#"{{"error":"bad_request","message":"x","cause":[{{"code":"{code}"}}]}}"#),
                    format!(r#"{{"error":"{code}","message":"x","status":400}}"#),
                    format!(r#"{{"code":"{}","message":"x"}}"#, code.to_lowercase()),
                ] {
                    let told = told(asked, 400, &body);
                    let (name, text) = told.split_once(": ").expect("a code and what to do");
                    assert!(name.eq_ignore_ascii_case(code), "{told}");
                    assert!(text.len() > 20 && !told.contains("HTTP 400"), "{told}");
                }
            }
        }
        assert!(
            told(Asked::Pos, 409, r#"{"error":"point_of_sale_exists"}"#).contains("run it again in a minute")
        );
    }

    #[test]
    fn what_has_no_code_is_told_by_what_was_asked() {
        assert!(told(Asked::Pos, 403, "{}").contains("host of the lookup URL is not enabled"));
        assert!(told(Asked::Store, 403, "{}").contains("another seller's"));
        assert!(told(Asked::Token, 403, "{}").contains("production credentials are not activated"));
        assert!(told(Asked::Pos, 401, "{}").contains("token is not valid"));
        assert!(told(Asked::Pos, 404, "{}").contains("removed it in the panel"));
        assert!(told(Asked::Pos, 429, "{}").contains("--parallel"));
        assert!(told(Asked::Pos, 503, "{}").contains("run it again"));
        assert!(told(Asked::Pos, 418, r#"{"error":"teapot"}"#).contains("HTTP 418 (teapot)"));
    }
}
