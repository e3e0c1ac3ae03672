//! Secrets Manager: names, versions and stages, as far as functions and set-up use them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::front::{Service, error, reply};
use crate::keep;
use crate::names::{ACCOUNT, REGION};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Secret {
    name: String,
    arn: String,
    /// Version id to text and stages.
    versions: BTreeMap<String, Version>,
    deleted: bool,
    created: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Version {
    text: String,
    stages: BTreeSet<String>,
    created: f64,
}

/// The service.
pub(crate) struct SecretsManager {
    secrets: Mutex<BTreeMap<String, Secret>>,
    file: Option<PathBuf>,
}

pub(crate) type Answer = Result<Value, (&'static str, String)>;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}

impl SecretsManager {
    /// Opens the secrets of a file, or none.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, String> {
        Ok(Self { secrets: Mutex::new(keep::read(file)?), file: file.map(Path::to_owned) })
    }

    /// Creates a secret unless it is there; its ARN.
    pub(crate) fn ensure(&self, name: &str, text: &str) -> String {
        let _ = self.operate("CreateSecret", &json!({"Name": name, "SecretString": text}));
        arn(name)
    }

    pub(crate) fn operate(&self, operation: &str, request: &Value) -> Answer {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = operate(&mut secrets, operation, request)?;
        if let (Some(file), false) =
            (&self.file, operation.starts_with("Get") || operation.starts_with("Describe"))
        {
            keep::write(file, &*secrets);
        }
        Ok(answer)
    }
}

/// The ARN of a secret. AWS adds six random characters; these are always the same, so that a restart keeps them.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-LoCaL0")
}

fn operate(secrets: &mut BTreeMap<String, Secret>, operation: &str, request: &Value) -> Answer {
    let text = |key: &str| request.get(key).and_then(Value::as_str).map(str::to_owned);
    match operation {
        "CreateSecret" => {
            let name = text("Name").ok_or(("ValidationException", "Name is missing".to_owned()))?;
            if secrets.contains_key(&name) {
                return Err(("ResourceExistsException", format!("a secret {name} already exists")));
            }
            let secret = Secret {
                arn: arn(&name),
                name: name.clone(),
                versions: BTreeMap::new(),
                deleted: false,
                created: now(),
            };
            secrets.insert(name.clone(), secret);
            match text("SecretString") {
                Some(value) => put(secrets, &name, value, text("ClientRequestToken"), &[CURRENT.to_owned()]),
                None => Ok(json!({"ARN": arn(&name), "Name": name})),
            }
        }
        "PutSecretValue" | "UpdateSecret" => {
            let name = find(secrets, request, false)?.name.clone();
            let value = text("SecretString")
                .ok_or(("InvalidParameterException", "SecretString is missing".to_owned()))?;
            let stages = request.get("VersionStages").and_then(Value::as_array);
            let stages =
                stages.map(|stages| stages.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            put(
                secrets,
                &name,
                value,
                text("ClientRequestToken"),
                &stages.unwrap_or_else(|| vec![CURRENT.to_owned()]),
            )
        }
        "GetSecretValue" => {
            let secret = find(secrets, request, false)?;
            let (id, stage) = (text("VersionId"), text("VersionStage").unwrap_or_else(|| CURRENT.to_owned()));
            let found = secret.versions.iter().find(|(version, held)| match &id {
                Some(id) => *version == id,
                None => held.stages.contains(&stage),
            });
            let (id, version) =
                found.ok_or(("ResourceNotFoundException", "there is no such version".to_owned()))?;
            Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "SecretString": version.text,
                "VersionStages": version.stages, "CreatedDate": version.created}))
        }
        "DescribeSecret" => {
            let secret = find(secrets, request, true)?;
            let versions: BTreeMap<_, _> =
                secret.versions.iter().map(|(id, version)| (id, &version.stages)).collect();
            Ok(
                json!({"ARN": secret.arn, "Name": secret.name, "VersionIdsToStages": versions, "CreatedDate": secret.created}),
            )
        }
        "ListSecrets" => {
            let list: Vec<_> = secrets
                .values()
                .filter(|secret| !secret.deleted)
                .map(|secret| json!({"ARN": secret.arn, "Name": secret.name}))
                .collect();
            Ok(json!({"SecretList": list}))
        }
        "UpdateSecretVersionStage" => move_stage(find_mut(secrets, request)?, request),
        "DeleteSecret" => {
            let secret = find_mut(secrets, request)?;
            secret.deleted = true;
            Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": now()}))
        }
        "RestoreSecret" => {
            let name = find(secrets, request, true)?.name.clone();
            let secret = secrets.get_mut(&name).ok_or(("ResourceNotFoundException", name.clone()))?;
            secret.deleted = false;
            Ok(json!({"ARN": secret.arn, "Name": name}))
        }
        "GetRandomPassword" => {
            let length = request.get("PasswordLength").and_then(Value::as_u64).unwrap_or(32);
            Ok(json!({"RandomPassword": (0..length).map(|_| fastrand::alphanumeric()).collect::<String>()}))
        }
        other => Err(("InvalidAction", format!("{other} is not served here"))),
    }
}

