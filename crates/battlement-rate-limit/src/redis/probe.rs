use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use super::{
    engine::{Engine, Question},
    entry::{Answer, Entry, What},
    group::group_of,
    link::{Fault, Link},
    place::Place,
    script::By,
    slot::SLOTS,
};
use crate::{Policies, Policy};

/// Asks each of `groups` whether it decides, within the deadline, and writes what it has decided: a server
/// that only reads, or has no memory left, does not. Returns those that did not, and why the first did not.
pub(super) async fn sweep(
    engine: &Arc<Engine>,
    link: &Arc<Box<dyn Link>>,
    groups: impl Iterator<Item = usize>,
) -> (Vec<usize>, Option<Fault>) {
    let mut probes = JoinSet::new();
    for group in groups {
        let (engine, link) = (Arc::clone(engine), Arc::clone(link));
        probes.spawn(async move { (group, run(&engine, &**link, group).await) });
    }
    let (mut away, mut why) = (Vec::new(), None);
    while let Some(probe) = probes.join_next().await {
        if let Ok((group, Err(fault))) = probe {
            away.push(group);
            why.get_or_insert(fault);
        }
    }
    (away, why)
}

async fn run(engine: &Engine, link: &dyn Link, group: usize) -> Result<(), Fault> {
    let ask = |by| {
        let asked = engine.now();
        let deadline = asked + engine.settings.deadline;
        let question = [Question { entry: entry(engine, group), deadline }];
        async move {
            let asked = engine.exchange(link, by, &question, asked);
            timeout(engine.settings.deadline, asked).await.unwrap_or(Err(Fault::Late))
        }
    };
    let reply = match ask(By::Hash).await {
        Err(Fault::NoScript) => ask(By::Text).await,
        // The client has been told where it is now.
        Err(Fault::Moved) => ask(By::Hash).await,
        reply => reply,
    };
    match reply?.reply.answers.pop() {
        Some(Answer::Failed(code)) => Err(Fault::Refused(code)),
        // One that came too late has told the time, and the next one will not.
        Some(Answer::Done(_) | Answer::Stale) => Ok(()),
        None => Err(Fault::Malformed),
    }
}

/// What nobody is ever denied, under a key in one of the slots of the group.
fn entry(engine: &Engine, group: usize) -> Entry {
    let policy = Policy::new("probe", 1_000, Duration::from_millis(1));
    let find = || place(&engine.settings.prefix, group, engine.groups.len());
    let (place, slot) = engine.groups[group].probed.get_or_init(find).clone();
    Entry { place, slot, policies: Policies::from(policy), cost: 1, what: What::Acquire }
}

fn place(prefix: &str, group: usize, groups: usize) -> (Place, u16) {
    let begins: Arc<str> = format!("{prefix}:{{probe:").into();
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
}
