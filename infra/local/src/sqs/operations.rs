//! What SQS can be asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::message::{md5_hex, md5_of_attributes};
use super::queue::is_fifo;
use super::{Answer, Message, Queue, attributes, fault};
use crate::names::{ACCOUNT, queue_arn};

/// The longest message and the longest batch, in bytes.
const LONGEST: usize = 1_048_576;

pub(super) type Queues = BTreeMap<String, Queue>;

/// Where and when an operation is.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    /// The endpoint.
    pub(super) base: &'a str,
    pub(super) region: &'a str,
    /// Milliseconds since 1970.
    pub(super) now: u64,
}

pub(super) fn operate(queues: &mut Queues, here: Here, operation: &str, request: &Value) -> Answer {
    let Here { base, region, now } = here;
    let url = |name: &str| format!("{base}/{ACCOUNT}/{name}");
    match operation {
        "CreateQueue" => create(queues, (region, now), request).map(|name| json!({"QueueUrl": url(&name)})),
        "GetQueueUrl" => {
            let name = text(request, "QueueName");
            if !queues.contains_key(name) {
                return Err(missing());
            }
            Ok(json!({"QueueUrl": url(name)}))
        }
        "ListQueues" => {
            let prefix = text(request, "QueueNamePrefix");
            let found: Vec<_> =
                queues.keys().filter(|name| name.starts_with(prefix)).map(|name| url(name)).collect();
            Ok(json!({"QueueUrls": found}))
        }
        "ListDeadLetterSourceQueues" => {
            let name = find(queues, request)?.name.clone();
            let of = |queue: &Queue| {
                queue
                    .attributes
                    .get("RedrivePolicy")
                    .and_then(|policy| attributes::redrive(policy, queues).ok())
            };
            let sources: Vec<_> = queues
                .values()
                .filter(|queue| of(queue).is_some_and(|(target, _)| target == name))
                .map(|queue| url(&queue.name))
                .collect();
            Ok(json!({"queueUrls": sources}))
        }
        "DeleteQueue" => {
            let name = find(queues, request)?.name.clone();
            queues.remove(&name);
            Ok(json!({}))
        }
        "PurgeQueue" => {
            let queue = find(queues, request)?;
            if queue.purged_at.is_some_and(|at| now.saturating_sub(at) < 60_000) {
                return Err(fault(
                    "PurgeQueueInProgress",
                    "Only one PurgeQueue operation is allowed every 60 seconds.",
                ));
            }
            queue.purged_at = Some(now);
            queue.messages.clear();
            Ok(json!({}))
        }
        "GetQueueAttributes" => Ok(get_attributes(find(queues, request)?, request, now)),
        "SetQueueAttributes" => {
            let given = attributes::read(request, queues)?;
            find(queues, request)?.attributes.extend(given);
            Ok(json!({}))
        }
        "TagQueue" => {
            let tags = string_map(request.get("Tags"));
            find(queues, request)?.tags.extend(tags);
            Ok(json!({}))
        }
        "UntagQueue" => {
            let keys = strings(request, "TagKeys");
            find(queues, request)?.tags.retain(|key, _| !keys.contains(key));
            Ok(json!({}))
        }
        "ListQueueTags" => Ok(json!({"Tags": find(queues, request)?.tags})),
        "SendMessage" => send(find(queues, request)?, request, now),
        "SendMessageBatch" => {
            let entries = entries(request)?;
            let size: usize = entries.iter().map(|entry| text(entry, "MessageBody").len()).sum();
            if size > LONGEST {
                return Err(fault(
                    "BatchRequestTooLong",
                    "Batch requests cannot be longer than 1048576 bytes.",
                ));
            }
            let queue = find(queues, request)?;
            Ok(batch(&entries, |entry| send(queue, entry, now)))
        }
        "DeleteMessage" => delete(find(queues, request)?, request),
        "DeleteMessageBatch" => {
            let entries = entries(request)?;
            let queue = find(queues, request)?;
            Ok(batch(&entries, |entry| delete(queue, entry)))
        }
        "ChangeMessageVisibility" => change_visibility(find(queues, request)?, request, now),
        "ChangeMessageVisibilityBatch" => {
            let entries = entries(request)?;
            let queue = find(queues, request)?;
            Ok(batch(&entries, |entry| change_visibility(queue, entry, now)))
        }
        "StartMessageMoveTask" => move_back(queues, request),
        other => Err(fault("UnsupportedOperation", format!("{other} is not served here"))),
    }
}

