//! What the buyer pays with, and how each ends.

use serde::{Deserialize, Serialize};

use crate::json::{Json, object};
use crate::model::payment::BUYER_DOCUMENT;

/// What a payment was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Money in the buyer's Mercado Pago account.
    AccountMoney,
    /// A credit card.
    Visa,
    /// Another credit card.
    Master,
    /// A debit card.
    Debvisa,
    /// Another wallet of the country, by transfer (Argentina's interoperable QR).
    InteropTransfer,
    /// Brazil's Pix.
    Pix,
}

/// A card's number: the published test cards' first six and last four digits.
struct Card {
    issuer: &'static str,
    first: &'static str,
    last: &'static str,
}

impl Method {
    /// `payment_method_id`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::AccountMoney => "account_money",
            Self::Visa => "visa",
            Self::Master => "master",
            Self::Debvisa => "debvisa",
            Self::InteropTransfer => "interop_transfer",
            Self::Pix => "pix",
        }
    }

    /// `payment_type_id`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::AccountMoney => "account_money",
            Self::Visa | Self::Master => "credit_card",
            Self::Debvisa => "debit_card",
            Self::InteropTransfer | Self::Pix => "bank_transfer",
        }
    }

    const fn plastic(self) -> Option<Card> {
        match self {
            Self::Visa => Some(Card { issuer: "310", first: "450995", last: "3704" }),
            Self::Master => Some(Card { issuer: "3", first: "503175", last: "0604" }),
            Self::Debvisa => Some(Card { issuer: "310", first: "400276", last: "2619" }),
            _ => None,
        }
    }

    /// Whether it is a card.
    pub const fn is_card(self) -> bool {
        self.plastic().is_some()
    }

    /// The issuer of the card.
    pub fn issuer(self) -> Option<&'static str> {
        self.plastic().map(|card| card.issuer)
    }

    /// A card's authorisation code.
    pub fn authorization_code(self) -> Option<&'static str> {
        self.plastic().map(|_| "301299")
    }

    /// `card`: `{}` when there is none.
    pub fn card(self) -> Json {
        let Some(card) = self.plastic() else { return object! {} };
        object! {
            "id": Json::Null,
            "first_six_digits": card.first,
            "last_four_digits": card.last,
            "expiration_month": 11,
            "expiration_year": 2030,
            "cardholder": object! {
                "name": "APRO", "identification": object! {"type": "DNI", "number": BUYER_DOCUMENT},
            },
        }
    }

    /// `point_of_interaction`; the transfer's shape is a published sample, the others follow it. That of a terminal is
    /// inferred but for its type.
    pub fn point_of_interaction(self, at_terminal: bool) -> Json {
        if at_terminal {
            return object! {
                "type": "POINT",
                "sub_type": Json::Null,
                "business_info": object! {"unit": "point", "sub_unit": "default", "branch": "Point"},
                "transaction_data": object! {},
            };
        }
        let sub_type = match self {
            Self::InteropTransfer => Json::from("INTER_PSP"),
            _ => Json::Null,
        };
        object! {
            "type": "INSTORE",
            "sub_type": sub_type,
            "business_info": object! {"unit": "wallet", "sub_unit": "qr", "branch": "QR"},
            "transaction_data": object! {},
        }
    }
}

/// A way to pay, with its end. The rejections are those that the documents' test cardholders bring about.
pub struct Means {
    /// The name that the control API and the pages use.
    pub name: &'static str,
    /// What is paid with.
    pub method: Method,
    /// The payment's status.
    pub status: &'static str,
    /// The payment's status detail.
    pub detail: &'static str,
}

const fn means(name: &'static str, method: Method, status: &'static str, detail: &'static str) -> Means {
    Means { name, method, status, detail }
}

/// Every way to pay.
pub const MEANS: [Means; 18] = [
    means("account_money", Method::AccountMoney, "approved", "accredited"),
    means("visa", Method::Visa, "approved", "accredited"),
    means("master", Method::Master, "approved", "accredited"),
    means("debit", Method::Debvisa, "approved", "accredited"),
    means("interop", Method::InteropTransfer, "approved", "accredited"),
    means("pix", Method::Pix, "approved", "accredited"),
    means("rejected_funds", Method::Visa, "rejected", "cc_rejected_insufficient_amount"),
    means("rejected_other", Method::Visa, "rejected", "cc_rejected_other_reason"),
    means("call_for_authorize", Method::Visa, "rejected", "cc_rejected_call_for_authorize"),
    means("rejected_security_code", Method::Visa, "rejected", "cc_rejected_bad_filled_security_code"),
    means("rejected_expired", Method::Visa, "rejected", "cc_rejected_bad_filled_date"),
    means("rejected_form", Method::Visa, "rejected", "cc_rejected_bad_filled_other"),
    means("rejected_high_risk", Method::Master, "rejected", "cc_rejected_high_risk"),
    means("rejected_duplicate", Method::Master, "rejected", "cc_rejected_duplicated_payment"),
    means("pending", Method::Visa, "pending", "pending_contingency"),
    means("in_process", Method::Visa, "in_process", "pending_review_manual"),
    means("pending_transfer", Method::InteropTransfer, "pending", "pending_waiting_transfer"),
    means("authorized", Method::Visa, "authorized", "pending_capture"),
];

/// The way to pay of that name.
pub fn find(name: &str) -> Option<&'static Means> {
    MEANS.iter().find(|means| means.name == name)
}
