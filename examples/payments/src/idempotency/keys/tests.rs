use proptest::prelude::*;

use super::*;

const KEEP: Duration = Duration::from_secs(100);

fn key(name: &str) -> IdempotencyKey {
    let value = format!("\"{name}\"").parse().unwrap();
    let headers = [(http::HeaderName::from_static("idempotency-key"), value)];
    IdempotencyKey::read(&headers.into_iter().collect()).unwrap().unwrap()
}

fn keys(max: usize) -> Keys<&'static str> {
    Keys::new(KeyLimits { max: max.try_into().unwrap(), keep: KEEP })
}

fn granted<A>() -> Claim<A> {
    Claim::Granted { nearly_full: false }
}

/// Takes the key, and completes it.
fn answer(keys: &mut Keys<&'static str>, name: &str, now: Instant) -> Claim<&'static str> {
    let claim = keys.claim(&key(name), 1, now);
    keys.complete(&key(name), "charged", now);
    claim
}

#[test]
fn a_completed_key_has_its_first_answer() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), granted());
    keys.complete(&key("a"), "charged", now);
    keys.complete(&key("a"), "charged twice", now);
    keys.release(&key("a"));
    assert_eq!(keys.claim(&key("a"), 1, now), Claim::Answered("charged"));
    assert_eq!(keys.claim(&key("b"), 1, now), granted());
}

#[test]
fn a_key_with_another_body_is_refused_before_and_after_the_answer() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), granted());
    assert_eq!(keys.claim(&key("a"), 2, now), Claim::Refused(Refused::Reused));
    keys.complete(&key("a"), "charged", now);
    assert_eq!(keys.claim(&key("a"), 2, now), Claim::Refused(Refused::Reused));
}

#[test]
fn a_key_in_progress_is_refused_for_as_long_as_it_takes() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), granted());
    for later in [now, now + KEEP * 10] {
        assert_eq!(keys.claim(&key("a"), 1, later), Claim::Refused(Refused::InProgress));
    }
}

#[test]
fn a_released_key_is_new_also_with_another_body() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), granted());
    keys.release(&key("a"));
    assert_eq!(keys.count(now), 0);
    assert_eq!(keys.claim(&key("a"), 2, now), granted());
    assert_eq!(keys.count(now), 1);
}

#[test]
fn an_answer_is_kept_for_its_whole_time_from_the_answer_on() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), granted());
    let answered = now + KEEP / 2;
    keys.complete(&key("a"), "charged", answered);
    let just_before = answered + KEEP - Duration::from_nanos(1);
    assert_eq!(keys.claim(&key("a"), 1, just_before), Claim::Answered("charged"));
    assert_eq!(keys.claim(&key("a"), 2, answered + KEEP), granted());
}

#[test]
fn at_the_maximum_a_new_key_waits_for_the_first_to_expire_and_none_is_forgotten() {
    let (mut keys, now) = (keys(2), Instant::now());
    answer(&mut keys, "a", now);
    let later = now + Duration::from_secs(10);
    answer(&mut keys, "b", later);
    let wait = KEEP - Duration::from_secs(10);
    assert_eq!(keys.claim(&key("c"), 1, later), Claim::Refused(Refused::Full(wait)));
    for name in ["a", "b"] {
        assert_eq!(keys.claim(&key(name), 1, later), Claim::Answered("charged"), "{name}");
    }
    assert!(matches!(keys.claim(&key("c"), 1, later + wait), Claim::Granted { .. }));
    assert_eq!(keys.claim(&key("b"), 1, later + wait), Claim::Answered("charged"));
}

#[test]
fn keys_in_progress_count_towards_the_maximum() {
    let (mut keys, now) = (keys(1), Instant::now());
    assert_eq!(keys.claim(&key("a"), 1, now), Claim::Granted { nearly_full: true });
    let full = Claim::Refused(Refused::Full(IN_PROGRESS_WAIT));
    assert_eq!(keys.claim(&key("b"), 1, now), full);
    keys.release(&key("a"));
    assert!(matches!(keys.claim(&key("b"), 1, now), Claim::Granted { .. }));
}

/// Returns the position, from 1, of each new key at which the fill is reported.
fn warnings(
    keys: &mut Keys<&'static str>,
    names: impl Iterator<Item = u32>,
    now: Instant,
) -> Vec<u32> {
    let warns =
        |name: &u32| answer(keys, &name.to_string(), now) == Claim::Granted { nearly_full: true };
    names.filter(warns).collect()
}

#[test]
fn one_warning_is_due_at_four_fifths() {
    let now = Instant::now();
    assert_eq!(warnings(&mut keys(10), 1..=10, now), [8]);
    assert_eq!(warnings(&mut keys(100), 1..=100, now), [80]);
    assert_eq!(warnings(&mut keys(3), 1..=3, now), [3]);
}

