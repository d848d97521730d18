//! The rules that a metric must follow in either format. They are OpenMetrics' rules, even where the text format is
//! less strict, so that a metric is the same in both.

use std::collections::BTreeMap;

use super::{kind::Kind, metric::Sample, number::Number};
use crate::family::Labels;

/// The maximum length of an exemplar's labels, in characters.
const EXEMPLAR: usize = 128;

/// Checks and sorts the samples of one group, and returns whether any of them is shown. Reasons for samples left out
/// are passed to `leave_out`.
pub(super) fn group(
    kind: Kind,
    name: &str,
    group: &mut Vec<Sample>,
    leave_out: &mut impl FnMut(&'static str),
) -> bool {
    let checked = match kind {
        _ if group.iter().any(|sample| sample.time != group[0].time) => {
            Err("the samples of one group have different times")
        }
        Kind::Counter => counter(group),
        Kind::Histogram | Kind::GaugeHistogram => histogram(kind, group, leave_out),
        Kind::Summary => summary(group, leave_out),
        Kind::Info => {
            each(group, |sample| sample.value.value == 1.0, "the value of an info is not 1")
        }
        Kind::StateSet => state_set(name, group),
        Kind::BareCounter | Kind::Gauge | Kind::Unknown => Ok(()),
    };
    if let Err(reason) = checked {
        leave_out(reason);
        return false;
    }
    group.sort_by_key(|sample| rank(sample.suffix));
    group.iter_mut().for_each(|sample| check_exemplar(kind, sample, leave_out));
    !group.is_empty()
}

/// Removes the times of an info unless all its samples have one, since strict parsers treat them as one group.
pub(super) fn info_times(kind: Kind, groups: &mut BTreeMap<Labels, Vec<Sample>>) {
    let samples = || groups.values().flatten();
    if kind == Kind::Info && samples().any(|sample| sample.time.is_none()) {
        groups.values_mut().flatten().for_each(|sample| sample.time = None);
    }
}

type Checked = Result<(), &'static str>;

fn each(group: &[Sample], is_right: impl Fn(&Sample) -> bool, reason: &'static str) -> Checked {
    if group.iter().all(is_right) { Ok(()) } else { Err(reason) }
}

fn counter(group: &[Sample]) -> Checked {
    let is_right = |sample: &Sample| sample.suffix != "_total" || sample.value.value >= 0.0;
    each(group, is_right, "the value of a counter is negative or not a number")
}

fn state_set(name: &str, group: &[Sample]) -> Checked {
    let is_right = |sample: &Sample| {
        let is_state = sample.labels.iter().any(|(label, _)| label == name);
        is_state && (sample.value.value == 0.0 || sample.value.value == 1.0)
    };
    each(
        group,
        is_right,
        "a state has no label with the name of its metric, or its value is neither 0 nor 1",
    )
}

fn summary(group: &mut Vec<Sample>, leave_out: &mut impl FnMut(&'static str)) -> Checked {
    for sample in group.iter().filter(|sample| sample.suffix.is_empty()) {
        let quantile =
            special(sample, "quantile").ok_or("a summary has a sample without a quantile")?;
        if !(0.0..=1.0).contains(&quantile) {
            return Err("a quantile is not between 0 and 1");
        }
        if sample.value.value < 0.0 {
            return Err("the value of a quantile is negative");
        }
    }
    let counts = |sample: &Sample| sample.suffix != "_count" || sample.value.is_count();
    each(group, counts, "the count of a summary is not a whole number")?;
    let is_sum = |sample: &Sample| sample.suffix != "_sum" || sample.value.value >= 0.0;
    if !group.iter().all(is_sum) {
        leave_out("the sum of a summary is negative or not a number");
        group.retain(is_sum);
    }
    Ok(())
}

fn histogram(
    kind: Kind,
    group: &mut Vec<Sample>,
    leave_out: &mut impl FnMut(&'static str),
) -> Checked {
    let is_negative = buckets(group)?;
    let (sum, count) = match kind {
        Kind::GaugeHistogram => ("_gsum", "_gcount"),
        _ => ("_sum", "_count"),
    };
    let value =
        |suffix| group.iter().find(|sample| sample.suffix == suffix).map(|one| one.value.value);
    let (sum_value, count_value) = (value(sum), value(count));
    let last = group.iter().rfind(|sample| sample.suffix == "_bucket").map(|one| one.value.value);
    if count_value.is_some() && count_value != last {
        return Err("the count of a histogram differs from that of its last bucket");
    }
    // The sum may be negative if values may be, but `_sum` is a counter.
    let fits = match (sum_value, is_negative, kind) {
        (None, ..) => true,
        (Some(sum), true, Kind::GaugeHistogram) => !sum.is_nan(),
        (Some(_), true, _) => false,
        (Some(sum), false, _) => sum >= 0.0,
    };
    if !fits {
        leave_out("the sum of a histogram is negative or not a number");
    }
    // The sum and the count are shown together or not at all.
    if !fits || sum_value.is_some() != count_value.is_some() {
        group.retain(|sample| sample.suffix != sum && sample.suffix != count);
    }
    Ok(())
}

/// Sorts the buckets, before all other samples, and returns whether a bound is negative.
fn buckets(group: &mut Vec<Sample>) -> Result<bool, &'static str> {
    let (mut buckets, others) = std::mem::take(group)
        .into_iter()
        .map(|sample| (bound(&sample), sample))
        .partition::<Vec<_>, _>(|(_, sample)| sample.suffix == "_bucket");
    buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let bounds: Vec<f64> = buckets.iter().map(|(bound, _)| *bound).collect();
    group.extend(buckets.into_iter().chain(others).map(|(_, sample)| sample));
    if bounds.iter().any(|bound| bound.is_nan()) {
        return Err("a bucket has no bound");
    }
    if bounds.last() != Some(&f64::INFINITY) {
        return Err("a histogram has no bucket for +Inf");
    }
    if bounds.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("a histogram has two buckets with the same bound");
    }
    let values = || group[..bounds.len()].iter().map(|bucket| &bucket.value);
    if !values().all(Number::is_count) {
        return Err("the value of a bucket is not a whole number");
    }
    if !values().map(|value| value.value).is_sorted() {
        return Err("the buckets of a histogram are not cumulative");
    }
    group[..bounds.len()].iter_mut().for_each(|bucket| write_infinity(bucket, "le"));
    Ok(bounds[0] < 0.0)
}

/// Returns the bound of a bucket, NaN if it has none.
fn bound(sample: &Sample) -> f64 {
    special(sample, "le").unwrap_or(f64::NAN)
}

/// Returns the label `name` as a number.
fn special(sample: &Sample, name: &str) -> Option<f64> {
    let (_, text) = sample.labels.iter().find(|(label, _)| label == name)?;
    Number::parse(text).map(|number| number.value)
}

/// Writes an infinite bound in the form that every parser accepts. Any other bound stays unchanged, since it
/// identifies a series.
fn write_infinity(sample: &mut Sample, name: &str) {
    let labels = sample.labels.iter_mut().filter(|(label, _)| label == name);
    for (_, text) in labels {
        if let Some(number) = Number::parse(text).filter(|number| number.value.is_infinite()) {
            *text = number.text;
        }
    }
}

const fn rank(suffix: &str) -> u8 {
    match suffix.as_bytes() {
        b"_sum" | b"_gsum" => 1,
        b"_count" | b"_gcount" => 2,
        b"_created" => 3,
        _ => 0,
    }
}

/// Removes an exemplar that is too long, or not on a bucket or a counter.
fn check_exemplar(kind: Kind, sample: &mut Sample, leave_out: &mut impl FnMut(&'static str)) {
    let Some(exemplar) = &sample.exemplar else { return };
    let belongs = match kind {
        Kind::Counter => sample.suffix == "_total",
        Kind::Histogram | Kind::GaugeHistogram => sample.suffix == "_bucket",
        _ => false,
    };
    let length = |(name, value): &(_, String)| {
        let name: &std::borrow::Cow<'static, str> = name;
        name.chars().count() + value.chars().count()
    };
    if !belongs || exemplar.labels.iter().map(length).sum::<usize>() > EXEMPLAR {
        leave_out("an exemplar is too long, or does not belong to a counter or a bucket");
        sample.exemplar = None;
    }
}
