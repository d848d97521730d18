use std::fs;

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;

/// Returns the CPU time of Redis since its start, in seconds.
pub(super) async fn redis_seconds(redis: &Redis) -> Result<f64> {
    let info: String = redis.query(&["INFO", "cpu"]).await?;
    ["used_cpu_sys:", "used_cpu_user:"].iter().try_fold(0.0, |sum, name| {
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .context("Redis reports no CPU time")?;
        Ok(sum + line.trim().parse::<f64>()?)
    })
}

/// Returns the CPU time of a process's main thread since its start, in seconds. Linux only.
pub(super) fn process_seconds(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/schedstat"))?;
    let nanos: f64 = stat.split(' ').next().context("unexpected format of `schedstat`")?.parse()?;
    Ok(nanos / 1e9)
}
