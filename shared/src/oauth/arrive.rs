//! The seller comes back from Mercado Pago with a code. The invitation is taken by one conditional write, the code becomes
//! tokens, and the tokens are written down: first where they cannot be replaced, then where they are used.

use time::OffsetDateTime;

use super::begin::is_state;
use super::documents::{self, Document, Grant};
use super::{LinkError, Links};
use crate::id::AccountId;
use crate::mercado_pago::Tokens;
use crate::secrets;
use crate::store::{Invitation, InvitationStatus, Link, LinkStatus, StoreError, hash_of_key};

/// What came of a seller's coming back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The account is linked.
    Linked(AccountId),
    /// It was before, by the same invitation.
    LinkedAlready(AccountId),
    /// The invitation is over, was used, or is none.
    Gone,
    /// Another seller consented than the one who may.
    WrongSeller(AccountId),
    /// A test user consented for an account that takes real money.
    TestUser(AccountId),
    /// Mercado Pago gave no tokens, or they could not be kept. The invitation is used up.
    Failed(AccountId),
}

/// Tries to write how a link stands, against others who write it.
const TRIES: u32 = 5;

impl Links {
    /// Makes a link of a state and a code. It costs a stranger who guesses one read.
    pub async fn arrive(&self, state: &str, code: &str, now: OffsetDateTime) -> Result<Arrival, LinkError> {
        if !is_state(state) {
            return Ok(Arrival::Gone);
        }
        let hash = hash_of_key(state);
        let Some(mut invitation) = self.store.invitation(&hash).await? else { return Ok(Arrival::Gone) };
        let account = invitation.account.clone();
        match invitation.status {
            InvitationStatus::Linked => return Ok(Arrival::LinkedAlready(account)),
            InvitationStatus::Waiting if now < invitation.expires_at => {}
            _ => return Ok(Arrival::Gone),
        }
        let oauth = secrets::document(&self.secrets, &self.oauth_secret).await?;
        let application = documents::application(&oauth).ok_or(LinkError::NoApplication)?;
        let accounts = secrets::document(&self.secrets, &self.accounts_secret).await?;
        let known = documents::entry(&accounts, &account);
        let Some(verifier) = invitation.verifier.take() else { return Ok(Arrival::Gone) };
        invitation.status = InvitationStatus::Taken;
        if !self.store.save_invitation(&hash, &invitation, Some(InvitationStatus::Waiting)).await? {
            return Ok(Arrival::Gone);
        }
        let redirect_uri = &invitation.redirect_uri;
        let tokens = self.mercado_pago.exchange_code(&application, code, redirect_uri, &verifier).await;
        let arrival = match tokens {
            Ok(tokens) => self.link_up(&invitation, known, &tokens, now).await,
            Err(error) => {
                tracing::warn!(event = "link_failed", %account, %error, "A code could not be exchanged: a new invitation is needed");
                Arrival::Failed(account)
            }
        };
        let linked = matches!(arrival, Arrival::Linked(_));
        invitation.status = if linked { InvitationStatus::Linked } else { InvitationStatus::Failed };
        if let Err(error) =
            self.store.save_invitation(&hash, &invitation, Some(InvitationStatus::Taken)).await
        {
            // It can be used by nobody either way.
            tracing::warn!(event = "store_failed", %error, "What became of an invitation was not written");
        }
        Ok(arrival)
    }

    /// Checks whose tokens they are, and keeps them. `known` is the account's entry in the accounts secret.
    async fn link_up(
        &self,
        invitation: &Invitation,
        known: Option<&Document>,
        tokens: &Tokens,
        now: OffsetDateTime,
    ) -> Arrival {
        let account = &invitation.account;
        let Some(seller) = tokens.user_id() else {
            tracing::warn!(event = "link_failed", %account, "Mercado Pago does not tell whose tokens they are");
            return Arrival::Failed(account.clone());
        };
        let may = [invitation.collector_id, known.and_then(documents::collector_id)];
        let wrong_seller = || {
            tracing::warn!(event = "link_of_wrong_seller", %account, seller, "Another seller consented: nothing was kept");
            Arrival::WrongSeller(account.clone())
        };
        if may.into_iter().flatten().any(|may| may != seller) {
            return wrong_seller();
        }
        let live = known.and_then(|entry| entry.get("live")?.as_bool());
        if live == Some(true) && tokens.live_mode() == Some(false) {
            tracing::warn!(event = "link_of_test_user", %account, seller, "A test user consented for a live account: nothing was kept");
            return Arrival::TestUser(account.clone());
        }
        let grant = Grant {
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
            expires_at: tokens.expires_at(now),
            collector_id: seller,
            // Where it is not told, the account counts as live, which checks the most.
            live: live.or(tokens.live_mode()).unwrap_or(true),
        };
        match self.keep(|document| documents::put_grant(document, account, &grant)).await {
            Ok(true) => {}
            Ok(false) => return wrong_seller(),
            Err(error) => {
                tracing::error!(event = "tokens_not_kept", %account, %error, "New tokens are lost: a new invitation is needed");
                return Arrival::Failed(account.clone());
            }
        }
        // From here on the account is linked: what fails is made up for by the daily round.
        if grant.refresh_token.is_none() {
            tracing::warn!(event = "link_without_refresh", %account, "The seller's consent does not cover renewal (offline_access)");
        }
        if let Err(error) = self.copy(account, grant.clone()).await {
            tracing::error!(event = "token_not_copied", %account, %error, "A linked account cannot be used before the next round");
        }
        if let Err(error) = self.note_consent(account, &grant, now).await {
            tracing::warn!(event = "store_failed", %error, "How a link stands was not written");
        }
        tracing::info!(event = "account_linked", %account, seller, "A seller was linked");
        Arrival::Linked(account.clone())
    }

    /// Writes that a link is new, over whatever it was. Whoever renews it at this moment finds the version changed.
    async fn note_consent(
        &self,
        account: &AccountId,
        grant: &Grant,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let version = self.store.link(account).await?.map_or(0, |link| link.version);
            let mut link = Link { version, ..grant.link(account, now) };
            if self.store.save_link(&mut link).await? {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("others write it all the time".to_owned()))
    }
}

impl Grant {
    /// How a link stands whose seller consented now.
    pub(super) fn link(&self, account: &AccountId, now: OffsetDateTime) -> Link {
        Link {
            account: account.clone(),
            collector_id: self.collector_id,
            status: LinkStatus::Linked,
            expires_at: self.expires_at,
            linked_at: now,
            refreshed_at: None,
            last_error: None,
            lease_until: None,
            version: 0,
        }
    }
}
