//! Acting for many sellers: each consents once at Mercado Pago (OAuth 2.0 with PKCE), and the tokens that come of it are kept
//! and renewed here.
//!
//! * `begin` makes the link that a seller opens.
//! * `arrive` takes the seller who comes back with a code: the code becomes tokens.
//! * `renew` goes through all links once a day.
//! * `documents` are the two secrets: the one with refresh tokens, which nothing else may read, and that of the accounts, into
//!   which the access token is copied, since that is what the road reads.
//!
//! **Invariant.** A refresh token is irreplaceable and good once. It is used by one process at a time, and what comes of it is
//! written before anything else is done. **Invariant.** An account never changes its seller by a link.

mod arrive;
mod begin;
mod documents;
mod renew;

use aws_sdk_secretsmanager::Client;
use secrecy::ExposeSecret;
use time::Duration;

use crate::id::AccountId;
use crate::mercado_pago::MercadoPago;
use crate::secrets::{self, SecretError};
use crate::store::{Store, StoreError};

pub use arrive::Arrival;
pub use begin::{BeginError, INVITATION_LIFE, NewLink, begin};
pub use renew::{Renewal, Renewed};

use documents::Grant;

/// How long functions may go on with an access token that they have read before.
pub const KNOWN_LATE: Duration = Duration::minutes(6);

/// What links of sellers are made and kept with.
#[derive(Debug)]
pub struct Links {
    /// The table.
    pub store: Store,
    /// Where tokens come from.
    pub mercado_pago: MercadoPago,
    /// Where they are kept.
    pub secrets: Client,
    /// The secret with the application and the refresh tokens.
    pub oauth_secret: String,
    /// The secret that the other functions read tokens from.
    pub accounts_secret: String,
}

/// Why a link was not made or kept.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be read or written.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The OAuth secret does not name the application.
    #[error("the OAuth secret has no application with client_id and client_secret")]
    NoApplication,
    /// The OAuth secret has no tokens of this account.
    #[error("the account is not linked, or its entry in the OAuth secret is not whole")]
    NotLinked,
}

/// Tries to write what cannot be asked for again, and the pause after the first; it doubles with each.
const KEEP_TRIES: u32 = 5;
const KEEP_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

impl Links {
    /// Writes tokens into the OAuth secret, with patience: there is no second copy of them. `write` says whether they are
    /// wanted in the document as it stands.
    async fn keep<R>(&self, mut write: impl FnMut(&mut documents::Document) -> R) -> Result<R, SecretError> {
        let mut pause = KEEP_PAUSE;
        for _ in 1..KEEP_TRIES {
            match secrets::change(&self.secrets, &self.oauth_secret, &mut write).await {
                Ok(written) => return Ok(written),
                Err(error) => {
                    tracing::warn!(event = "tokens_not_kept_yet", %error, "New tokens could not be written: trying again");
                }
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        secrets::change(&self.secrets, &self.oauth_secret, &mut write).await
    }

    /// Copies an account's access token to where the other functions read it; whether it was not there already. The tokens
    /// are looked at again after the copy: of two who copy at once, the newer token stays.
    async fn copy(&self, account: &AccountId, mut grant: Grant) -> Result<bool, SecretError> {
        let mut copied = false;
        loop {
            let put = |accounts: &mut documents::Document| documents::put_copy(accounts, account, &grant);
            if !secrets::change(&self.secrets, &self.accounts_secret, put).await? {
                return Ok(copied);
            }
            copied = true;
            let document = secrets::document(&self.secrets, &self.oauth_secret).await?;
            match documents::grant(&document, account) {
                Some(now) if now.access_token.expose_secret() != grant.access_token.expose_secret() => {
                    grant = now;
                }
                _ => return Ok(true),
            }
        }
    }
}
