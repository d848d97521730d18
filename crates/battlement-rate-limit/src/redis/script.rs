//! The script that decides, and how it is spoken to.

use std::time::Duration;

use redis::{Cmd, Value};
use smallvec::SmallVec;

use super::{
    encoded::Encoded,
    entry::{Answer, Entry, What},
};
use crate::{PolicyState, Ruling};

const TEXT: &str = include_str!("script/limit.lua");

/// The script, and the hash by which Redis knows it.
#[derive(Debug)]
pub(super) struct Script {
    hash: String,
}

/// Whether Redis is told the hash of the script, or its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Hash,
    Text,
}

/// What the script said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Microseconds, by the clock of Redis.
    pub(super) now: u64,
    /// Of each entry.
    pub(super) answers: Vec<Answer>,
}

/// Not what the script says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Script {
    pub(super) fn new() -> Self {
        Self { hash: redis::Script::new(TEXT).get_hash().to_owned() }
    }

    /// The one command for all entries, each with the last moment at which it may be done. `now` takes the
    /// place of the clock of Redis, in tests.
    pub(super) fn command<'a>(
        &self,
        by: By,
        now: Option<u64>,
        entries: impl ExactSizeIterator<Item = (&'a Entry, i64)> + Clone,
    ) -> Cmd {
        let mut cmd = Cmd::with_capacity(8 + entries.len() * 16, 256 + entries.len() * 192);
        match by {
            By::Hash => cmd.arg("EVALSHA").arg(&self.hash),
            By::Text => cmd.arg("EVAL").arg(TEXT),
        };
        cmd.arg(entries.len());
        for (entry, _) in entries.clone() {
            cmd.arg(&entry.key);
        }
        match now {
            Some(now) => cmd.arg(now),
            None => cmd.arg(""),
        };
        let sets =
            push_sets(&mut cmd, entries.clone().map(|(entry, _)| Encoded::of(&entry.policies)));
        if let Some((cost, last)) = alike(entries.clone(), &sets) {
            cmd.arg("A").arg(cost).arg(last);
            return cmd;
        }
        for ((entry, last), set) in entries.zip(sets) {
            push_entry(&mut cmd, entry, last, set);
        }
        cmd
    }

    /// Reads what the script said of `entries`.
    pub(super) fn reply<'a>(
        &self,
        value: Value,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Reply, Malformed> {
        let Value::Array(values) = value else { return Err(Malformed) };
        let mut values = Values(values.into_iter());
        let now = u64::try_from(values.int()?).map_err(|_| Malformed)?;
        let answers = entries.into_iter().map(|entry| answer(&mut values, entry));
        let answers = answers.collect::<Result<_, _>>()?;
        Ok(Reply { now, answers })
    }
}

/// What entries take that all take as much from the first of `sets`, and the earliest last moment of theirs: a
/// batch is told that once. Who could have been later than others is refused too soon at worst, and comes again.
fn alike<'a>(
    mut entries: impl Iterator<Item = (&'a Entry, i64)>,
    sets: &[usize],
) -> Option<(u32, i64)> {
    let (first, mut least) = entries.next()?;
    let alike = |entry: &Entry| matches!(entry.what, What::Acquire) && entry.cost == first.cost;
    if !alike(first) || sets.iter().any(|set| *set != 1) {
        return None;
    }
    for (entry, last) in entries {
        if !alike(entry) {
            return None;
        }
        least = least.min(last);
    }
    Some((first.cost, least))
}

/// Each set of policies once; returns which one each entry has, from 1 on.
fn push_sets<'a>(cmd: &mut Cmd, sets: impl Iterator<Item = &'a Encoded>) -> SmallVec<[usize; 8]> {
    let mut known: SmallVec<[&Encoded; 4]> = SmallVec::new();
    let place = |set: &'a Encoded| {
        let found = known.iter().position(|other| other.digest == set.digest);
        1 + found.unwrap_or_else(|| {
            known.push(set);
            known.len() - 1
        })
    };
    let places = sets.map(place).collect();
    cmd.arg(known.len());
    for arg in known.iter().flat_map(|set| &set.args) {
        cmd.arg(arg);
    }
    places
}

fn push_entry(cmd: &mut Cmd, entry: &Entry, last: i64, set: usize) {
    cmd.arg(entry.what.letter()).arg(set).arg(entry.cost).arg(last);
    if let What::Refund { taken_at, ahead } = &entry.what {
        cmd.arg(*taken_at);
        for ahead in ahead {
            cmd.arg(*ahead);
        }
    }
}

struct Values(std::vec::IntoIter<Value>);

impl Values {
    fn int(&mut self) -> Result<i64, Malformed> {
        match self.0.next() {
            Some(Value::Int(int)) => Ok(int),
            _ => Err(Malformed),
        }
    }

    fn text(&mut self) -> Result<String, Malformed> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => String::from_utf8(bytes).map_err(|_| Malformed),
            Some(Value::SimpleString(text)) => Ok(text),
            _ => Err(Malformed),
        }
    }

    fn micros(&mut self) -> Result<Duration, Malformed> {
        self.int()?.try_into().map(Duration::from_micros).map_err(|_| Malformed)
    }
}

fn answer(values: &mut Values, entry: &Entry) -> Result<Answer, Malformed> {
    match values.int()? {
        0 if entry.what.tells() => {
            let states = entry.policies.iter().map(|_| state(values));
            Ok(Answer::Done(states.collect::<Result<_, _>>()?))
        }
        0 => Ok(Answer::Done(SmallVec::new())),
        1 => Ok(Answer::Stale),
        2 => Ok(Answer::Failed(values.text()?)),
        _ => Err(Malformed),
    }
}

fn state(values: &mut Values) -> Result<PolicyState, Malformed> {
    let ruling = match values.int()? {
        -1 => Ruling::Allow,
        -2 => Ruling::Deny { wait: None },
        wait => {
            let wait = u64::try_from(wait).map_err(|_| Malformed)?;
            Ruling::Deny { wait: Some(Duration::from_micros(wait)) }
        }
    };
    let remaining = values.int()?.try_into().map_err(|_| Malformed)?;
    Ok(PolicyState { ruling, remaining, reset: values.micros()? })
}

#[cfg(test)]
mod tests;
