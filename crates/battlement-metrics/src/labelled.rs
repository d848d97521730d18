use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{
    family::{Families, Family, Kind, Value},
    gauge::Gauge,
    shard,
    slots::Slots,
};

/// The maximum number of series of such a counter. The application chooses the labels, so there are few.
const MOST: usize = 1_000;

/// A counter with `N` labels for events of another layer. Counting in an existing series takes no lock and does not
/// allocate.
#[derive(Debug)]
pub(crate) struct Labelled<const N: usize> {
    /// The name without `_total`.
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
    slots: Slots<One<N>>,
    shards: usize,
    overflowed: AtomicU64,
}

#[derive(Debug)]
struct One<const N: usize> {
    values: [Box<str>; N],
    count: Gauge,
}

impl<const N: usize> Labelled<N> {
    pub(crate) fn new(name: &'static str, help: &'static str, labels: [&'static str; N]) -> Self {
        let (slots, shards) = (Slots::new(MOST), shard::default_count());
        Self { name, help, labels, slots, shards, overflowed: AtomicU64::new(0) }
    }

    /// Adds `count` to the series of these values; a `count` of 0 creates the series.
    pub(crate) fn add(&self, values: [&str; N], count: u32) {
        let is = |one: &One<N>| one.values.iter().zip(values).all(|(mine, value)| **mine == *value);
        let make = || One { values: values.map(Into::into), count: Gauge::new(self.shards) };
        match self.slots.get_or_insert(values, is, make) {
            Some((_, one)) => one.count.add(shard::mine(), count.into()),
            None => drop(self.overflowed.fetch_add(count.into(), Relaxed)),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
    pub(crate) fn gather(&self, page: &mut Families) {
        let mut family = Family::new(self.name, Kind::Counter, self.help);
        for one in self.slots.iter() {
            let names = self.labels.iter().map(|name| (*name).into());
            let labels = names.zip(one.values.iter().map(|value| String::from(&**value))).collect();
            family.add(labels, Value::Number(one.count.value() as f64));
        }
        let overflowed = self.overflowed.load(Relaxed) as f64;
        if overflowed > 0.0 {
            family.add(Family::overflow_labels(), Value::Number(overflowed));
        }
        page.add(family);
        page.add_overflow(format!("{}_total", self.name), overflowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::{Exposition, Format};

    fn page(counter: std::sync::Arc<Labelled<2>>) -> String {
        let page = Exposition::new().once("test", (), move |page| counter.gather(page));
        page.render(Format::Text)
    }

    #[test]
    fn each_combination_of_values_is_a_series() {
        let counter = Labelled::new("calls", "Calls.", ["who", "how"]);
        counter.add(["a", "b"], 1);
        counter.add(["ab", ""], 2);
        counter.add(["a", "b"], 3);
        counter.add(["never", "yet"], 0);
        let page = page(counter.into());
        for sample in [
            "calls_total{who=\"a\",how=\"b\"} 4\n",
            "calls_total{who=\"ab\",how=\"\"} 2\n",
            "calls_total{who=\"never\",how=\"yet\"} 0\n",
        ] {
            assert!(page.contains(sample), "{page}");
        }
    }

    #[test]
    fn beyond_the_cap_there_is_one_series_and_a_metric_that_tells() {
        let counter = Labelled::new("calls", "Calls.", ["who", "how"]);
        for n in 0..MOST + 7 {
            counter.add([&n.to_string(), ""], 1);
        }
        let page = page(counter.into());
        assert_eq!(page.matches("calls_total{who=").count(), MOST);
        assert!(page.contains("calls_total{otel_metric_overflow=\"true\"} 7\n"));
        assert!(page.contains("battlement_metrics_overflow_total{metric=\"calls_total\"} 7\n"));
    }
}
