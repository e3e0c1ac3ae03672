//! Where the deployed system is: the outputs of its stack, and a caller's access to AWS.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience};
use surtidor::config::Environment;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::store::Store;

/// The parts of a stack that set-up and operation touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Base of every URL that is handed out.
    pub api_url: String,
    /// Mercado Pago's API.
    pub mercado_pago_url: String,
    /// The table.
    pub table: String,
    /// The secret with tokens.
    pub accounts_secret: String,
    /// The secret with intake keys and webhook secrets.
    pub webhooks_secret: String,
    /// The secret of the OAuth application and of linked sellers.
    pub oauth_secret: String,
    /// Where linked sellers come back to.
    pub redirect_uri: String,
    /// Where sellers consent.
    pub auth_url: String,
    /// Where hints go.
    pub hint_queue_url: String,
    /// Where hints end that could not be worked off.
    pub dead_letter_queue_url: String,
    /// Where AWS's stand-ins are, for a system on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<LocalEndpoints>,
}

/// AWS's stand-ins on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is named as its service")]
pub struct LocalEndpoints {
    pub dynamodb: String,
    pub sqs: String,
    pub secrets_manager: String,
}

/// A stack with access to it.
#[derive(Debug)]
pub struct Deployment {
    /// The stack.
    pub stack: Stack,
    aws: Aws,
}

/// What of `demo.json` is read here.
#[derive(Deserialize)]
struct Demo {
    stack: Stack,
}

/// The part of `aws cloudformation describe-stacks` that counts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stacks: Vec<DescribedStack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedStack {
    stack_status: String,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    parameter_key: String,
    parameter_value: Option<String>,
}

/// What `aws configure export-credentials` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Deployment {
    /// The system that `cargo local` runs, by the demo.json that it wrote.
    pub fn local(file: &Path) -> Result<Self> {
        let started = || format!("cannot read {}: is `cargo local` running?", file.display());
        let text = std::fs::read(file).with_context(started)?;
        let demo: Demo = serde_json::from_slice(&text).with_context(started)?;
        Self::of(demo.stack)
    }

    /// A stack on this machine.
    pub fn of(stack: Stack) -> Result<Self> {
        let at = stack.endpoints.clone().context("the stack names no endpoints of this machine")?;
        let access = Access {
            region: "us-east-1".to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            endpoints: Endpoints {
                dynamodb: Some(at.dynamodb),
                sqs: Some(at.sqs),
                secrets_manager: Some(at.secrets_manager),
            },
        };
        Ok(Self { stack, aws: Aws::new(access, Patience::LONG)? })
    }

    /// A stack in AWS, by its name. Outputs and credentials come from AWS's own command line, so that profiles, single
    /// sign-on and roles work as they do there.
    pub fn of_stack(name: &str) -> Result<Self> {
        let described =
            aws(&["cloudformation", "describe-stacks", "--stack-name", name, "--output", "json"])?;
        let stack = read_outputs(name, &described)?;
        let region = region_of(&stack.accounts_secret)
            .with_context(|| format!("AccountsSecretArn of stack {name} is no ARN"))?;
        let env = Environment;
        let from_env = env.optional("AWS_ACCESS_KEY_ID").zip(env.optional("AWS_SECRET_ACCESS_KEY"));
        let credentials = if let Some((id, key)) = from_env {
            Credentials::new(id, key, env.optional("AWS_SESSION_TOKEN"), None, "environment")
        } else {
            let exported = aws(&["configure", "export-credentials", "--format", "process"])?;
            let exported: Exported = serde_json::from_str(&exported)
                .map_err(|_| anyhow::anyhow!("`aws configure export-credentials` gave no credentials"))?;
            let Exported { access_key_id, secret_access_key, session_token } = exported;
            Credentials::new(access_key_id, secret_access_key, session_token, None, "profile")
        };
        let access = Access { region, credentials, endpoints: Endpoints::default() };
        Ok(Self { stack, aws: Aws::new(access, Patience::LONG)? })
    }

    /// The table.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::new(self.dynamodb(), self.stack.table.clone())
    }

    /// DynamoDB, for what no function of the store does.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.aws.dynamodb()
    }

    /// Secrets Manager.
    #[must_use]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        self.aws.secrets_manager()
    }

    /// SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.aws.sqs()
    }

    /// Mercado Pago, with the patience of a person at work.
    pub fn mercado_pago(&self) -> Result<MercadoPago> {
        let url = &self.stack.mercado_pago_url;
        MercadoPago::new(url, mercado_pago::Patience::OPERATOR)
            .with_context(|| format!("{url} is no base URL"))
    }
}

