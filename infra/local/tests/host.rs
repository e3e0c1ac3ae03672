//! What the host promises: functions as Lambda runs them, routes as API Gateway serves them, queues that invoke.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use surtidor_local::{Config, InvokeError, Stack};

const TEMPLATE: &str = r#"
Parameters: { Word: { Type: String, Default: plain } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Key: { FunctionArn: !GetAtt Probe.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true }
          Named: { FunctionArn: !GetAtt Probe.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: { Headers: [X-Name] } }
  Probe:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: examples/probe
      Timeout: 1
      Environment: { Variables: { WORD: !Ref Word, TABLE: !Ref Things, QUEUE: !Ref Work } }
      Events:
        Open: { Type: HttpApi, Properties: { Method: POST, Path: "/open/{name}" } }
        Closed: { Type: HttpApi, Properties: { Method: GET, Path: /closed, Auth: { Authorizer: Key } } }
        Named: { Type: HttpApi, Properties: { Method: GET, Path: /named, Auth: { Authorizer: Named } } }
        Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), Input: '{"do":"fail"}' } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: examples/probe
      Timeout: 1
      Events:
        Work: { Type: SQS, Properties: { Queue: !GetAtt Work.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures] } }
  Work:
    Type: AWS::SQS::Queue
    Properties: { VisibilityTimeout: 6, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } }
  Dead: { Type: AWS::SQS::Queue }
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
  Word: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: hush } }
"#;

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A folder of this test's own.
fn folder() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("surtidor-host-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn binaries() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples")
}

fn config(template: &str) -> Config {
    let file = folder().join("template.yaml");
    std::fs::write(&file, template).unwrap();
    Config {
        template: file,
        binaries: binaries(),
        data: None,
        port: None,
        parameters: std::collections::BTreeMap::new(),
        echo_logs: false,
        run_schedules: false,
    }
}

async fn stack() -> Stack {
    Stack::start(config(TEMPLATE)).await.unwrap()
}

async fn error(config: Config) -> String {
    Stack::start(config).await.err().expect("it must not start").to_string()
}

#[tokio::test]
async fn a_process_serves_one_invocation_after_another_and_more_processes_serve_several_at_once() {
    let stack = stack().await;
    let pid = |answer: Result<Value, InvokeError>| answer.unwrap()["pid"].as_u64().unwrap();
    let first = pid(stack.invoke("Probe", &json!({})).await);
    assert_eq!(pid(stack.invoke("Probe", &json!({})).await), first, "the second one finds it warm");
    let sleep = json!({"do": "sleep", "ms": 300});
    let (a, b) = tokio::join!(stack.invoke("Probe", &sleep), stack.invoke("Probe", &sleep));
    assert_ne!(pid(a), pid(b));
}

#[tokio::test]
async fn an_invocation_goes_on_without_its_caller_and_its_process_serves_again() {
    let stack = stack().await;
    let pid = |answer: Result<Value, InvokeError>| answer.unwrap()["pid"].as_u64().unwrap();
    let first = pid(stack.invoke("Probe", &json!({})).await);
    let slow = json!({"do": "sleep", "ms": 200});
    let left = tokio::time::timeout(std::time::Duration::from_millis(50), stack.invoke("Probe", &slow)).await;
    assert!(left.is_err(), "the caller has gone");
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(pid(stack.invoke("Probe", &json!({})).await), first);
}

#[tokio::test]
async fn timeouts_exits_panics_and_errors_are_failed_invocations_and_the_next_one_works() {
    let stack = stack().await;
    for (what, expected) in [
        (json!({"do": "sleep", "ms": 60_000}), InvokeError::TimedOut(1)),
        (json!({"do": "exit"}), InvokeError::Exited),
    ] {
        assert_eq!(stack.invoke("Probe", &what).await, Err(expected));
        assert!(stack.invoke("Probe", &json!({})).await.is_ok());
    }
    for what in ["panic", "fail"] {
        let failed = stack.invoke("Probe", &json!({"do": what})).await;
        assert!(matches!(failed, Err(InvokeError::Function { .. })), "{failed:?}");
        assert!(stack.invoke("Probe", &json!({})).await.is_ok());
    }
    assert_eq!(
        stack.invoke("Nobody", &json!({})).await,
        Err(InvokeError::NoSuchFunction("Nobody".to_owned()))
    );
    assert!(stack.fire("Probe").await.is_err(), "the schedule's input says fail");
}

#[tokio::test]
async fn a_function_finds_what_lambda_gives_it_and_nothing_of_this_machine() {
    let stack = stack().await;
    let answer = stack.invoke("Probe", &json!({})).await.unwrap();
    let environment = answer["environment"].as_object().unwrap();
    assert_eq!(environment["WORD"], "plain");
    assert_eq!(environment["QUEUE"], stack.resource("Work").unwrap());
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "Probe");
    for (name, value) in environment {
        let ours =
            name.starts_with("AWS_") || ["WORD", "TABLE", "QUEUE", "TZ", "_HANDLER"].contains(&name.as_str());
        assert!(ours, "{name}={value}");
        if name.starts_with("AWS_ENDPOINT_URL") {
            assert!(value.as_str().unwrap().starts_with("http://127.0.0.1:"), "{name}={value}");
        }
    }
    assert!(stack.logs().iter().any(|line| line.function == "Probe" && line.line == "probe started"));
}