/// Moves a stage between versions. With `RemoveFromVersionId` it is a compare-and-set, as AWS does it.
fn move_stage(secret: &mut Secret, request: &Value) -> Answer {
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let stage = text("VersionStage").unwrap_or(CURRENT).to_owned();
    let holder =
        secret.versions.iter().find(|(_, version)| version.stages.contains(&stage)).map(|(id, _)| id.clone());
    if text("RemoveFromVersionId") != holder.as_deref() {
        let message = "RemoveFromVersionId must be the version that holds the stage".to_owned();
        return Err(("InvalidParameterException", message));
    }
    let target = text("MoveToVersionId");
    if target.is_some_and(|target| !secret.versions.contains_key(target)) {
        return Err(("ResourceNotFoundException", "there is no such version".to_owned()));
    }
    if target.is_none() && stage == CURRENT {
        return Err(("InvalidParameterException", "AWSCURRENT can be moved, not removed".to_owned()));
    }
    take_stage(secret, &stage);
    if let Some(version) = target.and_then(|target| secret.versions.get_mut(target)) {
        version.stages.insert(stage);
    }
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

/// Takes a stage off the version that holds it. What was current becomes what was previous, and nothing else is:
/// "Secrets Manager also automatically moves the staging label AWSPREVIOUS to the version that AWSCURRENT was removed
/// from" (`UpdateSecretVersionStage`).
fn take_stage(secret: &mut Secret, stage: &str) {
    let holder = secret.versions.iter().find(|(_, version)| version.stages.contains(stage));
    let Some(holder) = holder.map(|(id, _)| id.clone()) else { return };
    for (id, version) in &mut secret.versions {
        if *id == holder {
            version.stages.remove(stage);
        }
        if stage == CURRENT {
            version.stages.remove(PREVIOUS);
            if *id == holder {
                version.stages.insert(PREVIOUS.to_owned());
            }
        }
    }
}

fn put(
    secrets: &mut BTreeMap<String, Secret>,
    name: &str,
    value: String,
    token: Option<String>,
    stages: &[String],
) -> Answer {
    if value.len() > 65_536 {
        return Err(("InvalidParameterException", "a secret has at most 65,536 bytes".to_owned()));
    }
    let secret = secrets.get_mut(name).ok_or(("ResourceNotFoundException", name.to_owned()))?;
    let id = token.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    if let Some(version) = secret.versions.get(&id) {
        let same = version.text == value;
        let answer =
            json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": version.stages});
        return if same {
            Ok(answer)
        } else {
            Err(("ResourceExistsException", "the token was used for another value".to_owned()))
        };
    }
    for stage in stages {
        take_stage(secret, stage);
    }
    secret.versions.retain(|_, version| !version.stages.is_empty());
    let version = Version { text: value, stages: stages.iter().cloned().collect(), created: now() };
    secret.versions.insert(id.clone(), version);
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": stages}))
}

fn key<'a>(secrets: &BTreeMap<String, Secret>, request: &'a Value) -> Result<String, (&'static str, String)> {
    let id: &'a str = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
    let found = secrets.values().find(|secret| secret.name == id || secret.arn == id);
    let message = "Secrets Manager can't find the specified secret.".to_owned();
    found.map(|secret| secret.name.clone()).ok_or(("ResourceNotFoundException", message))
}