pub(super) fn missing() -> super::Fault {
    fault("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn text<'a>(request: &'a Value, key: &str) -> &'a str {
    request.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn strings(request: &Value, key: &str) -> Vec<String> {
    let list = request.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn string_map(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_object).into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A number within limits, or the default.
pub(super) fn number(
    request: &Value,
    key: &str,
    default: u64,
    limits: std::ops::RangeInclusive<u64>,
) -> Answer<u64> {
    let Some(value) = request.get(key) else { return Ok(default) };
    let fits = value.as_u64().filter(|number| limits.contains(number));
    fits.ok_or_else(|| {
        fault("InvalidParameterValue", format!("Value {value} for parameter {key} is invalid."))
    })
}

pub(super) fn find<'a>(queues: &'a mut Queues, request: &Value) -> Answer<&'a mut Queue> {
    let name = text(request, "QueueUrl").rsplit('/').next().unwrap_or_default();
    queues.get_mut(name).ok_or_else(missing)
}

fn create(queues: &mut Queues, (region, now): (&str, u64), request: &Value) -> Answer<String> {
    let name = text(request, "QueueName").to_owned();
    let given = attributes::read(request, queues)?;
    let plain = name.strip_suffix(".fifo").unwrap_or(&name);
    let legal = !plain.is_empty()
        && name.len() <= 80
        && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let wants_fifo = given.get("FifoQueue").is_some_and(|value| value == "true");
    if !legal || wants_fifo != is_fifo(&name) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length; a FIFO queue ends in .fifo";
        return Err(fault("InvalidParameterValue", message));
    }
    if let Some(known) = queues.get(&name) {
        let same = given.iter().all(|(key, value)| known.attributes.get(key) == Some(value));
        let message = "A queue already exists with the same name and a different value for an attribute.";
        return if same { Ok(name) } else { Err(fault("QueueNameExists", message)) };
    }
    let tags = string_map(request.get("tags").or_else(|| request.get("Tags")));
    let queue = Queue {
        arn: queue_arn(region, &name),
        name: name.clone(),
        attributes: given,
        tags,
        created_at: now,
        ..Queue::default()
    };
    queues.insert(name.clone(), queue);
    Ok(name)
}

fn get_attributes(queue: &Queue, request: &Value, now: u64) -> Value {
    let wanted = strings(request, "AttributeNames");
    let depth = queue.depth(now);
    let mut all = queue.attributes.clone();
    for (name, default) in [
        ("VisibilityTimeout", "30"),
        ("MessageRetentionPeriod", "345600"),
        ("DelaySeconds", "0"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("MaximumMessageSize", "1048576"),
    ] {
        all.entry(name.to_owned()).or_insert_with(|| default.to_owned());
    }
    let created = (queue.created_at / 1_000).to_string();
    for (name, value) in [
        ("QueueArn", queue.arn.clone()),
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
        ("CreatedTimestamp", created.clone()),
        ("LastModifiedTimestamp", created),
    ] {
        all.insert(name.to_owned(), value);
    }
    all.retain(|name, _| wanted.iter().any(|wanted| wanted == "All" || wanted == name));
    json!({"Attributes": all})
}

fn entries(request: &Value) -> Answer<Vec<Value>> {
    let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if entries.is_empty() {
        return Err(fault("EmptyBatchRequest", "There should be at least one entry in the request."));
    }
    if entries.len() > 10 {
        return Err(fault("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."));
    }
    let mut ids = BTreeSet::new();
    for entry in &entries {
        let id = text(entry, "Id");
        let legal = !id.is_empty()
            && id.len() <= 80
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !legal {
            return Err(fault(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores.",
            ));
        }
        if !ids.insert(id) {
            return Err(fault(
                "BatchEntryIdsNotDistinct",
                "Two or more batch entries in the request have the same id.",
            ));
        }
    }
    Ok(entries)
}

fn batch(entries: &[Value], mut operate: impl FnMut(&Value) -> Answer) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = text(entry, "Id");
        match operate(entry) {
            Ok(mut answer) => {
                answer["Id"] = json!(id);
                successful.push(answer);
            }
            Err(error) => failed
                .push(json!({"Id": id, "Code": error.code, "Message": error.message, "SenderFault": true})),
        }
    }
    json!({"Successful": successful, "Failed": failed})
}

