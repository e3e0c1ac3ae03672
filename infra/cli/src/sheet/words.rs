//! What is printed, in three languages.

use surtidor::sale::Language;
use time::Date;

/// The words of a language.
pub struct Words {
    /// Its tag.
    pub language: &'static str,
    /// The call to pay.
    pub call: &'static str,
    /// With which app.
    pub with: &'static str,
    /// Above the number of the side.
    pub side: &'static str,
    /// Above the number of the station.
    pub station: &'static str,
    /// What to do: a title and a sentence each.
    pub steps: [(&'static str, &'static str); 3],
    /// What must be alike, before the number of the side.
    pub check: &'static str,
    /// What to do when it does not work.
    pub help: &'static str,
}

const ES: Words = Words {
    language: "es",
    call: "Pagá con QR",
    with: "con Mercado Pago u otra billetera",
    side: "SURTIDOR · LADO",
    station: "ESTACIÓN",
    steps: [
        ("Cargá", "y esperá a que termine"),
        ("Escaneá", "este QR: el importe aparece solo"),
        ("Revisá", "que sea el del surtidor, y pagá"),
    ],
    check: "Tu celular y el surtidor tienen que decir lado",
    help: "Si no funciona, avisá al playero.",
};

const PT: Words = Words {
    language: "pt",
    call: "Pague com QR",
    with: "com Mercado Pago ou outra carteira",
    side: "BOMBA · LADO",
    station: "POSTO",
    steps: [
        ("Abasteça", "e espere terminar"),
        ("Escaneie", "este QR: o valor aparece sozinho"),
        ("Confira", "se é o valor da bomba, e pague"),
    ],
    check: "O celular e a bomba devem mostrar o lado",
    help: "Se não funcionar, avise o frentista.",
};

const EN: Words = Words {
    language: "en",
    call: "Pay by QR",
    with: "with Mercado Pago or another wallet",
    side: "PUMP · SIDE",
    station: "STATION",
    steps: [
        ("Fuel up", "and wait until it stops"),
        ("Scan", "this QR: the amount appears by itself"),
        ("Check", "that it is the pump’s amount, and pay"),
    ],
    check: "Your phone and the pump must both say side",
    help: "If it does not work, tell the attendant.",
};

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    match language {
        Language::Es => &ES,
        Language::Pt => &PT,
        Language::En => &EN,
    }
}

/// A day as it is written there; readers of English do not agree on the order of day and month.
pub fn day(date: Date, language: Language) -> String {
    let (year, month, day) = date.to_calendar_date();
    let month = u8::from(month);
    match language {
        Language::Es | Language::Pt => format!("{day:02}/{month:02}/{year}"),
        Language::En => format!("{year}-{month:02}-{day:02}"),
    }
}
