use std::time::Duration;

use battlement_core::{ErrorType, SpanId, TraceFlags, TraceId};

use super::*;
use crate::{
    Outcome, Skip,
    decide::{Decision, Finished, decide},
};

const SLOW: Duration = Duration::from_secs(1);

/// Returns the trace of the `n`th request, with ids that count, as the least random ones.
fn trace(n: u32, flags: u8) -> Trace {
    let id = TraceId::new((u128::from(n) + 1).to_be_bytes()).unwrap();
    Trace::received(id, SpanId::new([1; 8]).unwrap(), TraceFlags::from_bits(flags))
}

/// Returns the decision on a request: each 1000th failed, each 700th was slow.
fn decision(sample: Sample, n: u32, trace: &Trace) -> Decision {
    let is_failure = n.is_multiple_of(1000);
    let outcome = if is_failure { Outcome::Failed(ErrorType::Panic) } else { Outcome::Ok };
    let duration = if n.is_multiple_of(700) { SLOW } else { Duration::ZERO };
    let (is_skipped, status, id) = (false, None, None);
    let finished = Finished { outcome, status, duration, is_skipped, trace: Some(trace), id };
    decide(&Skip::default(), sample, SLOW, &finished)
}

#[test]
fn one_in_a_hundred_of_100_000_requests_keeps_every_error_and_adds_up() {
    let mut sum = 0;
    for n in 0..100_000 {
        let trace = trace(n, 0);
        let here = decision(Sample::one_in(100), n, &trace);
        if n.is_multiple_of(1000) || n.is_multiple_of(700) {
            assert_eq!(here, Decision::Write(1));
        } else {
            let there = Sample::one_in(100).weigh(Some(&trace), None).is_some();
            assert_eq!(here != Decision::SampledOut, there, "a trace must be whole or absent");
        }
        if let Decision::Write(weight) = here {
            sum += weight;
        }
    }
    assert!((90_000..=110_000).contains(&sum), "{sum}");
}

#[test]
fn sampled_traces_follow_the_flag_of_the_trace_and_have_the_weight() {
    let sample = Sample::sampled_traces(100);
    assert_eq!(decision(sample, 1, &trace(1, 1)), Decision::Write(100));
    assert_eq!(decision(sample, 1, &trace(1, 0)), Decision::SampledOut);
    assert_eq!(decision(sample, 1000, &trace(1, 0)), Decision::Write(1));
    let kept = |n: u32| {
        let id = RequestId::from_bytes(format!("id-{n}").as_bytes()).unwrap();
        sample.weigh(None, Some(&id)).is_some()
    };
    let kept = (0..10_000).filter(|n| kept(*n)).count();
    assert!((60..140).contains(&kept), "requests without a trace are sampled by their id: {kept}");
}

#[test]
fn a_record_of_a_request_without_ids_represents_that_request_alone() {
    for sample in [Sample::ALL, Sample::one_in(100), Sample::sampled_traces(100)] {
        assert_eq!(sample.weigh(None, None), Some(1), "{sample:?}");
    }
}

// Services of different versions keep the same traces.
#[test]
fn the_hash_of_an_id_never_changes() {
    assert_eq!(hash(b""), 0xecba_3df2_c338_3c52);
    assert_eq!(hash(b"a-request-id"), 0x4e95_210c_ac20_e466);
    assert_eq!(hash(&[1; 16]), 0x0c6b_6d35_3cca_a21a);
}

#[test]
fn the_weight_of_a_sample_is_the_number_of_requests_that_a_record_represents() {
    assert_eq!(Sample::ALL.weight(), 1);
    assert_eq!(Sample::one_in(100).weight(), 100);
    assert_eq!(Sample::sampled_traces(20).weight(), 20);
}
