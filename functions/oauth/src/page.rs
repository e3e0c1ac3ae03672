//! What a person is shown who comes back from Mercado Pago: one sentence and what to do, in three languages. The page loads
//! nothing, runs nothing, and tells no other site where it was.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::{Body, Response};
use sha2::{Digest, Sha256};
use surtidor::id::AccountId;
use surtidor::sale::Language;

/// What there is to say.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// The account is linked.
    Linked(AccountId),
    /// It was before: the page was loaded again.
    LinkedAlready(AccountId),
    /// The seller did not consent.
    Refused,
    /// The link is over, was used, or is none.
    Gone,
    /// Another seller consented than the one who may.
    WrongSeller,
    /// A test user consented for an account that takes real money.
    TestUser,
    /// Mercado Pago gave no tokens.
    Failed,
    /// Something behind us does not answer; the link was not used.
    Unavailable,
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}\
                     h1{font-size:1.4rem}:root{color-scheme:light dark}";

impl Said {
    fn status(&self) -> u16 {
        match self {
            Self::Linked(_) | Self::LinkedAlready(_) | Self::Refused => 200,
            Self::WrongSeller | Self::TestUser => 403,
            Self::Gone => 410,
            Self::Failed => 502,
            Self::Unavailable => 503,
        }
    }

    /// A heading, and what to do.
    fn words(&self, language: Language) -> (String, &'static str) {
        let of = |es: &'static str, pt: &'static str, en: &'static str| language.of(es, pt, en);
        let close = of(
            "Ya puede cerrar esta página.",
            "Você já pode fechar esta página.",
            "You can close this page.",
        );
        let ask_again = of(
            "Pida un enlace nuevo a quien le envió este y vuelva a autorizar.",
            "Peça um novo link a quem enviou este e autorize de novo.",
            "Ask whoever sent you this link for a new one, and authorise again.",
        );
        match self {
            Self::Linked(account) => (
                of("La cuenta {} quedó vinculada", "A conta {} foi vinculada", "The account {} is linked")
                    .replace("{}", account.as_str()),
                close,
            ),
            Self::LinkedAlready(account) => (
                of(
                    "La cuenta {} ya está vinculada",
                    "A conta {} já está vinculada",
                    "The account {} is linked already",
                )
                .replace("{}", account.as_str()),
                close,
            ),
            Self::Refused => (
                of(
                    "No se autorizó la vinculación",
                    "A vinculação não foi autorizada",
                    "The link was not authorised",
                )
                .to_owned(),
                of(
                    "No se cambió nada. Si fue un error, abra el enlace otra vez.",
                    "Nada foi alterado. Se foi um engano, abra o link de novo.",
                    "Nothing was changed. If that was a mistake, open the link again.",
                ),
            ),
            Self::Gone => (
                of(
                    "Este enlace venció o ya se usó",
                    "Este link expirou ou já foi usado",
                    "This link has expired or was used already",
                )
                .to_owned(),
                ask_again,
            ),
            Self::WrongSeller => (
                of(
                    "Se autorizó con otra cuenta de Mercado Pago",
                    "A autorização foi feita com outra conta do Mercado Pago",
                    "Another Mercado Pago account was used to authorise",
                )
                .to_owned(),
                of(
                    "No se guardó nada. Cierre la sesión en Mercado Pago, pida un enlace nuevo y autorice con la cuenta que cobra.",
                    "Nada foi salvo. Saia do Mercado Pago, peça um novo link e autorize com a conta que recebe.",
                    "Nothing was kept. Log out of Mercado Pago, ask for a new link, and authorise with the account that takes the money.",
                ),
            ),
            Self::TestUser => (
                of(
                    "Se autorizó con un usuario de prueba",
                    "A autorização foi feita com um usuário de teste",
                    "A test user was used to authorise",
                )
                .to_owned(),
                of(
                    "No se guardó nada: la cuenta cobra dinero real. Pida un enlace nuevo y autorice con la cuenta real.",
                    "Nada foi salvo: a conta recebe dinheiro real. Peça um novo link e autorize com a conta real.",
                    "Nothing was kept: the account takes real money. Ask for a new link, and authorise with the real account.",
                ),
            ),
            Self::Failed => (
                of(
                    "Mercado Pago no confirmó la autorización",
                    "O Mercado Pago não confirmou a autorização",
                    "Mercado Pago did not confirm the authorisation",
                )
                .to_owned(),
                ask_again,
            ),
            Self::Unavailable => (
                of("Intente otra vez", "Tente de novo", "Try again").to_owned(),
                of(
                    "El sistema no responde ahora. Vuelva a cargar esta página en unos minutos.",
                    "O sistema não responde agora. Recarregue esta página em alguns minutos.",
                    "The system does not answer now. Load this page again in a few minutes.",
                ),
            ),
        }
    }
}

/// The page.
pub(crate) fn render(said: &Said, language: Language) -> Response<Body> {
    let (heading, what_to_do) = said.words(language);
    let code = language.of("es", "pt", "en");
    // Nothing of it comes from outside but the account's id, which has letters, digits and hyphens only.
    let html = format!(
        "<!doctype html><html lang=\"{code}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{heading}</title><style>{STYLE}</style><h1>{heading}</h1><p>{what_to_do}</p></html>\n"
    );
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let response = Response::builder()
        .status(said.status())
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_LANGUAGE, code)
        .header(CONTENT_SECURITY_POLICY, policy)
        .header(REFERRER_POLICY, "no-referrer")
        .header(CACHE_CONTROL, "no-store")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(html));
    response.unwrap_or_else(|_| Response::new(Body::Empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_said_in_three_languages_and_names_the_account() {
        let account = AccountId::parse("north-2").unwrap();
        let all = [
            Said::Linked(account.clone()),
            Said::LinkedAlready(account),
            Said::Refused,
            Said::Gone,
            Said::WrongSeller,
            Said::TestUser,
            Said::Failed,
            Said::Unavailable,
        ];
        let mut headings = std::collections::BTreeSet::new();
        for said in &all {
            for language in [Language::Es, Language::Pt, Language::En] {
                let (heading, what_to_do) = said.words(language);
                assert!(!heading.contains("{}") && !what_to_do.contains("{}"), "{heading}");
                let names = matches!(said, Said::Linked(_) | Said::LinkedAlready(_));
                assert_eq!(heading.contains("north-2"), names, "{heading}");
                headings.insert(heading);
            }
        }
        assert_eq!(headings.len(), 3 * all.len());
    }

    #[test]
    fn the_policy_lets_through_the_style_that_is_there_and_nothing_else() {
        let page = render(&Said::Gone, Language::En);
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        let Body::Text(html) = page.body() else { panic!("a text") };
        let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
        assert!(!html.contains("<script") && !html.contains("http"), "{html}");
    }
}
