//! The link that a seller opens to let us act for them, with PKCE (RFC 7636): who catches the code on its way cannot use it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::id::AccountId;
use crate::store::{Invitation, InvitationStatus, Store, StoreError, hash_of_key};

/// How long an invitation is good. The seller needs that time to log in; the code that comes of it lives for ten minutes.
pub const INVITATION_LIFE: Duration = Duration::minutes(30);

/// What is known of a new link.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    /// What the seller is to become here.
    pub account: &'a AccountId,
    /// The seller's user id. Without it whoever opens the link first becomes the account.
    pub collector_id: Option<u64>,
    /// The application.
    pub client_id: &'a str,
    /// Where the seller comes back to; exactly as it is registered with the application.
    pub redirect_uri: &'a str,
    /// Where sellers consent: `https://auth.mercadopago.com`, or the host of a country.
    pub auth_url: &'a str,
}

/// Why no link was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The base URL of the consent page is none.
    #[error("the URL of the consent page must begin with https:// and have a host")]
    AuthUrl,
    /// The table did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    NoChance,
}

/// Writes an invitation down and gives its link. Who has the link may consent in the account's name: it goes to the seller and
/// to nobody else.
pub async fn begin(store: &Store, new: &NewLink<'_>, now: OffsetDateTime) -> Result<Url, BeginError> {
    let (state, verifier) = (random()?, random()?);
    let url = link(new, &state, &challenge(&verifier))?;
    let invitation = Invitation {
        account: new.account.clone(),
        collector_id: new.collector_id,
        verifier: Some(verifier),
        redirect_uri: new.redirect_uri.to_owned(),
        expires_at: now.saturating_add(INVITATION_LIFE),
        status: InvitationStatus::Waiting,
    };
    // 256 random bits are never there before.
    store.save_invitation(&hash_of_key(&state), &invitation, None).await?;
    Ok(url)
}

/// Whether a text has the form of a state.
pub(super) fn is_state(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// 256 bits that nobody can guess, as 43 characters that need no escaping.
fn random() -> Result<String, BeginError> {
    let mut bytes = [0_u8; 32];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| BeginError::NoChance)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What the consent page is told of a verifier: method `S256`.
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn link(new: &NewLink<'_>, state: &str, challenge: &str) -> Result<Url, BeginError> {
    let url = Url::parse(new.auth_url).ok().filter(|url| url.has_host() && url.query().is_none());
    let mut url = url.filter(|url| matches!(url.scheme(), "https" | "http")).ok_or(BeginError::AuthUrl)?;
    url.set_path(&format!("{}/authorization", url.path().trim_end_matches('/')));
    url.query_pairs_mut()
        .append_pair("client_id", new.client_id)
        .append_pair("response_type", "code")
        .append_pair("platform_id", "mp")
        .append_pair("state", state)
        .append_pair("redirect_uri", new.redirect_uri)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn states_and_verifiers_have_256_bits_and_no_two_are_equal() {
        let all: std::collections::BTreeSet<_> = (0..100).map(|_| random().unwrap()).collect();
        assert_eq!(all.len(), 100);
        // RFC 7636, 4.1: 43 to 128 characters of this alphabet.
        assert!(all.iter().all(|text| is_state(text)), "{all:?}");
    }

    #[test]
    fn a_link_names_everything_once() {
        let account = AccountId::parse("demo").unwrap();
        let new = NewLink {
            account: &account,
            collector_id: Some(7),
            client_id: "7364289770550796",
            redirect_uri: "https://api.example.com/oauth/callback",
            auth_url: "https://auth.mercadopago.com.ar/",
        };
        let url = link(&new, "s", "c").unwrap();
        assert_eq!(
            url.as_str(),
            "https://auth.mercadopago.com.ar/authorization?client_id=7364289770550796&response_type=code&platform_id=mp\
             &state=s&redirect_uri=https%3A%2F%2Fapi.example.com%2Foauth%2Fcallback&code_challenge=c&code_challenge_method=S256"
        );
        for wrong in ["", "auth.mercadopago.com", "file:///x", "https://", "https://x?y=z"] {
            assert!(link(&NewLink { auth_url: wrong, ..new }, "s", "c").is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_put_into_a_link_is_read_out_of_it(client_id in "\\PC{1,40}", redirect_uri in "\\PC{1,80}") {
            let account = AccountId::parse("demo").unwrap();
            let new = NewLink { account: &account, collector_id: None, client_id: &client_id, redirect_uri: &redirect_uri, auth_url: "https://auth.example" };
            let (state, verifier) = (random().unwrap(), random().unwrap());
            let url = link(&new, &state, &challenge(&verifier)).unwrap();
            let read: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(read.len(), 7);
            prop_assert_eq!(&read["client_id"], &client_id);
            prop_assert_eq!(&read["redirect_uri"], &redirect_uri);
            prop_assert_eq!(&read["state"], &state);
            prop_assert_eq!(&read["code_challenge"], &challenge(&verifier));
            prop_assert!(!url.as_str().contains(&verifier), "the verifier stays here");
        }
    }
}
