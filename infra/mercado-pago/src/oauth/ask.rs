//! The address of the consent page, as the application made it.

use reqwest::Url;

use super::{Application, Method};
use crate::control::lever::LeverError;
use crate::world::World;

/// A question to a seller.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who asks.
    pub application: Application,
    /// Where the seller goes back to.
    pub redirect_uri: String,
    /// What goes back with the seller.
    pub state: Option<String>,
    /// PKCE.
    pub challenge: Option<(Method, String)>,
}

impl Asked {
    /// Reads an address. What is wrong with it the person sees on the page, since nobody can be sent back.
    pub fn read(world: &World, url: &str) -> Result<Asked, LeverError> {
        let refused = |why: &str| LeverError::refused(why);
        let url = Url::parse(url).map_err(|error| refused(&format!("the address is no URL: {error}")))?;
        let value = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        let client_id = value("client_id").ok_or_else(|| refused("client_id is missing"))?;
        let application =
            client_id.parse().ok().and_then(|id: u64| world.oauth.applications.get(&id)).cloned();
        let application =
            application.ok_or_else(|| refused(&format!("there is no application {client_id}")))?;
        for (name, wanted) in [("response_type", "code"), ("platform_id", "mp")] {
            if value(name).as_deref() != Some(wanted) {
                return Err(refused(&format!("{name} must be {wanted}")));
            }
        }
        let redirect_uri = value("redirect_uri").ok_or_else(|| refused("redirect_uri is missing"))?;
        if !application.redirect_uris.contains(&redirect_uri) {
            return Err(refused("redirect_uri is not one that is registered, to the letter"));
        }
        let challenge = match (value("code_challenge"), value("code_challenge_method").as_deref()) {
            (None, None) if application.pkce => return Err(refused("the application requires PKCE")),
            (None, None) => None,
            (Some(challenge), Some("S256")) => Some((Method::S256, challenge)),
            // RFC 7636, 4.3: what is meant when nothing is said.
            (Some(challenge), Some("plain") | None) => Some((Method::Plain, challenge)),
            _ => return Err(refused("code_challenge_method must be S256 or plain, with a code_challenge")),
        };
        let fits = |challenge: &str| (43..=128).contains(&challenge.len());
        if challenge.as_ref().is_some_and(|(_, challenge)| !fits(challenge)) {
            return Err(refused("code_challenge must have 43 to 128 characters"));
        }
        Ok(Asked { application, redirect_uri, state: value("state"), challenge })
    }

    /// Where the seller is sent, with a code or an error.
    pub fn back(&self, name: &str, value: &str) -> Result<String, LeverError> {
        let url = Url::parse(&self.redirect_uri);
        let mut url = url.map_err(|error| LeverError::refused(format!("redirect_uri is no URL: {error}")))?;
        url.query_pairs_mut().append_pair(name, value);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        Ok(url.into())
    }
}
