//! Attributes of queues and their limits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Queue, fault};

const NUMBERS: [(&str, u64, u64); 5] = [
    ("DelaySeconds", 0, 900),
    ("MaximumMessageSize", 1_024, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20),
    ("VisibilityTimeout", 0, 43_200),
];
const OTHERS: [&str; 11] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "Tags",
];

/// Reads attributes of a request and checks them.
pub(super) fn read(request: &Value, queues: &BTreeMap<String, Queue>) -> Answer<BTreeMap<String, String>> {
    let mut attributes = BTreeMap::new();
    for (name, value) in request.get("Attributes").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let known = NUMBERS.iter().find(|(known, ..)| known == name);
        if let Some((_, least, most)) = known {
            let fits = value.parse::<u64>().is_ok_and(|number| (*least..=*most).contains(&number));
            if !fits {
                return Err(fault(
                    "InvalidAttributeValue",
                    format!("Invalid value for the parameter {name}."),
                ));
            }
        } else if !OTHERS.contains(&name.as_str()) {
            return Err(fault("InvalidAttributeName", format!("Unknown Attribute {name}.")));
        }
        if name == "RedrivePolicy" {
            redrive(&value, queues)?;
        }
        attributes.insert(name.clone(), value);
    }
    Ok(attributes)
}

/// The name of the dead-letter queue and the receives before it.
pub(super) fn redrive(policy: &str, queues: &BTreeMap<String, Queue>) -> Answer<(String, u32)> {
    let invalid = |why: &str| {
        fault(
            "InvalidParameterValue",
            format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {why}"),
        )
    };
    let policy: Value = serde_json::from_str(policy).map_err(|_| invalid("no JSON"))?;
    let arn =
        policy.get("deadLetterTargetArn").and_then(Value::as_str).ok_or_else(|| invalid("no target"))?;
    let name = arn.rsplit(':').next().unwrap_or_default();
    let count = match policy.get("maxReceiveCount") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    let count = count.filter(|count| (1..=1_000).contains(count)).and_then(|count| u32::try_from(count).ok());
    let count = count.ok_or_else(|| invalid("maxReceiveCount must be from 1 to 1000"))?;
    if !queues.contains_key(name) {
        return Err(fault("QueueDoesNotExist", "The dead-letter queue does not exist."));
    }
    Ok((name.to_owned(), count))
}
