//! From YAML to [`Template`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde_yaml_ng::Value;

use super::resolve::{Scope, intrinsic};
use super::{Authorizer, Function, Names, Queue, Route, Schedule, Source, Template, TemplateError};

/// Resource types that mean nothing on one machine: permissions, logs and alarms.
const PASSED_OVER: [&str; 9] = [
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::SNS::Topic",
    "AWS::SNS::Subscription",
    "AWS::Lambda::Permission",
];

/// Reads a template. `parameters` replace the defaults; `name` gives what `Ref` and `Fn::GetAtt` of a resource are
/// here, by logical id and type.
pub fn read(
    text: &str,
    parameters: &BTreeMap<String, String>,
    mut name: impl FnMut(&str, &str, &mut Names),
) -> Result<Template, TemplateError> {
    let document: Value =
        serde_yaml_ng::from_str(text).map_err(|error| TemplateError(format!("is no YAML: {error}")))?;
    let parameters = with_defaults(&document, parameters)?;
    let none = Value::Null;
    let conditions = document.get("Conditions").unwrap_or(&none);
    let resources = document.get("Resources").and_then(Value::as_mapping);
    let resources = resources.ok_or_else(|| TemplateError("has no Resources".to_owned()))?;

    let mut names = Names::default();
    for (region, value) in
        [("AWS::StackName", "surtidor"), ("AWS::URLSuffix", "amazonaws.com"), ("AWS::Partition", "aws")]
    {
        names.refs.insert(region.to_owned(), value.to_owned());
    }
    for (id, resource) in resources {
        name(id.as_str().unwrap_or_default(), kind(resource), &mut names);
    }
    let scope = Scope { parameters: &parameters, conditions, names: &names };
    let globals = document.get("Globals").and_then(|globals| globals.get("Function")).unwrap_or(&none);

    let mut template = Template::default();
    let mut default_authorizer = None;
    for (id, resource) in resources {
        let id = id.as_str().unwrap_or_default();
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str) {
            let stated = conditions.get(condition).ok_or_else(|| {
                TemplateError(format!("{id}.Condition: names {condition}, which does not exist"))
            })?;
            if !scope.holds(id, stated)? {
                continue;
            }
        }
        let properties = resource.get("Properties").unwrap_or(&none);
        match kind(resource) {
            "AWS::Serverless::Function" => function(&scope, id, properties, globals, &mut template)?,
            "AWS::Serverless::HttpApi" => {
                authorizers(id, properties, &mut template)?;
                let name = properties.get("Auth").and_then(|auth| auth.get("DefaultAuthorizer"));
                default_authorizer = name.map(|name| scope.text(id, name)).transpose()?;
            }
            "AWS::DynamoDB::Table" => {
                template.tables.insert(id.to_owned(), table(&scope, id, properties)?);
            }
            "AWS::SQS::Queue" => {
                template.queues.insert(id.to_owned(), queue(&scope, id, properties)?);
            }
            "AWS::SecretsManager::Secret" => {
                if properties.get("GenerateSecretString").is_some() {
                    let message =
                        format!("{id}.GenerateSecretString: is not understood; give a SecretString");
                    return Err(TemplateError(message));
                }
                let text = properties
                    .get("SecretString")
                    .map_or(Ok("{}".to_owned()), |text| scope.text(id, text))?;
                template.secrets.insert(id.to_owned(), text);
            }
            other if PASSED_OVER.contains(&other) => {}
            other => {
                return Err(TemplateError(format!("{id}: the type {other} cannot be run on one machine")));
            }
        }
    }
    // A route without a word on it has the API's default; NONE opens it.
    for route in &mut template.routes {
        let name = route.authorizer.take().or_else(|| default_authorizer.clone());
        route.authorizer = name.filter(|name| name != "NONE");
    }
    for source in &template.sources {
        if !template.queues.contains_key(&source.queue) {
            return Err(TemplateError(format!("{}: there is no queue {}", source.function, source.queue)));
        }
    }
    Ok(template)
}

/// The binaries of a template's functions, without resolving anything: what has to be built first.
pub fn binaries(text: &str) -> Result<Vec<String>, TemplateError> {
    let document: Value =
        serde_yaml_ng::from_str(text).map_err(|error| TemplateError(format!("is no YAML: {error}")))?;
    let resources = document.get("Resources").and_then(Value::as_mapping);
    let resources = resources.ok_or_else(|| TemplateError("has no Resources".to_owned()))?;
    let functions = resources.values().filter(|resource| kind(resource) == "AWS::Serverless::Function");
    let code = functions.filter_map(|resource| resource.get("Properties")?.get("CodeUri")?.as_str());
    Ok(code.map(|code| code.trim_end_matches('/').rsplit('/').next().unwrap_or(code).to_owned()).collect())
}

fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

fn with_defaults(
    document: &Value,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let declared = document.get("Parameters").and_then(Value::as_mapping).cloned().unwrap_or_default();
    let mut parameters = BTreeMap::new();
    for (name, spec) in &declared {
        let name = name.as_str().unwrap_or_default();
        let default = spec.get("Default").map(|value| match value {
            Value::String(text) => text.clone(),
            other => serde_yaml_ng::to_string(other).unwrap_or_default().trim().to_owned(),
        });
        let value = given.get(name).cloned().or(default);
        let value = value.ok_or_else(|| TemplateError(format!("the parameter {name} has no value")))?;
        parameters.insert(name.to_owned(), value);
    }
    if let Some(unknown) = given.keys().find(|name| !parameters.contains_key(*name)) {
        return Err(TemplateError(format!("there is no parameter {unknown}")));
    }
    Ok(parameters)
}

/// A number of a template, with `Ref` and the like resolved.
fn whole(
    scope: &Scope<'_>,
    at: &str,
    name: &str,
    value: Option<&Value>,
) -> Result<Option<u64>, TemplateError> {
    let Some(value) = value else { return Ok(None) };
    let at = format!("{at}.{name}");
    let text = scope.text(&at, value)?;
    text.parse().map(Some).map_err(|_| TemplateError(format!("{at}: {text} is no whole number")))
}

/// The logical id that `Ref` or `Fn::GetAtt` names.
fn target(at: &str, value: &Value) -> Result<String, TemplateError> {
    let named = intrinsic(value).and_then(|(_, argument)| match argument {
        Value::Sequence(parts) => parts.first().and_then(Value::as_str).map(str::to_owned),
        other => other.as_str().map(|text| text.split('.').next().unwrap_or_default().to_owned()),
    });
    named.ok_or_else(|| TemplateError(format!("{at}: must name a resource with !Ref or !GetAtt")))
}

fn function(
    scope: &Scope<'_>,
    id: &str,
    properties: &Value,
    globals: &Value,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let property = |name: &str| properties.get(name).or_else(|| globals.get(name));
    let number =
        |name: &str, default: u64| whole(scope, id, name, property(name)).map(|n| n.unwrap_or(default));
    let code = property("CodeUri").and_then(Value::as_str);
    let code = code.ok_or_else(|| TemplateError(format!("{id}.CodeUri: is missing")))?;
    let mut environment = BTreeMap::new();
    for source in [globals, properties] {
        let variables = source.get("Environment").and_then(|environment| environment.get("Variables"));
        for (name, value) in variables.and_then(Value::as_mapping).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            let value = scope.text(&format!("{id}.Environment.{name}"), value)?;
            environment.insert(name.to_owned(), value);
        }
    }
    let log_level = [properties, globals]
        .into_iter()
        .find_map(|source| source.get("LoggingConfig")?.get("ApplicationLogLevel"));
    let log_level = log_level.map_or(Ok("INFO".to_owned()), |level| scope.text(id, level))?;
    let function = Function {
        binary: code.trim_end_matches('/').rsplit('/').next().unwrap_or(code).to_owned(),
        timeout: Duration::from_secs(number("Timeout", 3)?),
        memory: number("MemorySize", 128)?,
        log_level,
        environment,
    };
    template.functions.insert(id.to_owned(), function);
    for (name, event) in properties.get("Events").and_then(Value::as_mapping).into_iter().flatten() {
        let at = format!("{id}.Events.{}", name.as_str().unwrap_or_default());
        let none = Value::Null;
        self::event(scope, &at, id, kind(event), event.get("Properties").unwrap_or(&none), template)?;
    }
    Ok(())
}

