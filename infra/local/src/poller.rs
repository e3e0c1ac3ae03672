//! Event-source mappings: queues that invoke functions ("Using Lambda with Amazon SQS").

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::lambda::Lambda;
use crate::names::{REGION, queue_arn};
use crate::sqs::Sqs;
use crate::template::Source;

/// Batches at once on one machine; Lambda begins with five.
const MOST: usize = 5;

/// Polls a queue for a function until it is aborted.
pub(crate) fn start(
    source: &Source,
    queue: &str,
    sqs: &Arc<Sqs>,
    lambda: &Arc<Lambda>,
) -> Vec<JoinHandle<()>> {
    let poll = || {
        let (source, queue, sqs, lambda) =
            (source.clone(), queue.to_owned(), Arc::clone(sqs), Arc::clone(lambda));
        tokio::spawn(async move {
            loop {
                work(&source, &queue, &sqs, &lambda).await;
            }
        })
    };
    (0..source.concurrency.min(MOST)).map(|_| poll()).collect()
}

async fn work(source: &Source, queue: &str, sqs: &Sqs, lambda: &Arc<Lambda>) {
    let request = json!({
        "QueueUrl": queue, "MaxNumberOfMessages": source.batch_size.min(10), "WaitTimeSeconds": 20,
        "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
    });
    let Ok(received) = sqs.receive(&request).await else {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        return;
    };
    let messages = received.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
    if messages.is_empty() {
        return;
    }
    let records: Vec<_> = messages.iter().map(|message| record(message, queue)).collect();
    let payload = Bytes::from(json!({"Records": records}).to_string());
    let answer = lambda.invoke(&source.function, payload).await.ok();
    let ids: BTreeSet<_> =
        messages.iter().filter_map(|message| message["MessageId"].as_str().map(str::to_owned)).collect();
    let failed = match answer {
        None => ids,
        Some(_) if !source.partial_failures => BTreeSet::new(),
        Some(answer) => failures(&answer, &ids),
    };
    for message in messages {
        if message["MessageId"].as_str().is_some_and(|id| !failed.contains(id)) {
            let request = json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]});
            let _ = sqs.operate("DeleteMessage", &request, REGION);
        }
    }
}

/// The messages that failed. A malformed answer fails all of them: an empty or unknown id, or a list that is none.
pub(crate) fn failures(answer: &[u8], ids: &BTreeSet<String>) -> BTreeSet<String> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or(Value::Null);
    let list = match answer.get("batchItemFailures") {
        // "An empty batchItemFailures list, a null list, an empty or null response": complete success.
        None | Some(Value::Null) => return BTreeSet::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return ids.clone(),
    };
    let mut failed = BTreeSet::new();
    for failure in list {
        match failure.get("itemIdentifier").and_then(Value::as_str) {
            Some(id) if ids.contains(id) => failed.insert(id.to_owned()),
            _ => return ids.clone(),
        };
    }
    failed
}

/// A message as Lambda hands it on.
pub(crate) fn record(message: &Value, queue: &str) -> Value {
    let mut attributes = Map::new();
    for (name, value) in message.get("MessageAttributes").and_then(Value::as_object).into_iter().flatten() {
        attributes.insert(name.clone(), json!({
            "stringValue": value.get("StringValue"), "binaryValue": value.get("BinaryValue"), "dataType": value.get("DataType"),
            "stringListValues": [], "binaryListValues": [],
        }));
    }
    json!({
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message.get("Attributes").cloned().unwrap_or_else(|| json!({})), "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"], "eventSource": "aws:sqs", "eventSourceARN": queue_arn(REGION, queue.rsplit('/').next().unwrap_or_default()),
        "awsRegion": REGION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_function_names_has_failed_and_nonsense_fails_all() {
        let ids: BTreeSet<_> = ["a", "b"].map(str::to_owned).into();
        let failed = |answer: &str| failures(answer.as_bytes(), &ids).into_iter().collect::<String>();
        for (answer, expected) in [
            ("null", ""),
            ("{}", ""),
            (r#"{"batchItemFailures":[]}"#, ""),
            (r#"{"batchItemFailures":null}"#, ""),
            (r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, "b"),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, "ab"),
            (r#"{"batchItemFailures":[{"itemIdentifier":"z"}]}"#, "ab"),
            (r#"{"batchItemFailures":[{"id":"a"}]}"#, "ab"),
            (r#"{"batchItemFailures":"a"}"#, "ab"),
        ] {
            assert_eq!(failed(answer), expected, "{answer}");
        }
    }
}
