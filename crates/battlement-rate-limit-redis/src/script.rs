//! The script that makes decisions in Redis, and its encoding.

mod encoded;
mod key;
mod question;
mod reply;

use redis::{Cmd, RedisWrite as _};
use smallvec::SmallVec;

use self::encoded::{SingleGcra, double};
pub(crate) use self::{
    encoded::Encoded,
    key::{NAME, RedisKey, is_name},
    question::{Answer, Operation, Question},
    reply::Reply,
};

const TEXT: &str = include_str!("script/limit.lua");

/// The script, identified by its hash.
#[derive(Debug)]
pub(crate) struct Script {
    hash: String,
}

/// The reference to the script in a command: its hash or its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScriptRef {
    Hash,
    Text,
}

/// The parameters of a batch whose questions all acquire the same cost from the same policy, which uses GCRA.
struct Uniform {
    policy: SingleGcra,
    cost: u32,
    /// The earliest deadline in the batch. A question with a later deadline may be refused as stale too early, and is
    /// then asked again.
    last: i64,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self { hash: redis::Script::new(TEXT).get_hash().to_owned() }
    }

    /// Returns one command for all questions, each with its deadline by the clock of Redis. `now` replaces that clock,
    /// in tests.
    pub(crate) fn command<'a>(
        &self,
        by: ScriptRef,
        now: Option<u64>,
        questions: impl ExactSizeIterator<Item = (&'a Question, i64)> + Clone,
    ) -> Cmd {
        let mut cmd = Cmd::with_capacity(6 + questions.len(), 112 + questions.len() * 56);
        match by {
            ScriptRef::Hash => cmd.arg("EVALSHA").arg(&self.hash),
            ScriptRef::Text => cmd.arg("EVAL").arg(TEXT),
        };
        cmd.arg(questions.len());
        for (question, _) in questions.clone() {
            cmd.write_arg(&question.key.to_bytes());
        }
        let uniform = Uniform::of(questions.clone());
        let mut words = uniform.as_ref().map_or([[0; 8]; 9], Uniform::words);
        words[0] = double(now.unwrap_or(0));
        cmd.write_arg(words.as_flattened());
        if uniform.is_none() {
            push_questions(&mut cmd, questions);
        }
        cmd
    }
}

impl Uniform {
    fn of<'a>(mut questions: impl Iterator<Item = (&'a Question, i64)>) -> Option<Self> {
        let (first, mut last) = questions.next()?;
        let encoded = Encoded::of(&first.policies);
        let policy =
            encoded.single_gcra.filter(|policy| (1..=policy.units).contains(&first.cost))?;
        if !matches!(first.operation, Operation::Acquire) {
            return None;
        }
        for (question, other) in questions {
            let is_uniform = matches!(question.operation, Operation::Acquire)
                && question.cost == first.cost
                && Encoded::of(&question.policies).digest == encoded.digest;
            if !is_uniform {
                return None;
            }
            last = last.min(other);
        }
        Some(Self { policy, cost: first.cost, last })
    }

    fn words(&self) -> [[u8; 8]; 9] {
        let SingleGcra { mark, nanos, units, rule, scale } = self.policy;
        let [cost, most] = [self.cost, units].map(|units| nanos * u64::from(units));
        let [cost_us, most_us] = [cost, most].map(|nanos| double(nanos / 1_000));
        let [cost_ns, most_ns] = [cost, most].map(|nanos| double(nanos % 1_000));
        let [mark, scale] = [mark, scale].map(f64::to_le_bytes);
        let last = (self.last as f64).to_le_bytes();
        let rule = double(rule.into());
        [[0; 8], last, mark, cost_us, cost_ns, most_us, most_ns, rule, scale]
    }
}

/// Adds each distinct set of policies once, and then each question with the index of its set, starting at 1.
fn push_questions<'a>(
    cmd: &mut Cmd,
    questions: impl ExactSizeIterator<Item = (&'a Question, i64)> + Clone,
) {
    let mut sets: SmallVec<[&Encoded; 4]> = SmallVec::new();
    let mut words = Vec::with_capacity(questions.len() * 17);
    for (question, last) in questions {
        let set = Encoded::of(&question.policies);
        let known = sets.iter().position(|other| other.digest == set.digest);
        let index = known.unwrap_or_else(|| {
            sets.push(set);
            sets.len() - 1
        });
        push_question(&mut words, question, last, index as u32 + 1);
    }
    let mut known = (sets.len() as u32).to_le_bytes().to_vec();
    sets.iter().for_each(|set| known.extend_from_slice(&set.words));
    cmd.write_arg(&known);
    cmd.write_arg(&words);
}

fn push_question(words: &mut Vec<u8>, question: &Question, last: i64, set: u32) {
    words.push(question.operation.code());
    words.extend(set.to_le_bytes());
    words.extend(question.cost.to_le_bytes());
    words.extend((last as f64).to_le_bytes());
    if let Operation::Refund(taken) = &question.operation {
        words.extend(double(taken.at));
        words.extend(taken.ahead.iter().flat_map(|ahead| (*ahead as f64).to_le_bytes()));
    }
}

#[cfg(test)]
mod tests;
