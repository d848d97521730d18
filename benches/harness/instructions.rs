use std::{
    env,
    process::{Command, Output},
};

use anyhow::{Context as _, Result, ensure};

use crate::{Case, Cost, command::Side};

/// The difference between a short and a long run excludes one-time work.
const SHORT: u64 = 1_000;
const LONG: u64 = 3_000;

/// Counts the instructions of all cases of `layer`; returns `None` if valgrind is not installed.
pub(crate) fn measure(layer: &str, cases: &[Case]) -> Result<Option<Vec<Cost>>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let counts = cases.iter().map(|case| {
        let base = per_request(layer, case.name, Side::Base)?;
        let layered = per_request(layer, case.name, Side::Layered)?;
        Ok(Cost { base, added: layered - base })
    });
    counts.collect::<Result<_>>().map(Some)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn per_request(layer: &str, case: &str, side: Side) -> Result<f64> {
    let short = count(layer, case, side, SHORT)?;
    let long = count(layer, case, side, LONG)?;
    Ok(long.saturating_sub(short) as f64 / (LONG - SHORT) as f64)
}

/// Counts the instructions that this program executes to send `requests` requests to one side of a case.
fn count(layer: &str, case: &str, side: Side, requests: u64) -> Result<u64> {
    let Output { status, stderr, .. } = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["run", layer, case, side.as_str(), &requests.to_string()])
        .output()?;
    let report = String::from_utf8_lossy(&stderr);
    ensure!(status.success(), "{report}");
    collected(&report).with_context(|| format!("no count in callgrind's report:\n{report}"))
}

fn collected(report: &str) -> Option<u64> {
    let (_, count) = report.split_once("Collected :")?;
    count.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_the_report() {
        let report = "==7== Events    : Ir\n==7== Collected : 1234567\n==7==\n";
        assert_eq!(collected(report), Some(1_234_567));
        assert_eq!(collected("==7== killed"), None);
    }
}
