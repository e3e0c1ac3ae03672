//! The daily round over all links: the copy of each access token is mended, and tokens are renewed long before they end, so
//! that there are weeks to do something about it when that fails.
//!
//! A refresh token is good once. One process at a time may use an account's: it holds a lease in the table, which is longer
//! than an invocation may take, and reads the token under it. If it dies between Mercado Pago's answer and the write, the new
//! refresh token is lost: the access token is good for weeks still, the next try is refused, and the seller must consent again.
//! That rings every day until it is done.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::documents::{self, Grant};
use super::{LinkError, Links};
use crate::clock::Clock;
use crate::id::AccountId;
use crate::mercado_pago::{ApiError, Application, Tokens};
use crate::secrets;
use crate::store::{Link, LinkStatus};

/// Tokens that end within so long are renewed.
const EARLY: Duration = Duration::days(60);
/// If they could not be renewed and end within so long, it rings.
const LATE: Duration = Duration::days(30);
/// A lease outlives any invocation of the function (300 s).
const LEASE: Duration = Duration::minutes(10);
/// After so long a round begins no more renewals: the rest is for the next day.
const ROUND: Duration = Duration::seconds(180);
/// The most renewals of a round. Each writes a version of both secrets, and Secrets Manager keeps all versions of a day, of
/// which there may be about a hundred (`PutSecretValue`). Sixty days are enough for any number of accounts that fits.
const MOST: usize = 20;

/// What came of looking after one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// Its tokens are good for long.
    Kept,
    /// It has new tokens.
    Refreshed,
    /// Somebody else is at it, or was just now.
    Busy,
    /// Its tokens could not be renewed this time.
    Failed,
    /// They never will be: the seller must consent again.
    RelinkNeeded,
    /// The round had done enough: the next one comes to it.
    Postponed,
}

/// What came of looking after an account.
#[derive(Clone, Debug, Serialize)]
pub struct Renewed {
    /// The account.
    pub account: AccountId,
    /// What came of it.
    pub outcome: Renewal,
    /// Whole days until its access token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
}

/// When tokens are to be renewed.
#[derive(Clone, Copy, Debug)]
enum When {
    Never,
    Due,
    Now,
}

impl Links {
    /// Looks after every link. One that fails does not stop the others.
    pub async fn look_after_all(&self, clock: &Clock) -> Result<Vec<Renewed>, LinkError> {
        let document = secrets::document(&self.secrets, &self.oauth_secret).await?;
        let accounts = documents::accounts(&document);
        let begun = clock.now();
        let mut all = Vec::with_capacity(accounts.len());
        let mut refreshed = 0_usize;
        for account in accounts {
            let enough = refreshed >= MOST || clock.now() - begun > ROUND;
            let when = if enough { When::Never } else { When::Due };
            let renewed = self.tend(&account, when, clock).await.unwrap_or_else(|error| {
                tracing::error!(event = "links_not_watched", %account, %error, "A link could not be looked after");
                Renewed { account, outcome: Renewal::Failed, days: None }
            });
            refreshed = refreshed.saturating_add(usize::from(renewed.outcome == Renewal::Refreshed));
            all.push(renewed);
        }
        Ok(all)
    }

    /// Looks after one link. With `force` its tokens are renewed however long they are good, and though a renewal was refused
    /// before.
    pub async fn look_after(
        &self,
        account: &AccountId,
        force: bool,
        clock: &Clock,
    ) -> Result<Renewed, LinkError> {
        self.tend(account, if force { When::Now } else { When::Due }, clock).await
    }

    async fn tend(&self, account: &AccountId, when: When, clock: &Clock) -> Result<Renewed, LinkError> {
        let now = clock.now();
        // The link is read before the tokens: who writes it under this version knows that nobody renewed them since.
        let link = self.store.link(account).await?;
        let document = secrets::document(&self.secrets, &self.oauth_secret).await?;
        let grant = documents::grant(&document, account).ok_or(LinkError::NotLinked)?;
        if self.copy(account, grant.clone()).await? {
            tracing::warn!(event = "token_copied", %account, "The accounts secret did not have a linked account's token");
        }
        let link = self.as_it_stands(account, link, &grant, now).await?;
        let is_due = grant.expires_at - now < EARLY;
        match when {
            When::Now => {}
            _ if link.status == LinkStatus::RelinkNeeded => {
                ring_for_relink(account, &grant, now);
                return Ok(grant.renewed(account, Renewal::RelinkNeeded, now));
            }
            _ if !is_due => return Ok(grant.renewed(account, Renewal::Kept, now)),
            When::Never => return Ok(grant.renewed(account, Renewal::Postponed, now)),
            When::Due => {}
        }
        let application = documents::application(&document).ok_or(LinkError::NoApplication)?;
        self.renew(&application, account, link, clock).await
    }

    /// How a link stands, written anew if it tells of other tokens than there are: whoever wrote those died before it told.
    async fn as_it_stands(
        &self,
        account: &AccountId,
        known: Option<Link>,
        grant: &Grant,
        now: OffsetDateTime,
    ) -> Result<Link, LinkError> {
        let mut link = match known {
            Some(link) if link.expires_at == grant.expires_at || link.is_leased(now) => return Ok(link),
            Some(link) => Link { version: link.version, ..grant.link(account, now) },
            None => grant.link(account, now),
        };
        self.store.save_link(&mut link).await?;
        Ok(link)
    }

