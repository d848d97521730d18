use std::fs;

use anyhow::{Context as _, Result};

/// Returns the CPU time of a process's threads since their start, in seconds. Linux only.
pub(crate) fn process_seconds(id: u32) -> Result<f64> {
    let mut seconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanos = stat.split(' ').next().context("unexpected format of `schedstat`")?;
        seconds += nanos.parse::<f64>()? / 1e9;
    }
    Ok(seconds)
}