fn event(
    scope: &Scope<'_>,
    at: &str,
    function: &str,
    kind: &str,
    properties: &Value,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
    let missing = |name: &str| TemplateError(format!("{at}.{name}: is missing"));
    let function = function.to_owned();
    match kind {
        "HttpApi" => {
            let authorizer =
                properties.get("Auth").and_then(|auth| auth.get("Authorizer")).and_then(Value::as_str);
            template.routes.push(Route {
                method: text("Method").ok_or_else(|| missing("Method"))?.to_ascii_uppercase(),
                path: text("Path").ok_or_else(|| missing("Path"))?,
                function,
                authorizer: authorizer.map(str::to_owned),
            });
        }
        "SQS" => {
            let number = |of: Option<&Value>, name: &str| {
                let value = of.and_then(|of| of.get(name));
                let number = whole(scope, at, name, value)?;
                Ok::<_, TemplateError>(number.and_then(|number| usize::try_from(number).ok()))
            };
            let window = properties.get("MaximumBatchingWindowInSeconds");
            let window = whole(scope, at, "MaximumBatchingWindowInSeconds", window)?;
            let types = properties.get("FunctionResponseTypes").and_then(Value::as_sequence);
            template.sources.push(Source {
                queue: target(
                    &format!("{at}.Queue"),
                    properties.get("Queue").ok_or_else(|| missing("Queue"))?,
                )?,
                function,
                batch_size: number(Some(properties), "BatchSize")?.unwrap_or(10),
                window: Duration::from_secs(window.unwrap_or(0)),
                partial_failures: types.is_some_and(|types| {
                    types.iter().any(|kind| kind.as_str() == Some("ReportBatchItemFailures"))
                }),
                concurrency: number(properties.get("ScalingConfig"), "MaximumConcurrency")?.unwrap_or(1_000),
            });
        }
        "Schedule" | "ScheduleV2" => {
            let expression = text(if kind == "Schedule" { "Schedule" } else { "ScheduleExpression" });
            let expression = expression.ok_or_else(|| missing("ScheduleExpression"))?;
            let input = properties.get("Input").map(|input| scope.text(at, input)).transpose()?;
            template.schedules.push(Schedule {
                name: at.replace(".Events.", "/"),
                function,
                every: rate(&expression)
                    .ok_or_else(|| TemplateError(format!("{at}: {expression} is no rate(…)")))?,
                input: input
                    .and_then(|text| serde_json::from_str(&text).ok())
                    .unwrap_or_else(|| serde_json::json!({})),
            });
        }
        other => {
            return Err(TemplateError(format!("{at}: the event type {other} cannot be run on one machine")));
        }
    }
    Ok(())
}

/// `rate(5 minutes)`.
fn rate(expression: &str) -> Option<Duration> {
    let inside = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = inside.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.parse::<u64>().ok()? * seconds))
}

fn authorizers(id: &str, properties: &Value, template: &mut Template) -> Result<(), TemplateError> {
    let declared =
        properties.get("Auth").and_then(|auth| auth.get("Authorizers")).and_then(Value::as_mapping);
    for (name, spec) in declared.into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let at = format!("{id}.Auth.Authorizers.{name}");
        let simple = spec.get("EnableSimpleResponses").and_then(Value::as_bool) == Some(true);
        let version = spec.get("AuthorizerPayloadFormatVersion");
        let version_2 =
            version.is_some_and(|version| version.as_str() == Some("2.0") || version.as_f64() == Some(2.0));
        if !simple || !version_2 {
            return Err(TemplateError(format!(
                "{at}: only simple responses in payload format 2.0 can be run here"
            )));
        }
        let arn =
            spec.get("FunctionArn").ok_or_else(|| TemplateError(format!("{at}.FunctionArn: is missing")))?;
        let headers =
            spec.get("Identity").and_then(|identity| identity.get("Headers")).and_then(Value::as_sequence);
        let headers = headers.into_iter().flatten().filter_map(Value::as_str).map(str::to_ascii_lowercase);
        let authorizer = Authorizer { function: target(&at, arn)?, identity_headers: headers.collect() };
        template.authorizers.insert(name.to_owned(), authorizer);
    }
    Ok(())
}

fn table(scope: &Scope<'_>, id: &str, properties: &Value) -> Result<serde_json::Value, TemplateError> {
    let mut request = serde_json::Map::new();
    for name in [
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "BillingMode",
    ] {
        if let Some(value) = properties.get(name) {
            request.insert(name.to_owned(), scope.json(&format!("{id}.{name}"), value)?);
        }
    }
    Ok(serde_json::Value::Object(request))
}