    /// Renews an account's tokens, if nobody else does.
    async fn renew(
        &self,
        application: &Application,
        account: &AccountId,
        mut link: Link,
        clock: &Clock,
    ) -> Result<Renewed, LinkError> {
        let now = clock.now();
        let is_leased = link.is_leased(now);
        link.lease_until = Some(now.saturating_add(LEASE));
        let leased = !is_leased && self.store.save_link(&mut link).await?;
        // Only now is it certain that nobody else uses what is read.
        let document = secrets::document(&self.secrets, &self.oauth_secret).await?;
        let grant = documents::grant(&document, account).ok_or(LinkError::NotLinked)?;
        if !leased {
            tracing::info!(event = "link_busy", %account, "Another process renews an account's tokens");
            return Ok(grant.renewed(account, Renewal::Busy, now));
        }
        let outcome = if let Some(token) = &grant.refresh_token {
            match self.mercado_pago.refresh_tokens(application, token).await {
                Ok(tokens) => self.take_over(account, &grant, &tokens, &mut link, clock.now()).await,
                Err(error) => refused(&error, account, &grant, &mut link),
            }
        } else {
            link.last_error = Some("there is no refresh token".to_owned());
            Renewal::RelinkNeeded
        };
        let now = clock.now();
        match outcome {
            Renewal::RelinkNeeded => {
                link.status = LinkStatus::RelinkNeeded;
                ring_for_relink(account, &grant, now);
            }
            Renewal::Failed if grant.expires_at - now < LATE => {
                let days = grant.days(now);
                tracing::error!(event = "account_token_expires", %account, days, "An access token ends soon and cannot be renewed");
            }
            _ => {}
        }
        link.lease_until = None;
        if !self.store.save_link(&mut link).await? {
            tracing::info!(event = "link_changed", %account, "The seller consented again meanwhile");
        }
        let mut renewed = grant.renewed(account, outcome, now);
        if outcome == Renewal::Refreshed {
            renewed.days = Some((link.expires_at - now).whole_days());
        }
        Ok(renewed)
    }

    /// Writes new tokens down, first of all.
    async fn take_over(
        &self,
        account: &AccountId,
        old: &Grant,
        tokens: &Tokens,
        link: &mut Link,
        now: OffsetDateTime,
    ) -> Renewal {
        if tokens.user_id().is_some_and(|user| user != old.collector_id) {
            link.last_error = Some("the new tokens are another seller's".to_owned());
            return Renewal::RelinkNeeded;
        }
        let Some(used) = &old.refresh_token else { return Renewal::RelinkNeeded };
        let new = Grant {
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned().or_else(|| Some(used.clone())),
            expires_at: tokens.expires_at(now),
            ..old.clone()
        };
        match self.keep(|document| documents::replace_grant(document, account, used, &new)).await {
            Ok(true) => {}
            // The seller consented again meanwhile: those tokens are the newer ones.
            Ok(false) => return Renewal::Busy,
            Err(error) => {
                tracing::error!(event = "tokens_not_kept", %account, %error, "New tokens are lost, and the refresh token with them");
                link.last_error = Some("the new tokens could not be kept".to_owned());
                return Renewal::RelinkNeeded;
            }
        }
        link.status = LinkStatus::Linked;
        link.expires_at = new.expires_at;
        link.refreshed_at = Some(now);
        link.last_error = None;
        tracing::info!(event = "account_refreshed", %account, days = new.days(now), "An account has new tokens");
        if let Err(error) = self.copy(account, new).await {
            // The old access token is good for weeks as far as is known; the next round copies the new one.
            tracing::warn!(event = "token_not_copied", %account, %error, "A renewed token is not in use yet");
        }
        Renewal::Refreshed
    }
}

/// What a refusal means. Only `invalid_grant` is about this seller's consent. After a lost answer nobody knows whether the
/// refresh token is used up: the next try tells.
fn refused(error: &ApiError, account: &AccountId, grant: &Grant, link: &mut Link) -> Renewal {
    link.last_error = Some(error.to_string());
    if error.code() == Some("invalid_grant") {
        return Renewal::RelinkNeeded;
    }
    if error.is_passing() {
        tracing::warn!(event = "refresh_failed", %account, %error, "Tokens could not be renewed this time");
    } else {
        let seller = grant.collector_id;
        tracing::error!(event = "refresh_refused", %account, seller, %error, "Mercado Pago refuses the application, not the seller");
    }
    Renewal::Failed
}

fn ring_for_relink(account: &AccountId, grant: &Grant, now: OffsetDateTime) {
    let days = grant.days(now);
    tracing::error!(event = "account_relink_needed", %account, days, "A seller must consent again before the access token ends");
}

impl Grant {
    fn days(&self, now: OffsetDateTime) -> i64 {
        (self.expires_at - now).whole_days()
    }

    fn renewed(&self, account: &AccountId, outcome: Renewal, now: OffsetDateTime) -> Renewed {
        Renewed { account: account.clone(), outcome, days: Some(self.days(now)) }
    }
}
