use std::{array, sync::Arc, time::Duration};

use battlement_rate_limit::{Policies, Policy, remote::until};
use tokio::time::Instant;

use crate::{
    client::{Call, Client, group_of},
    connection::{Connection, SLOTS},
    fault::{Fault, Refusal},
    script::{Answer, Operation, Question, RedisKey},
};

/// The number of times a probe is repeated if it was late because this process was late.
const REPEATS: usize = 5;

/// Probes a group within the deadline. A probe acquires and so writes: a server that only reads, or has no memory
/// left, does not count as available.
pub(super) async fn run(client: &Client, group: usize) -> Result<(), Fault> {
    let mut fault = Fault::Late;
    for _ in 0..REPEATS {
        let connection = client.link.connection(slot(client, group)).await?;
        let deadline = client.settings.deadline;
        let probe = attempt(client, &connection, group);
        match until(Instant::now() + deadline, deadline, |_| {}, probe).await {
            Ok(Err(other)) if other.can_be_sent_again() => fault = other,
            Ok(result) => return result,
            Err(late) if late.was_on_time => return Err(Fault::Late),
            Err(_) => fault = Fault::Late,
        }
    }
    Err(fault)
}

async fn attempt(client: &Client, connection: &Connection, group: usize) -> Result<(), Fault> {
    let deadline = client.now() + client.settings.deadline;
    let calls = calls(client, group, deadline);
    let calls = if client.probes_two_keys() { &calls[..] } else { &calls[..1] };
    let answers = client.attempt(connection, calls).await?.0.answers;
    match answers.into_iter().find(|answer| matches!(answer, Answer::Failed(_))) {
        Some(Answer::Failed(code)) => Err(Fault::Refused(Refusal::of_script(&code))),
        // A stale probe has corrected the offset of the clock, and the next one will not be stale.
        _ => Ok(()),
    }
}

/// Returns questions that are never denied, about keys of a group. On a single server the keys are in two slots, which
/// a node of a cluster refuses even if it serves both.
fn calls(client: &Client, group: usize, deadline: Duration) -> [Call; 2] {
    let policies = Policies::from(Policy::new("probe", 1_000, Duration::from_millis(1)));
    let (first, slot) = client.groups[group].probed.get_or_init(|| find_key(client, group)).clone();
    let mut keys = [Some(first), Some(second_key(&client.settings.prefix))];
    array::from_fn(|nth| {
        let key = keys[nth].take().expect("taken once");
        let policies = policies.clone();
        Call {
            question: Question { key, slot, policies, cost: 1, operation: Operation::Acquire },
            deadline,
        }
    })
}

/// Returns the slot in which a group is probed.
pub(super) fn slot(client: &Client, group: usize) -> u16 {
    client.groups[group].probed.get_or_init(|| find_key(client, group)).1
}

fn find_key(client: &Client, group: usize) -> (RedisKey, u16) {
    key(&client.settings.prefix, group, client.groups.len())
}

fn key_prefix(prefix: &str) -> Arc<str> {
    format!("{prefix}:{{probe:").into()
}

fn second_key(prefix: &str) -> RedisKey {
    RedisKey::new(key_prefix(prefix), 1)
}

fn key(prefix: &str, group: usize, groups: usize) -> (RedisKey, u16) {
    let key_prefix = key_prefix(prefix);
    let key = |nth| RedisKey::new(Arc::clone(&key_prefix), nth);
    if groups == 1 {
        return (key(0), 0);
    }
    let with_slot = |nth| {
        let key = key(nth);
        let slot = key.slot();
        (key, slot)
    };
    let mut all = (0..u128::from(SLOTS)).map(with_slot);
    all.find(|(_, slot)| group_of(*slot, groups) == group).unwrap_or_else(|| with_slot(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_a_key() {
        let groups = 128;
        for group in 0..groups {
            let (key, slot) = key("rl", group, groups);
            assert_eq!((key.slot(), group_of(slot, groups)), (slot, group));
        }
    }

    #[test]
    fn the_two_keys_that_a_single_server_is_probed_with_are_in_two_slots() {
        for prefix in ["rl", "shop", "a:b"] {
            assert_ne!(key(prefix, 0, 1).0.slot(), second_key(prefix).slot(), "{prefix}");
        }
    }
}
