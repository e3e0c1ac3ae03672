//! `ReceiveMessage`: which messages are delivered, and which are dead.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use super::operations::{Queues, find, missing, number, strings, text};
use super::queue::is_fifo;
use super::{Answer, Disorder, Message, Queue, attributes};

/// How long a receive waits for a message.
pub(super) fn wait_of(queues: &Queues, request: &Value) -> Answer<Duration> {
    let name = text(request, "QueueUrl").rsplit('/').next().unwrap_or_default();
    let queue = queues.get(name).ok_or_else(missing)?;
    let default = queue.number("ReceiveMessageWaitTimeSeconds", 0);
    number(request, "WaitTimeSeconds", default, 0..=20).map(Duration::from_secs)
}

/// What can be received now, and when the next message will be receivable if there is none.
pub(super) fn receive(
    queues: &mut Queues,
    request: &Value,
    disorder: Disorder,
    now: u64,
) -> Answer<(Value, Option<u64>)> {
    let most = number(request, "MaxNumberOfMessages", 1, 1..=10)?;
    let queue = find(queues, request)?;
    let seconds = number(request, "VisibilityTimeout", queue.number("VisibilityTimeout", 30), 0..=43_200)?;
    let name = queue.name.clone();
    let policy = queue.attributes.get("RedrivePolicy").cloned();
    let redrive = policy.map(|policy| attributes::redrive(&policy, queues)).transpose().unwrap_or_default();
    let attempt = text(request, "ReceiveRequestAttemptId").to_owned();
    let mut dead = Vec::new();
    let Some(queue) = queues.get_mut(&name) else { return Err(missing()) };

    let places = match again(queue, &attempt, now) {
        Some(places) => places,
        None => choose(
            queue,
            now,
            usize::try_from(most).unwrap_or(1),
            redrive.as_ref().map(|(_, count)| *count),
            disorder,
            &mut dead,
        ),
    };
    let names = |keys: [&str; 2]| keys.into_iter().flat_map(|key| strings(request, key)).collect::<Vec<_>>();
    let system_names = names(["AttributeNames", "MessageSystemAttributeNames"]);
    let attribute_names = strings(request, "MessageAttributeNames");
    let mut received = Vec::new();
    let mut ids = Vec::new();
    for place in places {
        let Some(message) = queue.messages.get_mut(place) else { continue };
        message.received += 1;
        message.first_received_at.get_or_insert(now);
        // A receive with timeout zero leaves the message receivable.
        message.visible_at = if seconds == 0 { 0 } else { now + seconds * 1_000 };
        message.in_flight = seconds > 0;
        if disorder.twice && !is_fifo(&name) && fastrand::u8(..8) == 0 {
            message.visible_at = 0;
        }
        let message = message.clone();
        ids.push(message.id.clone());
        received.push(message.render(&queue.receipt(&message), &system_names, &attribute_names));
    }
    if !attempt.is_empty() && !ids.is_empty() {
        queue.attempts.insert(attempt, (now, ids));
    }
    let next = queue
        .messages
        .iter()
        .filter(|message| message.visible_at > now)
        .map(|message| message.visible_at)
        .min();
    bury(queues, &name, redrive, dead);
    Ok((json!({"Messages": received}), next))
}

/// The messages that an earlier receive with this attempt id got, if that was within five minutes.
fn again(queue: &mut Queue, attempt: &str, now: u64) -> Option<Vec<usize>> {
    queue.attempts.retain(|_, (at, _)| now.saturating_sub(*at) < 300_000);
    let (_, ids) = queue.attempts.get(attempt)?;
    let place = |id: &String| queue.messages.iter().position(|message| message.id == *id);
    Some(ids.iter().filter_map(place).collect())
}

/// Places of messages to deliver. Those that were received too often are taken out instead.
fn choose(
    queue: &mut Queue,
    now: u64,
    most: usize,
    max_receives: Option<u32>,
    disorder: Disorder,
    dead: &mut Vec<Message>,
) -> Vec<usize> {
    if let Some(max) = max_receives {
        let is_dead = |message: &Message| message.visible_at <= now && message.received >= max;
        let (gone, kept): (VecDeque<_>, _) =
            std::mem::take(&mut queue.messages).into_iter().partition(is_dead);
        queue.messages = kept;
        dead.extend(gone);
    }
    let mut places = Vec::new();
    if queue.is_fifo() {
        // A group is blocked while one of its messages is in flight.
        let group = |message: &Message| message.system.get("MessageGroupId").cloned().unwrap_or_default();
        let blocked: BTreeSet<_> =
            queue.messages.iter().filter(|message| message.visible_at > now).map(group).collect();
        for (place, message) in queue.messages.iter().enumerate() {
            if places.len() < most && !blocked.contains(&group(message)) {
                places.push(place);
            }
        }
        return places;
    }
    places.extend(
        queue
            .messages
            .iter()
            .enumerate()
            .filter(|(_, message)| message.visible_at <= now)
            .map(|(place, _)| place),
    );
    if disorder.shuffled {
        fastrand::shuffle(&mut places);
    }
    places.truncate(most);
    places
}

/// Puts messages into the dead-letter queue.
fn bury(queues: &mut Queues, source: &str, redrive: Option<(String, u32)>, dead: Vec<Message>) {
    let arn = queues.get(source).map(|queue| queue.arn.clone()).unwrap_or_default();
    let Some(target) = redrive.and_then(|(target, _)| queues.get_mut(&target)) else { return };
    for mut message in dead {
        message.system.insert("DeadLetterQueueSourceArn".to_owned(), arn.clone());
        (message.visible_at, message.in_flight) = (0, false);
        target.messages.push_back(message);
    }
}
