use battlement_core::InvalidField;

use crate::Sample;

/// Returns the sampling of both fields, of which at most one may be set.
pub(super) fn sample(
    one_in: Option<u32>,
    sampled_traces: Option<u32>,
    invalid: &mut Vec<InvalidField>,
) -> Sample {
    if one_in.is_some() && sampled_traces.is_some() {
        let message = "must be unset with `sample`, since either decides which requests are kept";
        invalid.push(InvalidField::new("sampled_traces", message));
    }
    let one_in = checked("sample", one_in, invalid);
    let sampled_traces = checked("sampled_traces", sampled_traces, invalid);
    let by_flag = sampled_traces.map(Sample::sampled_traces);
    by_flag.or(one_in.map(Sample::one_in)).unwrap_or_default()
}

fn checked(field: &str, n: Option<u32>, invalid: &mut Vec<InvalidField>) -> Option<u32> {
    if n == Some(0) {
        invalid.push(InvalidField::new(field, "must be at least 1, got 0"));
    }
    n.filter(|n| *n > 0)
}
