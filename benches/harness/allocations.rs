use std::{
    alloc::System,
    env::{self, consts::EXE_SUFFIX},
    io::{self, Write as _},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use stats_alloc::{Region, StatsAlloc};

use crate::{Batch, Case, Cost, Suite};

const REQUESTS: u32 = 1_000;

/// Counts the allocations of all cases of the layer named by the first argument, and prints one line per
/// case for [`run`](crate::run) to parse.
///
/// The counts come from a separate program because a counting allocator would distort the measured times and
/// instructions.
///
/// # Errors
///
/// Returns an error if no layer has that name.
pub fn print_allocations(suites: &[Suite], allocator: &StatsAlloc<System>) -> Result<()> {
    let layer = env::args().nth(1).unwrap_or_default();
    let suite = Suite::find(suites, &layer)?;
    for case in (suite.cases)() {
        let Case { base, layered, .. } = case;
        let (base, layered) = (count(&base, allocator), count(&layered, allocator));
        writeln!(io::stdout(), "{base} {layered}")?;
    }
    Ok(())
}

/// Returns the allocations per request after a warm-up. A block that grows in place is not counted.
fn count(batch: &Batch, allocator: &StatsAlloc<System>) -> f64 {
    batch.run(u64::from(REQUESTS));
    let region = Region::new(allocator);
    batch.run(u64::from(REQUESTS));
    let allocations = region.change().allocations;
    f64::from(u32::try_from(allocations).unwrap_or(u32::MAX)) / f64::from(REQUESTS)
}

/// Runs the `allocations` program in the folder of this program, and returns the counts of all cases of `layer`.
pub(crate) fn measure(layer: &str) -> Result<Vec<Cost>> {
    let program = env::current_exe()?.with_file_name(format!("allocations{EXE_SUFFIX}"));
    let output = Command::new(program).arg(layer).output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{report}");
    let lines = String::from_utf8(output.stdout)?;
    lines.lines().map(parse).collect()
}

fn parse(line: &str) -> Result<Cost> {
    let (base, layered) = line.split_once(' ').context("expected two counts")?;
    let (base, layered): (f64, f64) = (base.parse()?, layered.parse()?);
    Ok(Cost { base, added: layered - base })
}
