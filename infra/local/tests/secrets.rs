//! What changing a secret document promises, against Secrets Manager as the host serves it.

use std::path::PathBuf;

use serde_json::{Value, json};
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience};
use surtidor::secrets;
use surtidor_local::{Config, Stack};

const TEMPLATE: &str = r#"
Resources:
  Accounts: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: '{"kept":{"access_token":"t","unknown":1}}' } }
"#;

async fn stack(name: &str) -> (Stack, aws_sdk_secretsmanager::Client, String) {
    let template = std::env::temp_dir().join(format!("surtidor-secrets-{}-{name}.yaml", std::process::id()));
    std::fs::write(&template, TEMPLATE).unwrap();
    let stack = Stack::start(Config {
        template,
        binaries: PathBuf::new(),
        data: None,
        port: None,
        parameters: std::collections::BTreeMap::new(),
        echo_logs: false,
        run_schedules: false,
    })
    .await
    .unwrap();
    let access = Access {
        region: "us-east-1".to_owned(),
        credentials: Credentials::new("a", "b", None, None, "local"),
        endpoints: Endpoints {
            secrets_manager: Some(stack.endpoints().secrets_manager.clone()),
            ..Endpoints::default()
        },
    };
    let client = Aws::new(access, Patience::LONG).unwrap().secrets_manager();
    let secret = stack.resource("Accounts").unwrap();
    (stack, client, secret)
}

async fn document(client: &aws_sdk_secretsmanager::Client, secret: &str) -> Value {
    let answer = client.get_secret_value().secret_id(secret).send().await.unwrap();
    serde_json::from_str(answer.secret_string().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_do_not_undo_each_other() {
    let (_stack, client, secret) = stack("writers").await;
    let writer = |number: u32| {
        let (client, secret) = (client.clone(), secret.clone());
        async move {
            secrets::change(&client, &secret, |accounts| {
                accounts.insert(format!("a{number}"), json!({"access_token": number}));
            })
            .await
        }
    };
    let done = futures_util::future::join_all((0..5).map(writer)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let accounts = document(&client, &secret).await;
    for number in 0..5 {
        assert_eq!(accounts[format!("a{number}")]["access_token"], number, "{accounts}");
    }
    assert_eq!(accounts["kept"], json!({"access_token": "t", "unknown": 1}), "what is not known stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_case_already_is_not_written() {
    let (_stack, client, secret) = stack("same").await;
    let version = || async {
        let answer = client.get_secret_value().secret_id(&secret).send().await.unwrap();
        answer.version_id().unwrap().to_owned()
    };
    let before = version().await;
    let known = secrets::change(&client, &secret, |accounts| accounts.len()).await.unwrap();
    assert_eq!((known, version().await), (1, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_is_left_alone() {
    let (_stack, client, secret) = stack("broken").await;
    client.put_secret_value().secret_id(&secret).secret_string("{\"a\": hush}").send().await.unwrap();
    let told = secrets::change(&client, &secret, serde_json::Map::clear).await.unwrap_err().to_string();
    assert!(told.contains("line 1 column 7") && !told.contains("hush"), "{told}");
}
