//! The rules of SQS that the product relies on, asked through AWS's own SDK (Amazon SQS API reference and guide).

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName as Name, SendMessageBatchRequestEntry as Entry};
use surtidor::aws::{Access, Aws, Credentials, Endpoints, Patience};
use surtidor_local::{Config, Stack};

static NEXT: AtomicUsize = AtomicUsize::new(0);

async fn sqs() -> (Stack, Client) {
    let folder = std::env::temp_dir().join(format!(
        "surtidor-sqs-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let template = folder.join("template.yaml");
    std::fs::write(&template, "Resources: { Q: { Type: AWS::SQS::Queue } }").unwrap();
    let config = Config {
        template,
        binaries: folder,
        data: None,
        port: None,
        parameters: std::collections::BTreeMap::new(),
        echo_logs: false,
        run_schedules: false,
    };
    let stack = Stack::start(config).await.unwrap();
    let endpoints = Endpoints { sqs: Some(stack.endpoints().sqs.clone()), ..Endpoints::default() };
    let credentials = Credentials::new("AKIALOCAL", "secret", None, None, "test");
    let access = Access { region: "us-east-1".to_owned(), credentials, endpoints };
    let client = Aws::new(access, Patience::SHORT).unwrap().sqs();
    (stack, client)
}

async fn queue(client: &Client, name: &str, attributes: &[(Name, &str)]) -> String {
    let mut create = client.create_queue().queue_name(name);
    for (name, value) in attributes {
        create = create.attributes(name.clone(), *value);
    }
    create.send().await.unwrap().queue_url.unwrap()
}

/// Bodies and receipts of what can be received now.
async fn receive(client: &Client, queue: &str, most: i32) -> Vec<(String, String)> {
    let received =
        client.receive_message().queue_url(queue).max_number_of_messages(most).send().await.unwrap();
    let pair =
        |message: aws_sdk_sqs::types::Message| (message.body.unwrap(), message.receipt_handle.unwrap());
    received.messages.unwrap_or_default().into_iter().map(pair).collect()
}

#[tokio::test]
async fn a_received_message_is_hidden_until_it_is_let_go_and_gone_when_it_is_deleted() {
    let (_stack, client) = sqs().await;
    let queue = queue(&client, "q", &[]).await;
    client.send_message().queue_url(&queue).message_body("héllo 🚀").send().await.unwrap();
    let first = receive(&client, &queue, 10).await;
    assert_eq!(first[0].0, "héllo 🚀");
    assert!(receive(&client, &queue, 10).await.is_empty());
    client
        .change_message_visibility()
        .queue_url(&queue)
        .receipt_handle(&first[0].1)
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();
    let second = receive(&client, &queue, 10).await;
    assert_ne!(second[0].1, first[0].1, "each receive has its handle");
    client.delete_message().queue_url(&queue).receipt_handle(&first[0].1).send().await.unwrap();
    let visible_again = client.change_message_visibility().queue_url(&queue).visibility_timeout(30);
    visible_again.receipt_handle(&second[0].1).send().await.expect("an old handle deletes nothing");
    for _ in 0..2 {
        client.delete_message().queue_url(&queue).receipt_handle(&second[0].1).send().await.unwrap();
    }
    assert!(
        client
            .change_message_visibility()
            .queue_url(&queue)
            .receipt_handle(&second[0].1)
            .visibility_timeout(1)
            .send()
            .await
            .is_err()
    );
    assert!(client.delete_message().queue_url(&queue).receipt_handle("garbage").send().await.is_err());
}

#[tokio::test]
async fn a_message_that_is_received_too_often_is_a_dead_letter_and_can_be_moved_back() {
    let (_stack, client) = sqs().await;
    let dead = queue(&client, "dead", &[]).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"2"}"#;
    let source =
        queue(&client, "source", &[(Name::VisibilityTimeout, "0"), (Name::RedrivePolicy, policy)]).await;
    client.send_message().queue_url(&source).message_body("poison").send().await.unwrap();
    for expected in [1, 1, 0] {
        assert_eq!(receive(&client, &source, 1).await.len(), expected);
    }
    assert_eq!(
        client.list_dead_letter_source_queues().queue_url(&dead).send().await.unwrap().queue_urls,
        [source.as_str()]
    );
    client
        .start_message_move_task()
        .source_arn("arn:aws:sqs:us-east-1:000000000000:dead")
        .send()
        .await
        .unwrap();
    assert_eq!(receive(&client, &source, 1).await[0].0, "poison");
    assert!(receive(&client, &dead, 1).await.is_empty());
}

#[tokio::test]
async fn requests_that_sqs_refuses_are_refused_with_its_codes() {
    let (_stack, client) = sqs().await;
    let queue = queue(&client, "q", &[(Name::VisibilityTimeout, "5")]).await;
    let create = client
        .create_queue()
        .queue_name("q")
        .attributes(Name::VisibilityTimeout, "6")
        .send()
        .await
        .unwrap_err();
    assert!(create.into_service_error().is_queue_name_exists());
    let nowhere = client
        .send_message()
        .queue_url("http://x/000000000000/none")
        .message_body("x")
        .send()
        .await
        .unwrap_err();
    assert!(nowhere.into_service_error().is_queue_does_not_exist());
    let control = client.send_message().queue_url(&queue).message_body("a\u{0}b").send().await.unwrap_err();
    assert!(control.into_service_error().is_invalid_message_contents());
    let late = client.send_message().queue_url(&queue).message_body("x").delay_seconds(901).send().await;
    assert!(late.is_err());
    let entry =
        |id: &str, size: usize| Entry::builder().id(id).message_body("x".repeat(size)).build().unwrap();
    let twice = client
        .send_message_batch()
        .queue_url(&queue)
        .entries(entry("a", 1))
        .entries(entry("a", 1))
        .send()
        .await
        .unwrap_err();
    assert!(twice.into_service_error().is_batch_entry_ids_not_distinct());
    let none =
        client.send_message_batch().queue_url(&queue).set_entries(Some(Vec::new())).send().await.unwrap_err();
    assert!(none.into_service_error().is_empty_batch_request());
    let long = (0..6).map(|n| entry(&n.to_string(), 200_000)).collect();
    let long =
        client.send_message_batch().queue_url(&queue).set_entries(Some(long)).send().await.unwrap_err();
    assert!(long.into_service_error().is_batch_request_too_long());
}

#[tokio::test]
async fn a_fifo_queue_keeps_the_order_of_a_group_and_takes_a_message_once() {
    let (_stack, client) = sqs().await;
    let queue = queue(&client, "q.fifo", &[(Name::FifoQueue, "true")]).await;
    for (body, group, id) in [("a1", "a", "1"), ("a2", "a", "2"), ("b1", "b", "3"), ("again", "a", "1")] {
        client
            .send_message()
            .queue_url(&queue)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(id)
            .send()
            .await
            .unwrap();
    }
    let first = receive(&client, &queue, 1).await;
    assert_eq!(first[0].0, "a1");
    assert_eq!(receive(&client, &queue, 10).await[0].0, "b1", "group a is blocked");
    client.delete_message().queue_url(&queue).receipt_handle(&first[0].1).send().await.unwrap();
    let rest: Vec<_> = receive(&client, &queue, 10).await.into_iter().map(|(body, _)| body).collect();
    assert_eq!(rest, ["a2"]);
}