/// Runs AWS's command line.
fn aws(arguments: &[&str]) -> Result<String> {
    let run = Command::new("aws").args(arguments).output();
    let output = run.context(
        "cannot run `aws`: install the AWS CLI (https://aws.amazon.com/cli/), or give --local for the system on this machine",
    )?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`aws {}` failed: {}",
            arguments.iter().take(2).copied().collect::<Vec<_>>().join(" "),
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn read_outputs(name: &str, described: &str) -> Result<Stack> {
    let described: Described = serde_json::from_str(described)
        .context("`aws cloudformation describe-stacks` gave no description")?;
    let stack = described.stacks.into_iter().next().with_context(|| format!("there is no stack {name}"))?;
    let status = &stack.stack_status;
    let output = |key: &str| {
        let found = stack.outputs.iter().find(|output| output.output_key == key);
        found.map(|output| output.output_value.clone()).with_context(|| {
            format!("stack {name} ({status}) has no output {key}: is it this system's, of this version, and deployed?")
        })
    };
    let parameter = stack.parameters.iter().find(|parameter| parameter.parameter_key == "MercadoPagoUrl");
    let mercado_pago_url = parameter.and_then(|parameter| parameter.parameter_value.clone());
    Ok(Stack {
        api_url: output("ApiUrl")?.trim_end_matches('/').to_owned(),
        mercado_pago_url: mercado_pago_url
            .with_context(|| format!("stack {name} has no parameter MercadoPagoUrl"))?,
        table: output("TableName")?,
        accounts_secret: output("AccountsSecretArn")?,
        webhooks_secret: output("WebhooksSecretArn")?,
        oauth_secret: output("OAuthSecretArn")?,
        redirect_uri: output("OAuthRedirectUri")?,
        auth_url: output("MercadoPagoAuthUrl")?,
        hint_queue_url: output("HintQueueUrl")?,
        dead_letter_queue_url: output("DeadLetterQueueUrl")?,
        endpoints: None,
    })
}

/// `arn:aws:secretsmanager:<region>:…`
fn region_of(arn: &str) -> Option<String> {
    arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str = r#"{"Stacks": [{"StackName": "surtidor", "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "MercadoPagoUrl", "ParameterValue": "https://api.mercadopago.com"}],
        "Outputs": [{"OutputKey": "ApiUrl", "OutputValue": "https://abc.execute-api.sa-east-1.amazonaws.com/"},
            {"OutputKey": "TableName", "OutputValue": "surtidor-Table-1"},
            {"OutputKey": "AccountsSecretArn", "OutputValue": "arn:aws:secretsmanager:sa-east-1:1:secret:a-1"},
            {"OutputKey": "WebhooksSecretArn", "OutputValue": "arn:aws:secretsmanager:sa-east-1:1:secret:w-1"},
            {"OutputKey": "OAuthSecretArn", "OutputValue": "arn:aws:secretsmanager:sa-east-1:1:secret:o-1"},
            {"OutputKey": "OAuthRedirectUri", "OutputValue": "https://abc.execute-api.sa-east-1.amazonaws.com/oauth/callback"},
            {"OutputKey": "MercadoPagoAuthUrl", "OutputValue": "https://auth.mercadopago.com"},
            {"OutputKey": "HintQueueUrl", "OutputValue": "https://sqs.sa-east-1.amazonaws.com/1/h"},
            {"OutputKey": "DeadLetterQueueUrl", "OutputValue": "https://sqs.sa-east-1.amazonaws.com/1/d"}]}]}"#;

    #[test]
    fn the_outputs_of_a_stack_are_read() {
        let stack = read_outputs("surtidor", DESCRIBED).unwrap();
        assert_eq!(stack.api_url, "https://abc.execute-api.sa-east-1.amazonaws.com");
        assert_eq!(region_of(&stack.accounts_secret).as_deref(), Some("sa-east-1"));
    }

    #[test]
    fn an_output_that_is_missing_is_named() {
        let told =
            read_outputs("surtidor", &DESCRIBED.replace("TableName", "Other")).unwrap_err().to_string();
        assert!(told.contains("stack surtidor (CREATE_COMPLETE) has no output TableName"), "{told}");
        let told = read_outputs("surtidor", r#"{"Stacks": []}"#).unwrap_err().to_string();
        assert_eq!(told, "there is no stack surtidor");
    }
}
