//! What the person at the till does about a charge, in the person's language.

use time::OffsetDateTime;

use super::Charge;
use crate::sale::{Language, Sale, SaleStatus};

impl Sale {
    /// What the person at the till does about a charge.
    #[must_use]
    pub fn charge_advice(&self, charge: &Charge, now: OffsetDateTime, language: Language) -> &'static str {
        let (status, detail) = self.charge_status(charge, now);
        let moved_money = self.payment_of(charge).is_some_and(|payment| payment.approved_at.is_some());
        let (es, pt, en) = match (status.0.as_str(), detail.as_deref()) {
            _ if moved_money && self.status == SaleStatus::NeedsReview => (
                "Entró un pago que no corresponde con la venta: avise al encargado",
                "Entrou um pagamento que não corresponde à venda: avise o responsável",
                "A payment came in that does not fit the sale: call the manager",
            ),
            _ if charge.was_never_made() => never_made(detail.as_deref().unwrap_or_default()),
            ("created", _) => (
                "Enviado: espere a que el terminal lo muestre",
                "Enviado: espere o terminal mostrar",
                "Sent: wait until the terminal shows it",
            ),
            ("at_terminal", _) => (
                "En el terminal: pida la tarjeta",
                "No terminal: peça o cartão",
                "At the terminal: ask for the card",
            ),
            ("processing", Some("processed" | "refunded")) => (
                "Se confirma el pago: espere",
                "O pagamento está sendo confirmado: espere",
                "The payment is being confirmed: wait",
            ),
            ("processing", _) => (
                "El terminal procesa el pago: no retire la tarjeta",
                "O terminal processa o pagamento: não retire o cartão",
                "The terminal processes the payment: leave the card in",
            ),
            ("processed", _) => ("Pagado", "Pago", "Paid"),
            ("refunded", _) => ("Devuelto", "Devolvido", "Given back"),
            ("canceled" | "cancelled", _) => {
                ("Cancelado: no se cobró nada", "Cancelado: nada foi cobrado", "Canceled: nothing was taken")
            }
            ("expired", Some("not_confirmed")) => NOT_CONFIRMED,
            ("expired", _) => (
                "Venció sin pago: envíelo otra vez",
                "Venceu sem pagamento: envie de novo",
                "It expired unpaid: send it again",
            ),
            ("failed", _) => (
                "Rechazado: pida otra tarjeta u otro medio y envíelo otra vez",
                "Recusado: peça outro cartão ou outro meio e envie de novo",
                "Rejected: ask for another card or means and send it again",
            ),
            _ => (
                "No se sabe si se cobró: mire el terminal. Si no muestra una aprobación, haga un cobro nuevo",
                "Não se sabe se foi cobrado: olhe o terminal. Se não mostrar aprovação, faça uma cobrança nova",
                "Whether it was paid is not known: look at the terminal. If it shows no approval, make a new charge",
            ),
        };
        language.of(es, pt, en)
    }
}

const NOT_CONFIRMED: (&str, &str, &str) = (
    "Mercado Pago nunca confirmó el cobro: mire el terminal antes de cobrar otra vez",
    "O Mercado Pago nunca confirmou a cobrança: olhe o terminal antes de cobrar de novo",
    "Mercado Pago never confirmed the charge: look at the terminal before you charge again",
);

/// What to do about a charge that Mercado Pago refused to make, or that was never sent. No card was read.
fn never_made(code: &str) -> (&'static str, &'static str, &'static str) {
    match code {
        "terminal_busy" => (
            "No se envió: otro cobro ocupa el terminal",
            "Não foi enviado: outra cobrança ocupa o terminal",
            "Not sent: another charge holds the terminal",
        ),
        "not_confirmed" => NOT_CONFIRMED,
        _ if code.starts_with("already_queued") => (
            "El terminal tiene otro cobro pendiente: termínelo o cancélelo en el terminal y envíe este otra vez",
            "O terminal tem outra cobrança pendente: termine ou cancele no terminal e envie esta de novo",
            "The terminal holds another charge: finish or cancel it at the terminal and send this one again",
        ),
        "forbidden_checking_terminal_owner" | "terminal_not_found" => (
            "El terminal no es de esta cuenta de Mercado Pago: vincúlelo con su aplicación",
            "O terminal não é desta conta do Mercado Pago: vincule-o com o aplicativo",
            "The terminal is not of this Mercado Pago account: link it with its app",
        ),
        "unauthorized" => (
            "Mercado Pago rechaza el token de la cuenta: avise a soporte",
            "O Mercado Pago recusa o token da conta: avise o suporte",
            "Mercado Pago rejects the account's token: tell support",
        ),
        _ => (
            "Mercado Pago no aceptó el cobro y nada se envió al terminal: avise a soporte",
            "O Mercado Pago não aceitou a cobrança e nada foi enviado ao terminal: avise o suporte",
            "Mercado Pago did not take the charge and nothing was sent to the terminal: tell support",
        ),
    }
}
