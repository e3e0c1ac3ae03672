//! What may be wrong with a claim to points, in words.

use serde::{Deserialize, Serialize};

use crate::sale::Language;

/// A rule that a claim breaks. It is kept with the sale, so it holds nobody's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
#[allow(missing_docs, reason = "each is said in words by `Fault::words`")]
pub enum Fault {
    Country,
    Generation,
    Program { program: String },
    OtherProgram { program: String, of_station: String },
    StoreId,
    InvoiceNumber,
    Period,
    Shift,
    AffinityPlan,
    Attendant,
    NoProducts,
    Code { line: usize, code: String, program: String },
    Unit { line: usize },
    Quantity { line: usize },
    UnitPrice { line: usize },
    ShopTotal,
}

impl Fault {
    /// The field of the sale, as the station tells it, that is at fault.
    #[must_use]
    pub fn field(&self) -> String {
        let field = match self {
            Self::Country | Self::Generation => "loyalty",
            Self::Program { .. } | Self::OtherProgram { .. } => "loyalty.program",
            Self::StoreId => "loyalty.store_id",
            Self::InvoiceNumber => "invoice_number",
            Self::Period => "period",
            Self::Shift => "shift",
            Self::AffinityPlan => "loyalty.affinity_plan",
            Self::Attendant => "attendant",
            Self::NoProducts | Self::ShopTotal => "products",
            Self::Code { line, .. } => return format!("products[{line}].code"),
            Self::Unit { line } => return format!("products[{line}].unit"),
            Self::Quantity { line } => return format!("products[{line}].quantity"),
            Self::UnitPrice { line } => return format!("products[{line}].unit_price"),
        };
        field.to_owned()
    }

    /// Several rules in words.
    #[must_use]
    pub fn all(faults: &[Self], language: Language) -> String {
        let words: Vec<_> = faults.iter().map(|fault| fault.words(language)).collect();
        words.join("; ")
    }

    /// The rule in words.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let (es, pt, en) = match self {
            Self::Country => (
                "Mercado Pago suma puntos solo en Argentina",
                "o Mercado Pago soma pontos só na Argentina",
                "Mercado Pago has points in Argentina only",
            ),
            Self::Generation => (
                "la segunda generación de la consulta no lleva puntos",
                "a segunda geração da consulta não leva pontos",
                "the second generation of the lookup carries no points",
            ),
            Self::Program { program } => {
                return language
                    .of(
                        "el programa {} no es ninguno que se conozca: serviclub o CTC",
                        "o programa {} não é nenhum conhecido: serviclub ou CTC",
                        "the programme {} is none that is known: serviclub or CTC",
                    )
                    .replace("{}", program);
            }
            Self::OtherProgram { program, of_station } => {
                return language
                    .of(
                        "el programa de la estación es {station}, y no {claim}",
                        "o programa do posto é {station}, e não {claim}",
                        "the station's programme is {station}, and not {claim}",
                    )
                    .replace("{station}", of_station)
                    .replace("{claim}", program);
            }
            Self::StoreId => (
                "la estación no tiene un número de hasta 5 dígitos: falta site_id en la posición",
                "o posto não tem um número de até 5 dígitos: falta site_id na posição",
                "the station has no number of at most 5 digits: its position lacks site_id",
            ),
            Self::InvoiceNumber => (
                "el número de factura debe tener de 1 a 8 dígitos",
                "o número da nota deve ter de 1 a 8 dígitos",
                "the invoice number must have 1 to 8 digits",
            ),
            Self::Period => (
                "el período debe tener 4 caracteres",
                "o período deve ter 4 caracteres",
                "the period must have 4 characters",
            ),
            Self::Shift => (
                "el turno debe tener un solo carácter",
                "o turno deve ter um só caractere",
                "the shift must have one character",
            ),
            Self::AffinityPlan => (
                "el plan de afinidad debe tener un solo carácter",
                "o plano de afinidade deve ter um só caractere",
                "the affinity plan must have one character",
            ),
            Self::Attendant => (
                "el documento de quien atendió debe ser un tipo y solo dígitos",
                "o documento de quem atendeu deve ser um tipo e só dígitos",
                "the attendant's document must be a kind and digits only",
            ),
            Self::NoProducts => ("faltan los productos", "faltam os produtos", "the products are missing"),
            Self::Code { code, program, .. } => {
                return language
                    .of(
                        "el producto {code} no es del programa {program}",
                        "o produto {code} não é do programa {program}",
                        "the product {code} is none of the programme {program}",
                    )
                    .replace("{program}", program)
                    .replace("{code}", code);
            }
            Self::Unit { .. } => (
                "la unidad de un producto debe ser litre o piece",
                "a unidade de um produto deve ser litre ou piece",
                "the unit of a product must be litre or piece",
            ),
            Self::Quantity { .. } => (
                "la cantidad de un producto debe ser más que cero, con hasta 3 decimales",
                "a quantidade de um produto deve ser mais que zero, com até 3 decimais",
                "the quantity of a product must be more than zero, with at most 3 decimals",
            ),
            Self::UnitPrice { .. } => (
                "el precio de un producto debe ser más que cero, con hasta 3 decimales",
                "o preço de um produto deve ser mais que zero, com até 3 decimais",
                "the price of a product must be more than zero, with at most 3 decimals",
            ),
            Self::ShopTotal => (
                "los productos de tienda no suman un importe",
                "os produtos da loja não somam um valor",
                "the goods of the shop do not add up to an amount",
            ),
        };
        language.of(es, pt, en).to_owned()
    }
}
