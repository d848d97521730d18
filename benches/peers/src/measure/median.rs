/// The median, the minimum and the maximum of a set of values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Median {
    pub(crate) value: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Median {
    /// Computes the median.
    ///
    /// # Panics
    ///
    /// Panics if `values` is empty.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let [min, max] = [sorted[0], sorted[sorted.len() - 1]];
        Self { value: sorted[sorted.len() / 2], min, max }
    }
}