#[test]
fn the_next_warning_is_due_only_after_half_of_the_keys_were_free() {
    let (mut keys, now) = (keys(10), Instant::now());
    // Two expire early, and six later.
    assert_eq!(warnings(&mut keys, 1..=2, now), [0; 0]);
    let second = now + Duration::from_secs(1);
    assert_eq!(warnings(&mut keys, 3..=8, second), [8]);
    // From eight to six and back, which is still more than half.
    assert_eq!(warnings(&mut keys, 11..=12, now + KEEP), [0; 0]);
    // From eight to two, and up again.
    assert_eq!(warnings(&mut keys, 21..=28, second + KEEP), [26]);
}

#[test]
fn a_warning_is_due_again_once_exactly_half_of_the_keys_are_taken() {
    let (mut keys, now) = (keys(10), Instant::now());
    assert_eq!(warnings(&mut keys, 1..=4, now), [0; 0]);
    let second = now + Duration::from_secs(1);
    assert_eq!(warnings(&mut keys, 5..=8, second), [8]);
    // Four are left, so that the first of these is the fifth.
    assert_eq!(warnings(&mut keys, 11..=15, now + KEEP), [14]);
}

#[test]
fn the_defaults_are_a_hundred_thousand_keys_for_a_day() {
    let limits = KeyLimits::default();
    assert_eq!((limits.max.get(), limits.keep), (100_000, Duration::from_secs(86_400)));
}

#[test]
fn each_refusal_is_a_problem() {
    for (reason, status, retry_after) in [
        (Refused::InProgress, 409, Some("1")),
        (Refused::Reused, 422, None),
        (Refused::Full(Duration::from_millis(1_500)), 503, Some("2")),
    ] {
        let problem = Problem::from(reason);
        assert_eq!(problem.status(), status, "{reason:?}");
        let header = problem.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after, "{reason:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Claim(u8, u64),
    Complete(u8),
    Release(u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8, 0..2_u64).prop_map(|(key, body)| Step::Claim(key, body)),
        2 => (0..6_u8).prop_map(Step::Complete),
        1 => (0..6_u8).prop_map(Step::Release),
        1 => (0..60_u64).prop_map(Step::Wait),
    ]
}

/// A key of the model: its body, and the answer with the time of its end.
struct Known {
    key: u8,
    body: u64,
    answer: Option<(usize, Instant)>,
}

/// A list of all keys, searched from its start.
struct Model(Vec<Known>);

impl Model {
    fn find(&mut self, key: u8) -> Option<&mut Known> {
        self.0.iter_mut().find(|known| known.key == key)
    }

    fn claim(&mut self, key: u8, body: u64, max: usize, now: Instant) -> Claim<usize> {
        let known = self.find(key).map(|known| (known.body, known.answer));
        match known {
            Some((first, _)) if first != body => Claim::Refused(Refused::Reused),
            Some((_, Some((answer, _)))) => Claim::Answered(answer),
            Some((_, None)) => Claim::Refused(Refused::InProgress),
            None if self.0.len() == max => {
                let ends = self.0.iter().filter_map(|known| Some(known.answer?.1));
                let wait = ends.min().map(|end| end - now);
                Claim::Refused(Refused::Full(wait.unwrap_or(IN_PROGRESS_WAIT)))
            }
            None => {
                self.0.push(Known { key, body, answer: None });
                // Warnings are not part of the model.
                Claim::Granted { nearly_full: false }
            }
        }
    }
}

proptest! {
    #[test]
    fn keys_are_a_list_that_forgets(max in 1..5_usize, steps in prop::collection::vec(step(), 0..80)) {
        let limits = KeyLimits { max: max.try_into().unwrap(), keep: KEEP };
        let (mut keys, mut model, mut now) = (Keys::new(limits), Model(Vec::new()), Instant::now());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Claim(name, body) => {
                    let mut claim = keys.claim(&key(&name.to_string()), body, now);
                    if let Claim::Granted { nearly_full } = &mut claim {
                        *nearly_full = false;
                    }
                    prop_assert_eq!(claim, model.claim(name, body, max, now));
                }
                Step::Complete(name) => {
                    keys.complete(&key(&name.to_string()), number, now);
                    if let Some(known) = model.find(name).filter(|known| known.answer.is_none()) {
                        known.answer = Some((number, now + KEEP));
                    }
                }
                Step::Release(name) => {
                    keys.release(&key(&name.to_string()));
                    model.0.retain(|known| known.key != name || known.answer.is_some());
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    model.0.retain(|known| known.answer.is_none_or(|(_, end)| end > now));
                }
            }
            prop_assert_eq!(keys.count(now), model.0.len());
            prop_assert!(model.0.len() <= max);
        }
    }
}
