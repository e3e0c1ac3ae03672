//! What people do: a seller consents, refuses, or takes the consent back.

use std::sync::Arc;

use super::Application;
use super::ask::Asked;
use super::{Code, Token};
use crate::app::App;
use crate::control::lever::LeverError;
use crate::world::Change;

impl App {
    /// Adds an application, or changes the one with that id.
    pub fn put_application(self: &Arc<Self>, application: Application) -> Result<(), LeverError> {
        if application.client_secret.is_empty() {
            return Err(LeverError::refused("client_secret must not be empty"));
        }
        self.change(|world| {
            world.oauth.applications.insert(application.client_id, application);
            (Ok(()), Vec::new())
        })
    }

    /// A seller opens the consent page at an address and consents. Gives the address that the browser goes to.
    pub fn consent(self: &Arc<Self>, url: &str, seller: u64) -> Result<String, LeverError> {
        let code = format!("TG-{}-{seller}", self.uuid().simple());
        let issued = self.clock.now();
        self.change(|world| {
            let asked = match Asked::read(world, url) {
                Ok(asked) if world.accounts.contains_key(&seller) => asked,
                Ok(_) => {
                    return (Err(LeverError::unknown(format!("there is no account {seller}"))), Vec::new());
                }
                Err(error) => return (Err(error), Vec::new()),
            };
            let location = asked.back("code", &code);
            let Asked { application, redirect_uri, challenge, .. } = asked;
            let application = application.client_id;
            let given = Code { application, seller, redirect_uri, challenge, issued, used: false };
            world.oauth.codes.insert(code, given);
            (location, Vec::new())
        })
    }

    /// A seller opens the consent page at an address and refuses.
    pub fn refuse(&self, url: &str) -> Result<String, LeverError> {
        Asked::read(&self.world(), url)?.back("error", "access_denied")
    }

    /// A seller takes the consent back: every token of the application for that seller is dead.
    pub fn deauthorize(self: &Arc<Self>, application: u64, seller: u64) -> Result<(), LeverError> {
        self.change(|world| {
            if !world.oauth.of(seller).any(|linked| linked.client_id == application) {
                let error = format!("the seller {seller} is not linked with the application {application}");
                return (Err(LeverError::unknown(error)), Vec::new());
            }
            let oauth = &mut world.oauth;
            let theirs = |token: &&mut Token| token.application == application && token.seller == seller;
            for token in oauth.access.values_mut().chain(oauth.refresh.values_mut()).filter(theirs) {
                token.dead = true;
            }
            (Ok(()), vec![Change::Deauthorized { application, seller }])
        })
    }

    /// Every secret that OAuth has given out or was given: application secrets, codes and tokens, dead ones too.
    pub fn oauth_secrets(&self) -> Vec<String> {
        let world = self.world();
        let oauth = &world.oauth;
        let secret = |application: &Application| {
            [application.client_secret.clone(), application.webhook_secret.clone()]
        };
        let given = oauth.codes.keys().chain(oauth.access.keys()).chain(oauth.refresh.keys()).cloned();
        given.chain(oauth.applications.values().flat_map(secret)).filter(|text| !text.is_empty()).collect()
    }
}
