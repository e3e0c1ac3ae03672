//! What happened to a sale, in plain words of the reader's language.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Acknowledgement, CommandKind, Refusal, ReviewReason};
use crate::loyalty::Fault;
use crate::money::Money;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When we learned of it, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What.
    pub event: Event,
}

/// What can happen to a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[allow(missing_docs, reason = "each is said in words by `Event::words`")]
pub enum Event {
    Delivered {
        amount: Money,
    },
    Deferred,
    SettledElsewhere {
        tender: String,
    },
    Voided,
    Charged {
        terminal: String,
        amount: Money,
    },
    ChargeSeen {
        terminal: String,
        status: String,
        detail: Option<String>,
    },
    PaymentSeen {
        payment: String,
        status: String,
        detail: Option<String>,
    },
    Paid {
        payment: String,
    },
    CompetingPayment {
        payment: String,
    },
    NeedsReview {
        reasons: Vec<ReviewReason>,
    },
    RefundAsked {
        amount: Money,
        reason: String,
    },
    RefundApproved {
        amount: Money,
    },
    RefundRejected {
        amount: Money,
        refusal: Refusal,
    },
    Acknowledged {
        command: CommandKind,
        answer: Acknowledgement,
    },
    LoyaltyLeftOut {
        /// Empty in a sale that was told before faults were kept one by one.
        #[serde(default)]
        faults: Vec<Fault>,
    },
    ChargedBack {
        chargeback: String,
        payment: String,
        amount: Option<Money>,
        deadline: Option<String>,
    },
    DocumentationChanged {
        chargeback: String,
        status: String,
    },
}

/// A language that people at stations read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Spanish.
    Es,
    /// Portuguese.
    Pt,
    /// English.
    En,
}

impl Language {
    /// The first language of an `Accept-Language` header that is spoken here, else English. Weights are rare in
    /// calls of programs and are passed over: the order counts.
    #[must_use]
    pub fn of_header(accept: Option<&str>) -> Self {
        let mut wanted =
            accept.unwrap_or_default().split(',').map(|part| part.trim().get(..2).unwrap_or_default());
        wanted
            .find_map(|tag| match tag.to_ascii_lowercase().as_str() {
                "es" => Some(Self::Es),
                "pt" => Some(Self::Pt),
                "en" => Some(Self::En),
                _ => None,
            })
            .unwrap_or(Self::En)
    }

    /// The text of the three that is in this language.
    #[must_use]
    pub fn of<'a>(self, es: &'a str, pt: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Es => es,
            Self::Pt => pt,
            Self::En => en,
        }
    }
}

impl Event {
    /// The event as a sentence.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let say = |es: &str, pt: &str, en: &str, value: &str| language.of(es, pt, en).replace("{}", value);
        let money = |amount: &Money| format!("{} {amount}", amount.currency());
        match self {
            Self::Delivered { amount } => say(
                "Despacho recibido: {}",
                "Abastecimento recebido: {}",
                "Delivery received: {}",
                &money(amount),
            ),
            Self::Deferred => say(
                "Un despacho posterior oculta esta venta en el QR",
                "Um abastecimento posterior oculta esta venda no QR",
                "A later delivery hides this sale from the QR",
                "",
            ),
            Self::SettledElsewhere { tender } => say(
                "Cobrada en la estación: {}",
                "Recebida no posto: {}",
                "Settled at the station: {}",
                tender,
            ),
            Self::Voided => say("Anulada por la estación", "Anulada pelo posto", "Voided by the station", ""),
            Self::Charged { terminal, amount } => say(
                "Enviada al terminal {}",
                "Enviada ao terminal {}",
                "Sent to terminal {}",
                &format!("{terminal}: {}", money(amount)),
            ),
            // The word is the same in all three.
            Self::ChargeSeen { terminal, status, detail } => {
                format!("Terminal {terminal}: {}", with_detail(status, detail.as_deref()))
            }
            Self::PaymentSeen { payment, status, detail } => {
                let value = format!("{payment}: {}", with_detail(status, detail.as_deref()));
                say(
                    "Pago de Mercado Pago {}",
                    "Pagamento do Mercado Pago {}",
                    "Mercado Pago payment {}",
                    &value,
                )
            }
            Self::Paid { payment } => {
                say("Pagada con el pago {}", "Paga com o pagamento {}", "Paid by payment {}", payment)
            }
            Self::CompetingPayment { payment } => say(
                "El pago {} no corresponde: la venta ya está saldada. Se devuelve",
                "O pagamento {} não cabe: a venda já está quitada. Será devolvido",
                "Payment {} is one too many: the sale is settled. It is given back",
                payment,
            ),
            Self::NeedsReview { reasons } => {
                let words: Vec<_> = reasons.iter().map(|reason| reason.sentence(language)).collect();
                say("A revisar: {}", "A revisar: {}", "Needs review: {}", &words.join("; "))
            }
            Self::RefundAsked { amount, .. } => {
                say("Devolución pedida: {}", "Devolução pedida: {}", "Refund asked for: {}", &money(amount))
            }
            Self::RefundApproved { amount } => say(
                "Devolución aprobada: {}",
                "Devolução aprovada: {}",
                "Refund approved: {}",
                &money(amount),
            ),
            Self::RefundRejected { amount, refusal } => {
                let value = format!("{}. {}", money(amount), refusal.advice(language));
                say("Devolución rechazada: {}", "Devolução recusada: {}", "Refund rejected: {}", &value)
            }
            Self::Acknowledged { command, answer } => {
                let value = format!("{} → {}", command.word(), answer.word());
                say("La estación respondió: {}", "O posto respondeu: {}", "The station answered: {}", &value)
            }
            Self::LoyaltyLeftOut { faults } => say(
                "No se acreditarán puntos de fidelidad: {}",
                "Pontos de fidelidade não serão creditados: {}",
                "No loyalty points will be credited: {}",
                &Fault::all(faults, language),
            ),
            Self::ChargedBack { chargeback, payment, amount, deadline } => {
                let amount =
                    amount.as_ref().map(|amount| format!(" ({})", money(amount))).unwrap_or_default();
                let of_payment = language.of("del pago", "do pagamento", "of payment");
                let value = format!("{chargeback} {of_payment} {payment}{amount}");
                let said = say("Contracargo {}", "Contestação {}", "Chargeback {}", &value);
                let until = deadline.as_ref().map(|day| {
                    say(
                        ". Documentos hasta el {}",
                        ". Documentos até {}",
                        ". Documents are taken until {}",
                        day,
                    )
                });
                said + &until.unwrap_or_default()
            }
            Self::DocumentationChanged { chargeback, status } => say(
                "Documentos del contracargo {}",
                "Documentos da contestação {}",
                "Documents of chargeback {}",
                &format!("{chargeback}: {status}"),
            ),
        }
    }
}

