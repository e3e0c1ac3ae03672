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

type Answer = Result<Value, (&'static str, String)>;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}

impl SecretsManager {
    /// Opens the secrets of a file, or none.
    pub(crate) fn open(file: Option<&Path>) -> Self {
        let kept = file
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|text| serde_json::from_slice(&text).ok());
        Self { secrets: Mutex::new(kept.unwrap_or_default()), file: file.map(Path::to_owned) }
    }

    /// Creates a secret unless it is there; its ARN.
    pub(crate) fn ensure(&self, name: &str, text: &str) -> String {
        let _ = self.operate("CreateSecret", &json!({"Name": name, "SecretString": text}));
        arn(name)
    }

    fn operate(&self, operation: &str, request: &Value) -> Answer {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = operate(&mut secrets, operation, request)?;
        if let (Some(file), false) =
            (&self.file, operation.starts_with("Get") || operation.starts_with("Describe"))
        {
            let _ = std::fs::write(file, serde_json::to_vec(&*secrets).unwrap_or_default());
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
    if let Some(version) = holder.as_ref().and_then(|holder| secret.versions.get_mut(holder)) {
        version.stages.remove(&stage);
        if stage == CURRENT {
            version.stages.insert(PREVIOUS.to_owned());
        }
    }
    if let Some(target) = text("MoveToVersionId") {
        let version = secret.versions.get_mut(target);
        let version = version.ok_or(("ResourceNotFoundException", "there is no such version".to_owned()))?;
        version.stages.insert(stage);
    }
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
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
    for version in secret.versions.values_mut() {
        for stage in stages {
            if version.stages.remove(stage) && stage == CURRENT {
                version.stages.insert(PREVIOUS.to_owned());
            } else if stages.contains(&CURRENT.to_owned()) {
                version.stages.remove(PREVIOUS);
            }
        }
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
