/// The median of some turns, with the least and the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Median {
    pub(super) value: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Median {
    /// Of at least one value.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let [least, most] = [sorted[0], sorted[sorted.len() - 1]];
        Self { value: sorted[sorted.len() / 2], least, most }
    }
}