/// Mercado Pago's words for a state and the reason behind it.
fn with_detail(status: &str, detail: Option<&str>) -> String {
    detail.map_or_else(|| status.to_owned(), |detail| format!("{status} ({detail})"))
}

impl Acknowledgement {
    /// The word in our API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadyDone => "already_done",
            Self::PaidElsewhere => "paid_elsewhere",
            Self::Unknown => "unknown",
        }
    }
}

impl ReviewReason {
    /// The reason as words for the back office.
    #[must_use]
    pub fn sentence(self, language: Language) -> &'static str {
        let (es, pt, en) = match self {
            Self::Collector => (
                "el dinero fue a otra cuenta",
                "o dinheiro foi para outra conta",
                "the money went to another account",
            ),
            Self::Currency => {
                ("se pagó en otra moneda", "foi pago em outra moeda", "it was paid in another currency")
            }
            Self::Amount => {
                ("el importe pagado es otro", "o valor pago é outro", "another amount was paid than is owed")
            }
            Self::Reference => (
                "el pago nombra otra venta",
                "o pagamento cita outra venda",
                "the payment names another sale",
            ),
            Self::Terminal => (
                "se cobró en otro terminal",
                "foi cobrado em outro terminal",
                "it was taken at another terminal",
            ),
            Self::LiveMode => (
                "es un pago de prueba en una cuenta real",
                "é um pagamento de teste em uma conta real",
                "it is a test payment in a live account",
            ),
            Self::UnknownStatus => (
                "Mercado Pago informa un estado desconocido",
                "o Mercado Pago informa um estado desconhecido",
                "Mercado Pago reports an unknown status",
            ),
            Self::Contradiction => (
                "Mercado Pago informa estados que se contradicen",
                "o Mercado Pago informa estados que se contradizem",
                "Mercado Pago reports statuses that contradict each other",
            ),
            Self::UnknownToStation => (
                "la estación no reconoce la venta pagada",
                "o posto não reconhece a venda paga",
                "the station does not know the paid sale",
            ),
            Self::RefundRefused => (
                "Mercado Pago rechazó devolver un pago de más",
                "o Mercado Pago recusou devolver um pagamento a mais",
                "Mercado Pago refused to give back a payment that was one too many",
            ),
        };
        language.of(es, pt, en)
    }
}

impl Refusal {
    /// What the person at the till can do.
    #[must_use]
    pub fn advice(self, language: Language) -> &'static str {
        let (es, pt, en) = match self {
            Self::TooOld => (
                "El pago es demasiado antiguo: devuelva el dinero por otro medio",
                "O pagamento é antigo demais: devolva o dinheiro por outro meio",
                "The payment is too old for Mercado Pago to refund: give the money back by other means",
            ),
            Self::NoBalance => (
                "La cuenta de Mercado Pago no tiene saldo: agregue dinero y pida la devolución otra vez",
                "A conta do Mercado Pago está sem saldo: adicione dinheiro e peça a devolução de novo",
                "The Mercado Pago account lacks the balance: add money and ask for the refund again",
            ),
            Self::WrongState => (
                "El pago no admite devolución en su estado: quizá ya fue devuelto; revise la venta",
                "O pagamento não admite devolução neste estado: talvez já tenha sido devolvido; confira a venda",
                "The payment cannot be refunded in its state: it may have been given back already; check the sale",
            ),
            Self::PartialUnsupported => (
                "Solo se puede devolver el total",
                "Só é possível devolver o total",
                "Only the whole payment can be refunded",
            ),
            Self::Amount => (
                "Mercado Pago no acepta ese importe: revise cuánto queda por devolver",
                "O Mercado Pago não aceita esse valor: confira quanto resta devolver",
                "Mercado Pago does not take that amount: check how much is left to refund",
            ),
            Self::NotActivated => (
                "La cuenta no puede devolver: active las credenciales de producción y revise el token",
                "A conta não pode devolver: ative as credenciais de produção e confira o token",
                "The account may not refund: activate its production credentials and check its token",
            ),
            Self::NotFound => (
                "Mercado Pago no encuentra el pago con esta cuenta: avise a soporte",
                "O Mercado Pago não encontra o pagamento com esta conta: avise o suporte",
                "Mercado Pago does not find the payment with this account: tell support",
            ),
            Self::Other => (
                "Mercado Pago rechazó la devolución: revise el pago en su panel",
                "O Mercado Pago recusou a devolução: confira o pagamento no painel",
                "Mercado Pago refused the refund: look at the payment in its panel",
            ),
        };
        language.of(es, pt, en)
    }
}
