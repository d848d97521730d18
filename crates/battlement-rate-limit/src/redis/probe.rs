use std::{array, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::{
    client::{Engine, Question},
    connection::Connection,
    deadline::until,
    fault::{Fault, Refusal},
    group::group_of,
    key::Place,
    question::{Answer, Entry, What},
    slot::SLOTS,
};
use crate::{Policies, Policy};

/// The number of times a probe is repeated that was late since this process was late itself.
const REPEATS: usize = 5;

/// Asks each of `groups` whether it decides, within the deadline, and writes what it has decided: a server that only
/// reads, or has no memory left, does not.
pub(super) async fn sweep(
    engine: &Arc<Engine>,
    groups: Vec<usize>,
) -> Vec<(usize, Result<(), Fault>)> {
    let mut probes = JoinSet::new();
    for group in groups {
        let engine = Arc::clone(engine);
        probes.spawn(async move { (group, run(&engine, group).await) });
    }
    probes.join_all().await
}

async fn run(engine: &Engine, group: usize) -> Result<(), Fault> {
    let mut fault = Fault::Late;
    for _ in 0..REPEATS {
        let connection = engine.link.connection(slot(engine, group)).await?;
        let deadline = engine.settings.deadline;
        let probe = attempt(engine, &connection, group);
        match until(Instant::now() + deadline, deadline, |_| {}, probe).await {
            Ok(Err(other)) if other.is_settled_by_another_try() => fault = other,
            Ok(result) => return result,
            Err(late) if late.is_fair => return Err(Fault::Late),
            Err(_) => fault = Fault::Late,
        }
    }
    Err(fault)
}

async fn attempt(engine: &Engine, connection: &Connection, group: usize) -> Result<(), Fault> {
    let deadline = engine.now() + engine.settings.deadline;
    let questions = questions(engine, group, deadline);
    let questions = if engine.probes_two_keys() { &questions[..] } else { &questions[..1] };
    let answers = engine.attempt(connection, questions).await?.0.answers;
    match answers.into_iter().find(|answer| matches!(answer, Answer::Failed(_))) {
        Some(Answer::Failed(code)) => Err(Fault::Refused(Refusal::of_script(&code))),
        // One that came too late has told the time, and the next one will not.
        _ => Ok(()),
    }
}

/// Returns questions that are never denied, about keys of a group. On a single server these are in two slots, which a
/// node of a cluster refuses, even if it serves both.
fn questions(engine: &Engine, group: usize, deadline: Duration) -> [Question; 2] {
    let policies = Policies::from(Policy::new("probe", 1_000, Duration::from_millis(1)));
    let (first, slot) = engine.groups[group].probed.get_or_init(|| find(engine, group)).clone();
    let mut places = [Some(first), Some(second(&engine.settings.prefix))];
    array::from_fn(|nth| {
        let place = places[nth].take().expect("taken once");
        let policies = policies.clone();
        Question { entry: Entry { place, slot, policies, cost: 1, what: What::Acquire }, deadline }
    })
}

/// Returns the slot in which a group is probed.
pub(super) fn slot(engine: &Engine, group: usize) -> u16 {
    engine.groups[group].probed.get_or_init(|| find(engine, group)).1
}

fn find(engine: &Engine, group: usize) -> (Place, u16) {
    place(&engine.settings.prefix, group, engine.groups.len())
}

fn begins(prefix: &str) -> Arc<str> {
    format!("{prefix}:{{probe:").into()
}

fn second(prefix: &str) -> Place {
    Place::new(begins(prefix), 1)
}

fn place(prefix: &str, group: usize, groups: usize) -> (Place, u16) {
    let begins = begins(prefix);
    let place = |nth| Place::new(Arc::clone(&begins), nth);
    if groups == 1 {
        return (place(0), 0);
    }
    let with_slot = |nth| {
        let place = place(nth);
        let slot = place.slot();
        (place, slot)
    };
    let mut all = (0..u128::from(SLOTS)).map(with_slot);
    all.find(|(_, slot)| group_of(*slot, groups) == group).unwrap_or_else(|| with_slot(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_for_each_group() {
        let groups = 128;
        for group in 0..groups {
            let (place, slot) = place("rl", group, groups);
            assert_eq!((place.slot(), group_of(slot, groups)), (slot, group));
        }
    }

    #[test]
    fn the_two_keys_that_a_single_server_is_probed_with_are_in_two_slots() {
        for prefix in ["rl", "shop", "a:b"] {
            assert_ne!(place(prefix, 0, 1).0.slot(), second(prefix).slot(), "{prefix}");
        }
    }
}
