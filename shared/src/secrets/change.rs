//! Changing a secret document, so that of two who change it at once neither undoes the other.

use aws_sdk_secretsmanager::Client;
use serde_json::{Map, Value};

use super::{SecretError, position_in};
use crate::aws::explain;

/// The label of a version that is not current yet. Which writer's it is does not count: only one becomes current.
const NEXT: &str = "SURTIDOR_NEXT";
const CURRENT: &str = "AWSCURRENT";
/// Somebody else was first so many times in a row: then it is no coincidence.
const TRIES: u32 = 8;

/// Changes a document: an object from account id to entry. `change` says what is to be the case afterwards, since it is asked
/// again when somebody else wrote meanwhile; what it leaves as it is, is not written. It is a compare-and-set: the new version
/// becomes current only in place of the one that was read (Secrets Manager, `UpdateSecretVersionStage`).
pub async fn change<R>(
    client: &Client,
    secret: &str,
    mut change: impl FnMut(&mut Map<String, Value>) -> R,
) -> Result<R, SecretError> {
    for _ in 0..TRIES {
        let (version, before) = current(client, secret).await?;
        let mut after = before.clone();
        let result = change(&mut after);
        if after == before || replace(client, secret, &version, &after).await? {
            return Ok(result);
        }
        let pause = std::time::Duration::from_millis(fastrand::u64(20..200));
        tokio::time::sleep(pause).await;
    }
    Err(SecretError("others write it all the time".to_owned()))
}

/// A document as it is now, to be looked at only.
pub async fn document(client: &Client, secret: &str) -> Result<Map<String, Value>, SecretError> {
    current(client, secret).await.map(|(_, document)| document)
}

/// A document and its version.
async fn current(client: &Client, secret: &str) -> Result<(String, Map<String, Value>), SecretError> {
    let answer = client.get_secret_value().secret_id(secret).send().await;
    let answer = answer.map_err(|error| SecretError(explain(&error)))?;
    let text = answer.secret_string().ok_or_else(|| SecretError("it has no text".to_owned()))?;
    let document = serde_json::from_str(text).map_err(|error| SecretError(position_in(&error)))?;
    Ok((answer.version_id.unwrap_or_default(), document))
}

/// Makes a document the current one in place of a version; `false` if that is not the current one any more.
async fn replace(
    client: &Client,
    secret: &str,
    version: &str,
    document: &Map<String, Value>,
) -> Result<bool, SecretError> {
    let text = serde_json::to_string(document).map_err(|error| SecretError(position_in(&error)))?;
    let put = client.put_secret_value().secret_id(secret).secret_string(text).version_stages(NEXT);
    let put = put.send().await.map_err(|error| SecretError(explain(&error)))?;
    let new = put.version_id.unwrap_or_default();
    let moved = client.update_secret_version_stage().secret_id(secret).version_stage(CURRENT);
    match moved.remove_from_version_id(version).move_to_version_id(&new).send().await {
        Ok(_) => Ok(true),
        Err(error) => {
            let lost = error.as_service_error().is_some_and(|error| {
                // Another writer took the label, and with it the version, or made its own current.
                error.is_invalid_parameter_exception() || error.is_resource_not_found_exception()
            });
            if lost { Ok(false) } else { Err(SecretError(explain(&error))) }
        }
    }
}
