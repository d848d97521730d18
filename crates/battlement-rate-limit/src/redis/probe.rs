use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    engine::{Engine, Question},
    entry::{Answer, Entry, What},
    group::group_of,
    link::{Fault, Link},
    script::By,
    slot::{SLOTS, slot_of},
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
    let entry = Arc::new(entry(engine, group));
    let ask = |by| {
        let deadline = Instant::now() + engine.settings.deadline;
        let question = [Question { entry: Arc::clone(&entry), deadline }];
        async move {
            let asked = timeout(engine.settings.deadline, engine.exchange(link, by, &question));
            asked.await.unwrap_or(Err(Fault::Late))
        }
    };
    let reply = match ask(By::Hash).await {
        Err(Fault::NoScript) => ask(By::Text).await,
        // The client has been told where it is now.
        Err(Fault::Moved) => ask(By::Hash).await,
        reply => reply,
    };
    match reply?.answers.pop() {
        Some(Answer::Failed(code)) => Err(Fault::Refused(code)),
        // One that came too late has told the time, and the next one will not.
        Some(Answer::Done(_) | Answer::Stale) => Ok(()),
        None => Err(Fault::Malformed),
    }
}

/// What nobody is ever denied, under a key in one of the slots of the group.
fn entry(engine: &Engine, group: usize) -> Entry {
    let policy = Policy::new("probe", 1_000, Duration::from_millis(1));
    let (key, slot) = key(&engine.settings.prefix, group, engine.groups.len());
    Entry { key, slot, policies: Policies::from(policy), cost: 1, what: What::Acquire }
}

fn key(prefix: &str, group: usize, groups: usize) -> (String, u16) {
    let key = |nth| format!("{prefix}:{{probe:{nth}}}");
    if groups == 1 {
        return (key(0), 0);
    }
    let keys = (0..u32::from(SLOTS)).map(|nth| (slot_of(&key(nth)), key(nth)));
    let (slot, key) = keys
        .into_iter()
        .find(|(slot, _)| group_of(*slot, groups) == group)
        .unwrap_or_else(|| (0, key(0)));
    (key, slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_for_each_group() {
        let groups = 128;
        for group in 0..groups {
            let (key, slot) = key("rl", group, groups);
            assert_eq!((slot_of(&key), group_of(slot, groups)), (slot, group));
        }
    }
}
