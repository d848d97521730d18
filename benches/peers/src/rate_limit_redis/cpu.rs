use std::fs;

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;

/// Seconds that Redis has worked since it began.
pub(super) async fn of_redis(redis: &Redis) -> Result<f64> {
    let info: String = redis.ask(&["INFO", "cpu"]).await?;
    ["used_cpu_sys:", "used_cpu_user:"].iter().try_fold(0.0, |sum, name| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        Ok(sum + line.trim().parse::<f64>()?)
    })
}

/// Seconds that the first thread of a process has worked since it began, as Linux counts them.
pub(super) fn of_process(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/schedstat"))?;
    let nanos: f64 = stat.split(' ').next().context("not as Linux has it")?.parse()?;
    Ok(nanos / 1e9)
}
