//! Tokens of sellers who let an application act for them (`/oauth/token`).

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::client::MercadoPago;
use super::wire::{self, Text};
use super::{ApiError, client::Call};

/// How long an access token is good ("OAuth", 180 days), where an answer does not say.
const LIFE: Duration = Duration::days(180);

/// The application that acts for sellers.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id.
    pub client_id: String,
    /// What it proves itself with.
    pub client_secret: SecretString,
}

/// What `/oauth/token` gives. An answer to a refresh may leave out whose tokens they are.
#[derive(Clone, Debug, Deserialize)]
pub struct Tokens {
    access_token: SecretString,
    #[serde(default, deserialize_with = "wire::optional")]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Text,
    #[serde(default)]
    user_id: Text,
    #[serde(default, deserialize_with = "wire::optional")]
    live_mode: Option<bool>,
}

impl Tokens {
    /// What calls are made with.
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// What the next tokens are asked for with, once. There is none where the seller did not consent to `offline_access`.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref().filter(|token| !token.expose_secret().is_empty())
    }

    /// When the access token ends, if it was given now; to the second.
    #[must_use]
    pub fn expires_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        let told = self.expires_in.as_deref().and_then(|seconds| seconds.parse::<u32>().ok());
        let now = now.replace_nanosecond(0).unwrap_or(now);
        now.saturating_add(told.map_or(LIFE, |seconds| Duration::seconds(seconds.into())))
    }

    /// Whose tokens they are.
    #[must_use]
    pub fn user_id(&self) -> Option<u64> {
        self.user_id.as_deref()?.parse().ok()
    }

    /// Whether they move real money.
    #[must_use]
    pub fn live_mode(&self) -> Option<bool> {
        self.live_mode
    }
}

impl MercadoPago {
    /// Exchanges the code that a seller came back with. It is good for ten minutes and once; a repeat after a lost answer is
    /// refused if the code was used, and then the tokens are lost either way.
    pub async fn exchange_code(
        &self,
        application: &Application,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Tokens, ApiError> {
        let grant = Grant::AuthorizationCode { code, redirect_uri, code_verifier: verifier };
        whole(self.send(&self.token_call(application, grant)).await?)
    }

    /// Gets new tokens for a refresh token, which is good once: it is never sent twice by one call of this.
    pub async fn refresh_tokens(
        &self,
        application: &Application,
        refresh_token: &SecretString,
    ) -> Result<Tokens, ApiError> {
        let grant = Grant::RefreshToken { refresh_token: refresh_token.expose_secret() };
        whole(self.send_once(&self.token_call(application, grant)).await?)
    }

    fn token_call(&self, application: &Application, grant: Grant<'_>) -> Call {
        let Application { client_id, client_secret } = application;
        let parameters = Parameters { client_id, client_secret: client_secret.expose_secret(), grant };
        self.call_without_token(Method::POST, "/oauth/token").with_body(Some(&parameters))
    }
}

/// The parameters go in the body, and no others than are known.
#[derive(Serialize)]
struct Parameters<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    #[serde(flatten)]
    grant: Grant<'a>,
}

#[derive(Serialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Grant<'a> {
    AuthorizationCode { code: &'a str, redirect_uri: &'a str, code_verifier: &'a str },
    RefreshToken { refresh_token: &'a str },
}

/// Tokens without one are none.
fn whole(tokens: Tokens) -> Result<Tokens, ApiError> {
    if tokens.access_token.expose_secret().is_empty() {
        return Err(ApiError::Unreadable("no access token".to_owned()));
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    #[test]
    fn the_documented_answer_is_read() {
        let body = r#"{"access_token":"APP_USR-1-2-3-241983636","token_type":"bearer","expires_in":15552000,
            "scope":"offline_access read write","user_id":241983636,"refresh_token":"TG-4-241983636",
            "public_key":"APP_USR-5","live_mode":true}"#;
        let tokens: Tokens = serde_json::from_str(body).unwrap();
        assert_eq!(tokens.access_token().expose_secret(), "APP_USR-1-2-3-241983636");
        assert_eq!(tokens.refresh_token().unwrap().expose_secret(), "TG-4-241983636");
        assert_eq!((tokens.user_id(), tokens.live_mode()), (Some(241_983_636), Some(true)));
        assert_eq!(tokens.expires_at(NOW), datetime!(2027-05-21 12:00 UTC));
    }

    #[test]
    fn an_answer_to_a_refresh_may_lack_all_but_the_token() {
        for body in [
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","expires_in":null,"user_id":null,"live_mode":"yes","refresh_token":7}"#,
            r#"{"access_token":"a","expires_in":-1,"user_id":"x","refresh_token":""}"#,
        ] {
            let tokens: Tokens = serde_json::from_str(body).unwrap();
            assert!(tokens.refresh_token().is_none(), "{body}");
            assert_eq!((tokens.user_id(), tokens.live_mode()), (None, None), "{body}");
            assert_eq!(tokens.expires_at(NOW), datetime!(2027-05-21 12:00 UTC), "{body}");
        }
        let text = r#"{"access_token":"a","expires_in":"60","user_id":"241983636"}"#;
        let tokens: Tokens = serde_json::from_str(text).unwrap();
        assert_eq!((tokens.user_id(), tokens.expires_at(NOW)), (Some(241_983_636), NOW + Duration::MINUTE));
        for none in [r#"{"access_token":""}"#, r#"{"access_token":" "}"#] {
            let tokens: Tokens = serde_json::from_str(none).unwrap();
            assert_eq!(whole(tokens).is_err(), none.contains("\"\""), "{none}");
        }
        assert!(serde_json::from_str::<Tokens>(r#"{"error":"invalid_grant"}"#).is_err());
    }

    #[test]
    fn the_body_has_the_parameters_and_no_others() {
        let body =
            |grant| serde_json::to_value(Parameters { client_id: "1", client_secret: "s", grant }).unwrap();
        assert_eq!(
            body(Grant::AuthorizationCode { code: "c", redirect_uri: "r", code_verifier: "v" }),
            json!({"client_id": "1", "client_secret": "s", "grant_type": "authorization_code", "code": "c",
                "redirect_uri": "r", "code_verifier": "v"})
        );
        assert_eq!(
            body(Grant::RefreshToken { refresh_token: "t" }),
            json!({"client_id": "1", "client_secret": "s", "grant_type": "refresh_token", "refresh_token": "t"})
        );
    }

    #[test]
    fn tokens_are_not_shown() {
        let tokens: Tokens =
            serde_json::from_str(r#"{"access_token":"secret-1","refresh_token":"secret-2"}"#).unwrap();
        assert!(!format!("{tokens:?}").contains("secret-"), "{tokens:?}");
    }
}