fn find<'a>(
    secrets: &'a BTreeMap<String, Secret>,
    request: &Value,
    deleted_too: bool,
) -> Result<&'a Secret, (&'static str, String)> {
    let name = key(secrets, request)?;
    let secret = secrets.get(&name).ok_or(("ResourceNotFoundException", name))?;
    if secret.deleted && !deleted_too {
        let message =
            "You can't perform this operation on the secret because it was marked for deletion.".to_owned();
        return Err(("InvalidRequestException", message));
    }
    Ok(secret)
}

fn find_mut<'a>(
    secrets: &'a mut BTreeMap<String, Secret>,
    request: &Value,
) -> Result<&'a mut Secret, (&'static str, String)> {
    let name = find(secrets, request, false)?.name.clone();
    secrets.get_mut(&name).ok_or(("ResourceNotFoundException", name))
}

impl Service for SecretsManager {
    const NAME: &'static str = "SecretsManager";
    const NAMESPACE: &'static str = "com.amazonaws.secretsmanager";

    async fn call(&self, operation: &str, _headers: &HeaderMap, body: Bytes) -> Response {
        let Ok(request) = serde_json::from_slice(&body) else {
            return error(Self::NAMESPACE, 400, "SerializationException", "the request is no JSON");
        };
        match self.operate(operation, &request) {
            Ok(answer) => reply(200, &answer),
            // Secrets Manager's __type has no namespace.
            Err((code, message)) => {
                reply(400, &json!({"__type": code, "Message": message, "message": message}))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A secret with the versions `one` and then `two`, and what holds which stage after some operations.
    fn stages(operations: &[(&str, Value)]) -> BTreeMap<String, Vec<String>> {
        let mut secrets = BTreeMap::new();
        let mut run = |operation: &str, mut request: Value| {
            request["SecretId"] = json!("s");
            let _ = operate(&mut secrets, operation, &request);
        };
        run("CreateSecret", json!({"Name": "s", "SecretString": "1", "ClientRequestToken": "one"}));
        run("PutSecretValue", json!({"SecretString": "2", "ClientRequestToken": "two"}));
        for (operation, request) in operations {
            run(operation, request.clone());
        }
        let versions = secrets.remove("s").unwrap().versions;
        versions.into_iter().map(|(id, version)| (id, version.stages.into_iter().collect())).collect()
    }

    fn expected(stages: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        stages
            .iter()
            .map(|(id, held)| ((*id).to_owned(), held.iter().map(|s| (*s).to_owned()).collect()))
            .collect()
    }

    const BEFORE: [(&str, &[&str]); 2] = [("one", &[PREVIOUS]), ("two", &[CURRENT])];

    #[test]
    fn a_new_value_is_current_and_the_one_before_previous() {
        assert_eq!(stages(&[]), expected(&BEFORE));
        let put =
            json!({"SecretString": "3", "ClientRequestToken": "three", "VersionStages": [CURRENT, "mine"]});
        let after = expected(&[("two", &[PREVIOUS]), ("three", &[CURRENT, "mine"])]);
        assert_eq!(stages(&[("PutSecretValue", put)]), after);
    }

    #[test]
    fn moving_current_is_a_compare_and_set_that_leaves_one_previous() {
        let put = json!({"SecretString": "3", "ClientRequestToken": "three", "VersionStages": ["mine"]});
        let from = |version: &str| json!({"VersionStage": CURRENT, "RemoveFromVersionId": version, "MoveToVersionId": "three"});
        let moved = stages(&[("PutSecretValue", put.clone()), ("UpdateSecretVersionStage", from("two"))]);
        assert_eq!(moved, expected(&[("one", &[]), ("two", &[PREVIOUS]), ("three", &[CURRENT, "mine"])]));
        let lost = stages(&[("PutSecretValue", put), ("UpdateSecretVersionStage", from("one"))]);
        assert_eq!(lost["two"], [CURRENT], "somebody else was first");
    }

    #[test]
    fn a_move_that_is_refused_changes_nothing() {
        for to in [json!("unknown"), Value::Null] {
            let move_it =
                json!({"VersionStage": CURRENT, "RemoveFromVersionId": "two", "MoveToVersionId": to});
            assert_eq!(stages(&[("UpdateSecretVersionStage", move_it)]), expected(&BEFORE));
        }
    }
}
