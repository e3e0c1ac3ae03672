//! A seller is said to have cut the link with this application. That is a hint like any other: whether the account's token is
//! still good, Mercado Pago tells.

use time::OffsetDateTime;

use super::{ReconcileError, Reconciler};
use crate::id::ResourceId;
use crate::oauth::KNOWN_LATE;
use crate::queue::Hint;
use crate::secrets::Account;
use crate::store::LinkStatus;

impl Reconciler {
    /// Asks who the account's token is for. One that is refused rings for a person.
    pub(super) async fn look_at_connection(
        &self,
        hint: &Hint,
        account: &Account,
        seller: &ResourceId,
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        let dropped = |why| {
            tracing::info!(event = "unlink_dropped", account = %hint.account, why, "A seller is said to have unlinked");
            Ok(())
        };
        if seller.as_str() != account.collector_id.to_string() {
            return dropped("the account is another seller's");
        }
        match self.mercado_pago.me(&account.access_token).await {
            Ok(_) => return dropped("the token is good"),
            Err(error) if error.is_unauthorised() => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(mut link) = self.store.link(&hint.account).await? {
            if link.linked_at > hint.since {
                return dropped("the seller consented again since");
            }
            if link.status == LinkStatus::Unlinked {
                return dropped("it is known");
            }
            // The token that was refused may be one that a renewal replaced. The hint comes again.
            if link.is_leased(now) || now - link.renewed_at() < KNOWN_LATE {
                return Err(ReconcileError::Renewed);
            }
            link.status = LinkStatus::Unlinked;
            if !self.store.save_link(&mut link).await? {
                return Err(ReconcileError::Renewed);
            }
        }
        tracing::error!(event = "account_unlinked", account = %hint.account, %seller, "A seller cut the link: its token is refused");
        Ok(())
    }
}
