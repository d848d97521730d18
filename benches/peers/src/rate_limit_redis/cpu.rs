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

/// Seconds that a process has worked since it began, in steps of 10 ms.
pub(super) fn of_process(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name of the program stands in brackets and may hold spaces; times are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')').context("not as Linux has it")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    let mut next = || times.next().context("no such field");
    Ok((next()?? + next()??) / 100.0)
}
