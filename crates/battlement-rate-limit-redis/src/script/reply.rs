use std::time::Duration;

use battlement_rate_limit::{
    Decision, PolicyState,
    algorithm::{Cell, Rule},
};
use redis::Value;
use smallvec::SmallVec;

use super::{
    encoded::Encoded,
    question::{Answer, Question},
};

/// The reply of the script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The time by the clock of Redis, in microseconds.
    pub(crate) now: u64,
    /// The answer to each question.
    pub(crate) answers: SmallVec<[Answer; 1]>,
}

/// The bytes are not a reply of the script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Reply {
    /// Parses the script's reply to `questions`.
    pub(crate) fn of<'a>(
        value: &Value,
        questions: impl IntoIterator<Item = &'a Question>,
    ) -> Result<Self, Malformed> {
        let Value::BulkString(words) = value else { return Err(Malformed) };
        let mut words = Words(words);
        let now = words.nanos_below(MAX_NOW)?;
        let answers = questions.into_iter().map(|question| answer(&mut words, question, now));
        let answers = answers.collect::<Result<_, _>>()?;
        if words.0.is_empty() { Ok(Self { now: now / 1_000, answers }) } else { Err(Malformed) }
    }
}

struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn count(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads microseconds, and returns nanoseconds.
    fn nanos_below(&mut self, most: f64) -> Result<u64, Malformed> {
        let micros = f64::from_le_bytes(self.array()?);
        if (0.0..most).contains(&micros) { Ok(micros as u64 * 1_000) } else { Err(Malformed) }
    }
}

/// A double represents all whole numbers below exactly, and adding any period to that many nanoseconds does not
/// overflow.
const MAX_NOW: f64 = (1_u64 << 53) as f64;
const MAX_UNTIL: f64 = 2.0 * MAX_NOW;

fn answer(words: &mut Words<'_>, question: &Question, now: u64) -> Result<Answer, Malformed> {
    match words.0.first().ok_or(Malformed)? {
        b's' => words.take(1).map(|_| Answer::Stale),
        b'd' if !question.operation.returns_states() => {
            words.take(1).map(|_| Answer::Done(SmallVec::new()))
        }
        b'e' => {
            let end = words.0.iter().position(|byte| *byte == b'\n').ok_or(Malformed)?;
            let code = String::from_utf8_lossy(&words.take(end + 1)?[1..end]).into_owned();
            Ok(Answer::Failed(code))
        }
        _ if question.operation.returns_states() => states(words, question, now),
        _ => Err(Malformed),
    }
}

fn states(words: &mut Words<'_>, question: &Question, now: u64) -> Result<Answer, Malformed> {
    let rules = &Encoded::of(&question.policies).rules;
    let decisions = words.take(rules.len())?;
    // The end of the key's TTL.
    words.take(8)?;
    let state = |(rule, decision): (&Rule, &u8)| {
        // The policy's mark.
        words.take(8)?;
        let until = words.nanos_below(MAX_UNTIL)?;
        let [a, b] = [words.count()?, words.count()?];
        let cell = rule.cell(until, [a, b], f64::from_le_bytes(words.array()?));
        state(rule, cell, now, question.cost, *decision)
    };
    let states = rules.iter().zip(decisions).map(state);
    Ok(Answer::Done(states.collect::<Result<_, _>>()?))
}

/// Returns the state of a policy with this cell. The decision is the script's; the wait is computed here.
fn state(
    rule: &Rule,
    cell: Cell,
    now: u64,
    cost: u32,
    decision: u8,
) -> Result<PolicyState, Malformed> {
    let state = rule.peek(cell, now, cost);
    let decision = match (decision, state.decision) {
        (b'c' | b'y', _) => Decision::Allow,
        (b'n', Decision::Allow) => Decision::Deny { wait: Some(Duration::ZERO) },
        (b'n', denied) => denied,
        _ => return Err(Malformed),
    };
    Ok(PolicyState { decision, ..state })
}

#[cfg(test)]
mod tests {
    use battlement_rate_limit::{Algorithm, Policies, Policy};
    use proptest::prelude::*;

    use super::*;
    use crate::script::{key::RedisKey, question::Operation};

    fn question() -> Question {
        let policies = Policies::from(Policy::per_day("day", 2));
        let key = RedisKey::new("rl:{".into(), 0);
        Question { key, slot: 0, policies, cost: 1, operation: Operation::Acquire }
    }

    /// Returns a reply in the script's encoding.
    fn reply_value(now: f64, decisions: &str, until: f64, numbers: [u32; 2], scale: f64) -> Value {
        let mut words = now.to_le_bytes().to_vec();
        words.extend(decisions.bytes());
        for double in [0.0, 7.0, until] {
            words.extend(double.to_le_bytes());
        }
        words.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
        words.extend(scale.to_le_bytes());
        Value::BulkString(words)
    }