async fn http(stack: &Stack, request: &str) -> (u16, String, Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = stack.api_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn events_have_payload_format_2() {
    let stack = stack().await;
    let request = "POST /open/a%20b?x=1&x=2&y=%26 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Twice: 1\r\nX-Twice: 2\r\nCookie: c=1; d=2\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let (status, head, body) = http(&stack, request).await;
    assert_eq!(status, 200, "{head}");
    assert!(head.contains("x-probe: 1") && head.matches("set-cookie").count() == 2, "{head}");
    let event = &body["event"];
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /open/{name}")));
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/open/a b"), &json!("x=1&x=2&y=%26")));
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "&"}));
    assert_eq!(event["pathParameters"], json!({"name": "a b"}));
    assert_eq!((&event["headers"]["x-twice"], &event["cookies"]), (&json!("1,2"), &json!(["c=1", "d=2"])));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    let binary = "POST /open/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\n!";
    let (_, _, body) = http(&stack, binary).await;
    assert_eq!((&body["event"]["body"], &body["event"]["isBase64Encoded"]), (&json!("IQ=="), &json!(true)));
}

#[tokio::test]
async fn the_gateway_answers_for_itself_as_api_gateway_does() {
    let stack = stack().await;
    let get = |path: &str, header: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{header}\r\n")
    };
    for (path, header, status, message) in [
        ("/nowhere", "", 404, "Not Found"),
        ("/open/x", "", 404, "Not Found"),
        ("/closed", "Authorization: forbidden\r\n", 403, "Forbidden"),
        ("/named", "", 401, "Unauthorized"),
    ] {
        let (got, _, body) = http(&stack, &get(path, header)).await;
        assert_eq!((got, &body["message"]), (status, &json!(message)), "{path}");
    }
    let (status, _, body) = http(&stack, &get("/closed", "Authorization: me\r\n")).await;
    assert_eq!(
        (status, &body["event"]["requestContext"]["authorizer"]["lambda"]["who"]),
        (200, &json!("me"))
    );
}

#[tokio::test]
async fn a_queue_invokes_and_only_what_failed_comes_again_until_it_is_a_dead_letter() {
    let stack = stack().await;
    for body in ["good 1", "bad", "good 2"] {
        stack.send("Work", body);
    }
    for _ in 0..600 {
        if stack.queue("Dead").visible == 1 {
            break;
        }
        stack.redeliver_now("Work");
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(
        (stack.queue("Dead").visible, stack.queue("Work")),
        (1, surtidor_local::QueueDepth::default())
    );
    let worked = |word: &str| stack.logs().iter().filter(|line| line.line.contains(word)).count();
    assert_eq!((worked("good 1"), worked("good 2"), worked("\"bad\"")), (1, 1, 3));
}

#[tokio::test]
async fn what_is_kept_on_disk_is_there_after_a_restart() {
    let data = folder().join("data");
    let kept = || Config { data: Some(data.clone()), ..config(TEMPLATE) };
    let first = Stack::start(kept()).await.unwrap();
    first.send("Dead", "remember me");
    let secret = first.resource("Word");
    first.shutdown();
    let second = Stack::start(kept()).await.unwrap();
    assert_eq!((second.queue("Dead").visible, second.resource("Word")), (1, secret));
}

#[tokio::test]
async fn what_queues_hold_outlives_a_crash_and_a_file_that_cannot_be_read_is_not_overwritten() {
    let data = folder().join("data");
    let kept = || Config { data: Some(data.clone()), ..config(TEMPLATE) };
    let crashed = Stack::start(kept()).await.unwrap();
    crashed.send("Dead", "remember me");
    let file = data.join("queues.json");
    let is_saved = || std::fs::read_to_string(&file).is_ok_and(|text| text.contains("remember me"));
    while !is_saved() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    drop(crashed);
    assert_eq!(Stack::start(kept()).await.unwrap().queue("Dead").visible, 1);

    std::fs::write(&file, "{").unwrap();
    let told = error(kept()).await;
    assert!(told.starts_with("cannot read ") && told.ends_with("--fresh begins anew"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_one_clear_line() {
    assert!(error(config("Resources: [")).await.starts_with("template.yaml: is no YAML"));
    let missing = TEMPLATE.replace("examples/probe", "examples/nothing");
    assert!(error(config(&missing)).await.contains("Probe: its binary "), "the binary is named");
    let short = TEMPLATE.replace("VisibilityTimeout: 6", "VisibilityTimeout: 5");
    assert!(
        error(config(&short))
            .await
            .contains("Work: VisibilityTimeout must be at least six times the Timeout of Worker")
    );
    let stranger = TEMPLATE.replace("Authorizer: Key", "Authorizer: Nobody");
    assert!(error(config(&stranger)).await.contains("GET /closed: there is no authorizer Nobody"));
    let unknown = Config { parameters: [("Colour".to_owned(), "red".to_owned())].into(), ..config(TEMPLATE) };
    assert_eq!(error(unknown).await, "template.yaml: there is no parameter Colour");
    let running = stack().await;
    let port = running.api_url().rsplit(':').next().unwrap().parse().unwrap();
    let taken = error(Config { port: Some(port), ..config(TEMPLATE) }).await;
    assert!(taken.starts_with(&format!("port {port} is in use")), "{taken}");
}
