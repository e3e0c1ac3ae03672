//! Why the ledger did not answer.

use aws_sdk_dynamodb::error::SdkError;

/// The store could not do it. Nothing that was answered before is lost by it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB is throttled, down, or out of reach: the same call may succeed later.
    #[error("DynamoDB did not answer: {0}")]
    Unavailable(String),
    /// An item is not what this version of the program writes.
    #[error("an item cannot be read or written: {0}")]
    Item(String),
}

impl StoreError {
    pub(super) fn call<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        Self::Unavailable(crate::aws::explain(error))
    }

    pub(super) fn item(error: &serde_dynamo::Error) -> Self {
        Self::Item(error.to_string())
    }
}
