//! Charges on a terminal, in both generations of the API: orders of type `point`, and payment intents.
//!
//! Both live the same life and take the same slot; they differ in their words and documents.

use serde::{Deserialize, Serialize};

use super::payment::Payment;
use super::refund::{Refund, RefundStatus};
use crate::account::Account;
use crate::amount::decimal_text;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::point::ids;
use crate::site::Site;

/// What is to be paid at a terminal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// `ORD...`, or a UUID for an intent.
    pub id: String,
    /// Its place among all charges.
    pub number: u64,
    /// The seller.
    pub owner: u64,
    /// The seller's country.
    pub site: Site,
    /// The terminal.
    pub terminal: String,
    /// Minor units, without a tip.
    pub amount: i64,
    /// Minor units that the buyer added.
    pub tip: i64,
    /// What is bought.
    pub description: Option<String>,
    /// The seller's own reference.
    pub external_reference: Option<String>,
    /// The generation, with what only it has.
    pub form: Form,
    /// Where it stands.
    pub standing: Standing,
    /// The payment that the card made. A charge that ended otherwise does not show it.
    pub payment: Option<u64>,
    /// When the API asked a terminal that shows it to let it go.
    pub cancel_asked: Option<Moment>,
    /// When a result that does not come is given up.
    pub given_up: Option<Moment>,
    /// How often it was read since it was over.
    pub reads: u32,
    /// Grows with each change.
    pub version: u32,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// When it expires.
    pub expires: Moment,
}

/// The generation of a charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// An order of type `point`.
    Order(OrderForm),
    /// A payment intent.
    Intent(IntentForm),
}

/// What only an order has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderForm {
    /// The id of its one transaction: `PAY...`.
    pub transaction: String,
    /// The duration as it was given.
    pub expiration_time: String,
    /// `config`.
    pub config: Json,
    /// `integration_data`.
    pub integration_data: Json,
}

/// What only an intent has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IntentForm {
    /// `payment`, as it was asked for.
    pub payment: Json,
    /// `additional_info`.
    pub additional_info: Json,
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Queued for the terminal.
    Waiting,
    /// On the terminal's screen.
    AtTerminal,
    /// A card was read and its result is not known.
    Processing,
    /// Paid.
    Processed,
    /// The card was rejected.
    Failed,
    /// The terminal broke off, without a payment.
    Broken,
    /// Called off, by the software or at the terminal.
    Canceled,
    /// Nobody paid in time.
    Expired,
    /// Nobody knows: look at the terminal.
    ActionRequired,
}

impl Standing {
    /// Whether nothing more happens to it.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::AtTerminal | Self::Processing)
    }

    /// The state of an intent.
    pub const fn intent_word(self) -> &'static str {
        match self {
            Self::Waiting => "OPEN",
            Self::AtTerminal => "ON_TERMINAL",
            Self::Processing => "PROCESSING",
            Self::Processed | Self::Failed => "FINISHED",
            Self::Broken => "ERROR",
            Self::Canceled => "CANCELED",
            Self::Expired => "ABANDONED",
            Self::ActionRequired => "CONFIRMATION_REQUIRED",
        }
    }
}

impl Charge {
    /// What the buyer pays.
    pub fn total(&self) -> i64 {
        self.amount + self.tip
    }

    /// Whether it is an order.
    pub fn is_order(&self) -> bool {
        matches!(self.form, Form::Order(_))
    }

    /// Whether it shows its payment.
    pub fn shows_payment(&self) -> bool {
        matches!(self.standing, Standing::Processed | Standing::Failed)
    }

    fn text(&self, minor: i64) -> Json {
        Json::Text(decimal_text(minor, self.site.decimals()))
    }

    /// `status` and `status_detail` of an order. That `processing` is not used follows the Point pages; whether a paid
    /// order says `accredited` or `processed` is told both ways.
    pub fn order_status(&self, payment: Option<&Payment>) -> (&'static str, &'static str) {
        match self.standing {
            Standing::Waiting => ("created", "created"),
            Standing::AtTerminal | Standing::Processing => ("at_terminal", "at_terminal"),
            Standing::Processed => match payment {
                Some(payment) if payment.refunded() >= payment.amount => ("refunded", "refunded"),
                Some(payment) if payment.refunded() > 0 => ("processed", "partially_refunded"),
                _ => ("processed", "accredited"),
            },
            Standing::Failed | Standing::Broken => ("failed", "failed"),
            Standing::Canceled => ("canceled", "canceled"),
            Standing::Expired => ("expired", "expired"),
            Standing::ActionRequired => ("action_required", "check_on_terminal"),
        }
    }

