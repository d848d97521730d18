use std::fs;

use anyhow::{Context as _, Result};

/// Returns the CPU time of a process's main thread since its start, in seconds. Linux only.
pub(crate) fn process_seconds(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/schedstat"))?;
    let nanos: f64 = stat.split(' ').next().context("unexpected format of `schedstat`")?.parse()?;
    Ok(nanos / 1e9)
}
