//! Sellers who are linked by OAuth: invitations that wait for a seller's consent, and how each link stands. Tokens are not
//! here but in a secret.

use std::fmt;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Store, StoreError, keyed, read};
use crate::id::AccountId;

/// What becomes of an invitation. It is used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// The seller was not heard of yet.
    Waiting,
    /// The seller came back with a code, which is being exchanged, or was when the process died.
    Taken,
    /// It made the link.
    Linked,
    /// It made none.
    Failed,
}

/// An authorisation link that was handed out for an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What the seller is to become here.
    pub account: AccountId,
    /// The seller's user id, if only that one may consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collector_id: Option<u64>,
    /// The PKCE verifier; gone once the invitation is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifier: Option<String>,
    /// Where the seller comes back to, as it was put into the link.
    pub redirect_uri: String,
    /// Until when it is good.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// What became of it.
    pub status: InvitationStatus,
}

/// The verifier is left out.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("account", &self.account)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Whether a link holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStatus {
    /// It does.
    Linked,
    /// Its refresh token is refused: the access token is the last one, and the seller must consent again before it ends.
    RelinkNeeded,
    /// The seller cut it: the access token is refused.
    Unlinked,
}

impl LinkStatus {
    /// In words, as it is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::RelinkNeeded => "relink_needed",
            Self::Unlinked => "unlinked",
        }
    }
}

/// A seller's link as far as it is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The account.
    pub account: AccountId,
    /// The seller's user id.
    pub collector_id: u64,
    /// Whether it holds.
    pub status: LinkStatus,
    /// When the access token ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When the seller consented last.
    #[serde(with = "time::serde::rfc3339")]
    pub linked_at: OffsetDateTime,
    /// When the tokens were renewed last, without the seller.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<OffsetDateTime>,
    /// Why the last try to renew them came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Until when one process alone may use the refresh token.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<OffsetDateTime>,
    /// 0 before it is written, one more with each write.
    #[serde(default)]
    pub version: u64,
}

impl Link {
    /// When its tokens came to be.
    #[must_use]
    pub fn renewed_at(&self) -> OffsetDateTime {
        self.refreshed_at.map_or(self.linked_at, |refreshed| refreshed.max(self.linked_at))
    }

    /// Whether a process may be renewing its tokens.
    #[must_use]
    pub fn is_leased(&self, now: OffsetDateTime) -> bool {
        self.lease_until.is_some_and(|until| now < until)
    }
}

const INVITATION: &str = "invitation";
const LINK: &str = "link";

impl Store {
    /// An invitation by the hash of its state. One read.
    pub async fn invitation(&self, hash: &str) -> Result<Option<Invitation>, StoreError> {
        self.get(format!("oauth#{hash}"), INVITATION).await?.map(read).transpose()
    }

    /// Writes an invitation in place of one that has a status, or a new one; `false` if that is not the case. So of two who
    /// come with one state, one gets it.
    pub async fn save_invitation(
        &self,
        hash: &str,
        invitation: &Invitation,
        before: Option<InvitationStatus>,
    ) -> Result<bool, StoreError> {
        let item = keyed(format!("oauth#{hash}"), INVITATION.to_owned(), invitation)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(status) => {
                let status = serde_dynamo::to_attribute_value(status);
                put.condition_expression("#status = :before")
                    .expression_attribute_names("#status", "status")
                    .expression_attribute_values(":before", status.map_err(|error| StoreError::item(&error))?)
            }
        };
        written(put).await
    }

    /// How a link stands; `None` for an account that was never linked. One read.
    pub async fn link(&self, account: &AccountId) -> Result<Option<Link>, StoreError> {
        self.get(format!("link#{account}"), LINK).await?.map(read).transpose()
    }

    /// Writes a link under the version that was read, and counts its version up; `false` if somebody else wrote it since.
    pub async fn save_link(&self, link: &mut Link) -> Result<bool, StoreError> {
        let next = Link { version: link.version.saturating_add(1), ..link.clone() };
        let item = keyed(format!("link#{}", link.account), LINK.to_owned(), &next)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match link.version {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
        };
        let saved = written(put).await?;
        if saved {
            *link = next;
        }
        Ok(saved)
    }
}

/// Whether a conditional write was made.
async fn written(put: PutItemFluentBuilder) -> Result<bool, StoreError> {
    match put.send().await {
        Ok(_) => Ok(true),
        Err(error) if refused(&error) => Ok(false),
        Err(error) => Err(StoreError::call(&error)),
    }
}

fn refused<R>(error: &SdkError<PutItemError, R>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}