fn queue(scope: &Scope<'_>, id: &str, properties: &Value) -> Result<Queue, TemplateError> {
    let mut queue = Queue::default();
    for (name, value) in properties.as_mapping().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let at = format!("{id}.{name}");
        match name {
            "RedrivePolicy" => {
                let arn = value
                    .get("deadLetterTargetArn")
                    .ok_or_else(|| TemplateError(format!("{at}: names no queue")))?;
                let count =
                    value.get("maxReceiveCount").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
                queue.redrive = Some((target(&at, arn)?, count.unwrap_or(10)));
            }
            "QueueName" | "Tags" => {}
            name => {
                queue.attributes.insert(name.to_owned(), scope.text(&at, value)?);
            }
        }
    }
    Ok(queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Template, TemplateError> {
        read(text, &BTreeMap::new(), |id, kind, names| {
            if kind != "AWS::IAM::Role" {
                names.refs.insert(id.to_owned(), format!("ref-{id}"));
                names.attributes.insert(format!("{id}.Arn"), format!("arn-{id}"));
            }
        })
    }

    fn error(text: &str) -> String {
        read_text(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_products_own_template_is_understood() {
        let template = read_text(include_str!("../../../../template.yaml")).unwrap();
        assert!(template.functions.contains_key("OrderLookupFunction"));
        let lookup = &template.functions["OrderLookupFunction"];
        assert_eq!((lookup.binary.as_str(), lookup.memory), ("order-lookup", 256));
        assert_eq!(lookup.environment["TABLE_NAME"], "ref-Table");
        assert_eq!(template.queues["HintQueue"].redrive, Some(("DeadLetterQueue".to_owned(), 8)));
        assert!(template.sources[0].partial_failures);
        assert!(template.routes.iter().any(|route| route.path == "/pay-mp" && route.authorizer.is_none()));
        assert_eq!(template.tables["Table"]["GlobalSecondaryIndexes"][0]["IndexName"], "open-commands");
    }

    #[test]
    fn intrinsics_in_both_forms() {
        let text = r#"
Parameters: { Stage: { Type: String, Default: dev } }
Conditions: { IsDev: !Equals [!Ref Stage, dev], IsNot: !Not [{Condition: IsDev}] }
Resources:
  Q: { Type: AWS::SQS::Queue }
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f
      Environment:
        Variables:
          A: !Sub "${Q}-${Stage}-${Q.Arn}"
          B: { "Fn::If": [IsDev, yes-dev, no-dev] }
          C: !Join ["/", [a, !Ref Stage]]
          D: !If [IsNot, x, y]
"#;
        let environment = &read_text(text).unwrap().functions["F"].environment;
        let values: Vec<_> = environment.values().map(String::as_str).collect();
        assert_eq!(values, ["ref-Q-dev-arn-Q", "yes-dev", "a/dev", "y"]);
    }

    #[test]
    fn numbers_may_be_parameters_and_routes_have_the_default_authorizer_unless_they_say_otherwise() {
        let template = read_text(
            r#"
Parameters: { Seconds: { Type: Number, Default: 7 } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Key
        Authorizers: { Key: { FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f
      Timeout: !Ref Seconds
      Events:
        Closed: { Type: HttpApi, Properties: { Method: GET, Path: /closed } }
        Open: { Type: HttpApi, Properties: { Method: GET, Path: /open, Auth: { Authorizer: NONE } } }
"#,
        )
        .unwrap();
        assert_eq!(template.functions["F"].timeout, Duration::from_secs(7));
        let authorizers: Vec<_> = template.routes.iter().map(|route| route.authorizer.as_deref()).collect();
        assert_eq!(authorizers, [Some("Key"), None]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(error("x: [").starts_with("template.yaml: is no YAML"));
        assert_eq!(error("a: 1"), "template.yaml: has no Resources");
        let resource = |kind: &str, properties: &str| {
            format!("Resources: {{ R: {{ Type: {kind}, Properties: {properties} }} }}")
        };
        for (kind, properties, message) in [
            ("AWS::S3::Bucket", "{}", "R: the type AWS::S3::Bucket cannot be run on one machine"),
            ("AWS::Serverless::Function", "{}", "R.CodeUri: is missing"),
            (
                "AWS::Serverless::Function",
                "{CodeUri: f, Environment: {Variables: {X: !Ref Nope}}}",
                "R.Environment.X: Ref names Nope, which does not exist",
            ),
            (
                "AWS::Serverless::Function",
                "{CodeUri: f, Environment: {Variables: {X: !Split [a, b]}}}",
                "R.Environment.X: the intrinsic Split is not understood",
            ),
            (
                "AWS::Serverless::Function",
                "{CodeUri: f, Timeout: soon}",
                "R.Timeout: soon is no whole number",
            ),
            (
                "AWS::SecretsManager::Secret",
                "{GenerateSecretString: {}}",
                "R.GenerateSecretString: is not understood; give a SecretString",
            ),
            ("AWS::SQS::Queue", "{}, Condition: Nope", "R.Condition: names Nope, which does not exist"),
            (
                "AWS::Serverless::Function",
                "{CodeUri: f, Events: {E: {Type: S3}}}",
                "R.Events.E: the event type S3 cannot be run on one machine",
            ),
            (
                "AWS::Serverless::Function",
                "{CodeUri: f, Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Nope.Arn}}}}",
                "R: there is no queue Nope",
            ),
        ] {
            assert_eq!(error(&resource(kind, properties)), format!("template.yaml: {message}"));
        }
    }
}