    /// Returns a reply about a cell of the policy of [`question`].
    fn reply_about_policy(now: f64, decisions: &str, until: f64, nanos: u32) -> Value {
        let numbers = question().policies[0].rule().numbers();
        reply_value(now, decisions, until, [nanos, numbers.rule], numbers.scale)
    }

    #[test]
    fn a_reply_is_parsed_into_the_states_of_policies() {
        let questions = [question()];
        let half = 43_200_000_000.0;
        let answers =
            Reply::of(&reply_about_policy(5.0, "c", 5.0 + half, 0), &questions).unwrap().answers;
        let reset = Duration::from_secs(43_200);
        let left = PolicyState { decision: Decision::Allow, remaining: 1, reset };
        assert_eq!(*answers, [Answer::Done([left].into_iter().collect())]);
        let answers = Reply::of(&reply_about_policy(5.0, "n", 4.0 + 2.0 * half, 999), &questions)
            .unwrap()
            .answers;
        let wait = Some(reset - Duration::from_nanos(1));
        let left = PolicyState {
            decision: Decision::Deny { wait },
            remaining: 0,
            reset: reset - Duration::from_nanos(1),
        };
        assert_eq!(*answers, [Answer::Done([left].into_iter().collect())]);
    }

    #[test]
    fn the_decision_is_that_of_the_script() {
        let policies = Policies::from(Policy::per_day("day", 2).algorithm(Algorithm::FixedWindow));
        let scale = policies[0].rule().numbers().scale;
        let questions = [Question { policies, ..question() }];
        let decision = |decision, used| {
            let reply = reply_value(5.0, decision, 9.0, [used, 0], scale);
            let answers = Reply::of(&reply, &questions).unwrap().answers;
            let [Answer::Done(states)] = &*answers else { panic!("{answers:?}") };
            states[0].decision
        };
        assert_eq!(
            decision("c", 7),
            Decision::Allow,
            "another server may reply with a cell of its own"
        );
        assert_eq!(decision("n", 0), Decision::Deny { wait: Some(Duration::ZERO) });
    }

    #[test]
    fn unexpected_replies_are_rejected() {
        let questions = [question()];
        let Value::BulkString(good) = reply_about_policy(5.0, "c", 5.0, 0) else { panic!() };
        let text = |words: &[u8]| Value::BulkString(words.to_vec());
        let mut all = vec![
            Value::Nil,
            Value::Int(1),
            Value::Array(vec![]),
            text(&[&*good, b"x"].concat()),
            text(&[&good[..8], b"d"].concat()),
            text(&[&good[..8], b"eOOM"].concat()),
            reply_about_policy(-1.0, "c", 5.0, 0),
            reply_about_policy(f64::NAN, "c", 5.0, 0),
            reply_about_policy(5.0, "x", 5.0, 0),
            reply_about_policy(5.0, "c", f64::INFINITY, 0),
            reply_about_policy(5.0, "c", 1e17, 0),
        ];
        all.extend((0..good.len()).map(|end| text(&good[..end])));
        for value in all {
            assert_eq!(Reply::of(&value, &questions), Err(Malformed), "{value:?}");
        }
        let refused = text(&[&good[..8], b"eOOM\n"].concat());
        assert_eq!(
            *Reply::of(&refused, &questions).unwrap().answers,
            [Answer::Failed("OOM".to_owned())]
        );
    }

    fn policies() -> impl Strategy<Value = Policies> {
        let algorithms = [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];
        let policy =
            (1_u32..=u32::MAX, 1_u64..1 << 41, prop::sample::select(Vec::from(algorithms)));
        policy.prop_filter_map("no such policy", |(quota, millis, algorithm)| {
            let policy = Policy::try_new("p", quota, Duration::from_millis(millis)).ok()?;
            Some(Policies::from(policy.algorithm(algorithm)))
        })
    }

    proptest! {
        #[test]
        fn arbitrary_replies_are_parsed_or_rejected(
            policies in policies(),
            cost in any::<u32>(),
            [now, until] in [0.0..2.0 * MAX_UNTIL, 0.0..2.0 * MAX_UNTIL],
            decision in "[cynx]",
            numbers in any::<[u32; 2]>(),
            scale in prop_oneof![any::<f64>(), prop::num::f64::ANY],
            rest in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let questions = [Question { policies, cost, ..question() }];
            let value = reply_value(now, &decision, until, numbers, scale);
            if let Ok(reply) = Reply::of(&value, &questions) {
                prop_assert!(now < MAX_NOW && until < MAX_UNTIL && reply.answers.len() == 1);
            }
            let _ = Reply::of(&Value::BulkString(rest), &questions);
        }
    }
}