    /// The order as the API shows it. Its `payment` is given when there is one.
    pub fn render_order(&self, seller: &Account, payment: Option<&Payment>) -> Json {
        let Form::Order(form) = &self.form else { return Json::Null };
        let (status, detail) = self.order_status(payment);
        let mut order = object! {
            "id": self.id.as_str(),
            "type": "point",
            "processing_mode": "automatic",
            "user_id": self.owner.to_string(),
            "external_reference": self.external_reference.clone(),
            "description": self.description.clone(),
            "expiration_time": form.expiration_time.as_str(),
            "country_code": self.site.country(),
            "currency": self.site.currency(),
            "status": status,
            "status_detail": detail,
            "version": self.version,
            "created_date": self.created.utc(),
            "last_updated_date": self.updated.utc(),
            "integration_data": form.integration(seller),
            "config": form.config.clone(),
            "transactions": self.transactions(form, payment, true),
        };
        if self.description.is_none() {
            order.remove("description");
        }
        order
    }

    /// The body's `data` of an order's Webhook. One that asks for action has no transactions.
    pub fn render_news(&self, payment: Option<&Payment>) -> Json {
        let Form::Order(form) = &self.form else { return Json::Null };
        let (status, detail) = self.order_status(payment);
        let mut data = object! {
            "external_reference": self.external_reference.clone(),
            "id": self.id.as_str(),
            "status": status,
            "status_detail": detail,
            "type": "point",
            "version": self.version,
        };
        if self.standing == Standing::Processed {
            data.put("total_paid_amount", self.text(self.total()));
        }
        if self.standing != Standing::ActionRequired {
            data.put("transactions", self.transactions(form, payment, false));
        }
        data
    }

    /// `transactions`. The documents name the payment `reference_id` in one place and `reference.id` in another: an order
    /// that is read has both, the Webhook has what its sample has.
    fn transactions(&self, form: &OrderForm, payment: Option<&Payment>, both: bool) -> Json {
        let shown = payment.filter(|_| self.shows_payment());
        let (status, detail) = match (self.order_status(payment), shown) {
            (("created", _), _) => ("created", "ready_to_process"),
            // Inferred: the payment's own words.
            ((status @ "failed", _), Some(payment)) => (status, payment.status_detail.as_str()),
            (words, _) => words,
        };
        let mut transaction = object! {"id": form.transaction.as_str(), "amount": self.text(self.amount)};
        if self.standing == Standing::Processed {
            transaction.put("paid_amount", self.text(self.total()));
            if self.tip > 0 {
                transaction.put("tip_amount", self.text(self.tip));
            }
        }
        transaction.put("status", status.into());
        transaction.put("status_detail", detail.into());
        if let Some(payment) = shown {
            let id = payment.id.to_string();
            if both {
                transaction.put("reference_id", id.as_str().into());
            }
            transaction.put("reference", object! {"id": id});
            let method = payment.method;
            transaction
                .put("payment_method", object! {"id": method.id(), "type": method.kind(), "installments": 1});
        }
        let mut transactions = object! {"payments": vec![transaction]};
        let refunds: Vec<Json> = shown
            .iter()
            .flat_map(|payment| &payment.refunds)
            .map(|refund| self.render_refund(form, refund))
            .collect();
        if !refunds.is_empty() {
            transactions.put("refunds", Json::List(refunds));
        }
        transactions
    }

    /// An entry of `transactions.refunds`.
    pub fn render_refund(&self, form: &OrderForm, refund: &Refund) -> Json {
        object! {
            "id": ids::of_refund(refund),
            "transaction_id": form.transaction.as_str(),
            "reference_id": refund.id.to_string(),
            "amount": self.text(refund.amount),
            "status": match refund.status {
                RefundStatus::Approved => "processed",
                RefundStatus::InProcess => "processing",
                RefundStatus::Rejected => "failed",
            },
        }
    }

    /// The intent as the API shows it, in a state that may be late.
    pub fn render_intent(&self, standing: Standing) -> Json {
        let Form::Intent(form) = &self.form else { return Json::Null };
        let mut intent = object! {
            "state": standing.intent_word(),
            "id": self.id.as_str(),
            "device_id": self.terminal.as_str(),
            "amount": self.amount,
        };
        let mut payment = form.payment.clone();
        if let Some(id) = self.payment.filter(|_| standing.is_over() && self.shows_payment()) {
            payment = if payment.is_null() {
                object! {}
            } else {
                payment
            };
            payment.put("id", id.to_string().into());
        }
        for (name, value) in [
            ("description", self.description.clone().into()),
            ("payment", payment),
            ("additional_info", form.additional_info.clone()),
        ] {
            if !value.is_null() {
                intent.put(name, value);
            }
        }
        intent
    }
}

impl OrderForm {
    fn integration(&self, seller: &Account) -> Json {
        let mut data = if self.integration_data.is_null() {
            object! {}
        } else {
            self.integration_data.clone()
        };
        data.put("application_id", seller.application_id.to_string().into());
        data
    }
}
