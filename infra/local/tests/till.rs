//! The page of a till: served whole, in the browser's language, to a demo alone, and never in place of a route.

use std::collections::BTreeMap;

use surtidor_local::demo::Demo;
use surtidor_local::{Config, Stack};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MERCADO_PAGO: &str = "http://127.0.0.1:9001";

async fn stack() -> Stack {
    let folder = std::env::temp_dir().join(format!("surtidor-till-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let template = folder.join("template.yaml");
    std::fs::write(&template, "Resources: { Q: { Type: AWS::SQS::Queue } }").unwrap();
    let config = Config {
        template,
        binaries: folder,
        data: None,
        port: None,
        parameters: BTreeMap::new(),
        echo_logs: false,
        run_schedules: false,
    };
    Stack::start(config).await.unwrap()
}

/// The status, the head in small letters, and the body.
async fn ask(stack: &Stack, method: &str, path: &str) -> (u16, String, String) {
    let address = stack.api_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept-Language: pt-BR,en\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn the_page_of_a_till_is_served_whole_to_a_demo_alone() {
    let stack = stack().await;
    assert_eq!(ask(&stack, "GET", "/_local/till").await.0, 404, "nobody opened it");
    let demo = Demo::new(&stack.api_url(), MERCADO_PAGO).unwrap();
    let url = stack.open_till(&demo, MERCADO_PAGO);
    let path = url.strip_prefix(&stack.api_url()).unwrap();

    let (status, head, html) = ask(&stack, "GET", path).await;
    assert_eq!((status, head.contains("content-security-policy: ")), (200, true), "{head}");
    assert!(html.contains("<html lang=\"pt\">"), "{html}");
    // What the page names, and what that names in turn.
    let mut wanted: Vec<String> =
        html.split('"').filter(|part| part.starts_with(path)).map(str::to_owned).collect();
    let mut served = Vec::new();
    while let Some(file) = wanted.pop() {
        if served.contains(&file) {
            continue;
        }
        let (status, _, text) = ask(&stack, "GET", &file).await;
        assert_eq!(status, 200, "{file}");
        wanted.extend(text.split("from \"./").skip(1).map(|rest| {
            let name = rest.split('"').next().unwrap();
            format!("{path}/{name}")
        }));
        wanted.extend(
            text.split(['"', '`']).filter(|part| part.starts_with(&format!("{path}/"))).map(str::to_owned),
        );
        served.push(file);
    }
    for file in ["till.js", "text.js", "style.css", "icon.svg", "demo.json"] {
        assert!(served.contains(&format!("{path}/{file}")), "{file} of {served:?}");
    }

    let (_, _, told) = ask(&stack, "GET", &format!("{path}/demo.json")).await;
    assert!(told.contains("sk_demo_6232") && told.contains(MERCADO_PAGO), "{told}");
    for secret in [&demo.access_token, &demo.webhook_secret] {
        assert!(!told.contains(secret), "a page gets the stations' keys and no other");
    }
    for (method, path) in [
        ("GET", "/_local/till/"),
        ("GET", "/_local/till/secret.txt"),
        ("GET", "/_local/tills"),
        ("POST", path),
    ] {
        assert_eq!(ask(&stack, method, path).await.0, 404, "{method} {path}");
    }
}