fn send(queue: &mut Queue, request: &Value, now: u64) -> Answer {
    let body = text(request, "MessageBody");
    if body.is_empty() {
        return Err(fault("MissingParameter", "The request must contain the parameter MessageBody."));
    }
    if body.len() > LONGEST {
        return Err(fault(
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if !body.chars().all(legal) {
        return Err(fault(
            "InvalidMessageContents",
            "The message contains characters outside the allowed set.",
        ));
    }
    let fifo = queue.is_fifo();
    let delay = number(request, "DelaySeconds", queue.number("DelaySeconds", 0), 0..=900)?;
    if fifo && request.get("DelaySeconds").is_some() {
        return Err(fault(
            "InvalidParameterValue",
            "The request include parameter that is not valid for this queue type: DelaySeconds.",
        ));
    }
    let attributes = request.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut system = BTreeMap::from([("SenderId".to_owned(), "AIDALOCAL".to_owned())]);
    for (name, value) in
        request.get("MessageSystemAttributes").and_then(Value::as_object).into_iter().flatten()
    {
        system.insert(name.clone(), text(value, "StringValue").to_owned());
    }
    let group = text(request, "MessageGroupId");
    if !group.is_empty() {
        system.insert("MessageGroupId".to_owned(), group.to_owned());
    }
    let mut answer = json!({"MD5OfMessageBody": md5_hex(body.as_bytes())});
    if let Some(digest) = md5_of_attributes(&attributes) {
        answer["MD5OfMessageAttributes"] = json!(digest);
    }
    let id = uuid::Uuid::new_v4().to_string();
    if fifo {
        if group.is_empty() {
            return Err(fault("MissingParameter", "The request must contain the parameter MessageGroupId."));
        }
        let given = text(request, "MessageDeduplicationId");
        let by_content =
            queue.attributes.get("ContentBasedDeduplication").is_some_and(|value| value == "true");
        let deduplication = match (given, by_content) {
            ("", true) => md5_hex(body.as_bytes()),
            ("", false) => {
                return Err(fault(
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
                ));
            }
            (given, _) => given.to_owned(),
        };
        if let Some((message, sequence)) = queue.duplicate(&deduplication, now) {
            answer["MessageId"] = json!(message);
            answer["SequenceNumber"] = json!(sequence);
            return Ok(answer);
        }
        let sequence = queue.next_sequence();
        queue.taken.insert(deduplication.clone(), (now, id.clone(), sequence.clone()));
        answer["SequenceNumber"] = json!(sequence);
        system.insert("SequenceNumber".to_owned(), sequence);
        system.insert("MessageDeduplicationId".to_owned(), deduplication);
    }
    answer["MessageId"] = json!(id);
    queue.messages.push_back(Message {
        id,
        body: body.to_owned(),
        attributes,
        system,
        sent_at: now,
        first_received_at: None,
        received: 0,
        visible_at: now + delay * 1_000,
        in_flight: false,
    });
    if delay == 0
        && let Some(message) = queue.messages.back_mut()
    {
        message.visible_at = 0;
    }
    Ok(answer)
}

fn delete(queue: &mut Queue, request: &Value) -> Answer {
    let receipt = text(request, "ReceiptHandle");
    if let Some(place) = queue.by_receipt(receipt)? {
        // "You must provide the most recently received ReceiptHandle; otherwise, the request succeeds, but the message
        // will not be deleted" (DeleteMessage).
        let newest = queue.messages.get(place).is_some_and(|message| queue.receipt(message) == receipt);
        if newest {
            queue.messages.remove(place);
        }
    }
    Ok(json!({}))
}

fn change_visibility(queue: &mut Queue, request: &Value, now: u64) -> Answer {
    let seconds = number(request, "VisibilityTimeout", 0, 0..=43_200)?;
    let place = queue.by_receipt(text(request, "ReceiptHandle"))?;
    let gone = || {
        fault(
            "InvalidParameterValue",
            "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
        )
    };
    let message = place.and_then(|place| queue.messages.get_mut(place)).ok_or_else(gone)?;
    if message.visible_at <= now {
        return Err(fault("MessageNotInflight", "The message referred to isn't in flight."));
    }
    message.visible_at = if seconds == 0 { 0 } else { now + seconds * 1_000 };
    message.in_flight = seconds > 0;
    Ok(json!({}))
}

/// Moves dead letters back to where they came from, all at once.
fn move_back(queues: &mut Queues, request: &Value) -> Answer {
    let name = text(request, "SourceArn").rsplit(':').next().unwrap_or_default().to_owned();
    let destination = text(request, "DestinationArn").rsplit(':').next().unwrap_or_default().to_owned();
    let source = queues
        .get_mut(&name)
        .ok_or_else(|| fault("ResourceNotFoundException", "The source queue does not exist."))?;
    for mut message in std::mem::take(&mut source.messages) {
        let origin = message.system.remove("DeadLetterQueueSourceArn").unwrap_or_default();
        let target =
            if destination.is_empty() { origin.rsplit(':').next().unwrap_or_default() } else { &destination };
        (message.visible_at, message.in_flight, message.received) = (0, false, 0);
        if let Some(queue) = queues.get_mut(target) {
            queue.messages.push_back(message);
        }
    }
    Ok(json!({"TaskHandle": uuid::Uuid::new_v4().to_string()}))
}
