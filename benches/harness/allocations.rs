use std::{
    alloc::System,
    env::{self, consts::EXE_SUFFIX},
    io::{self, Write as _},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use stats_alloc::{Region, StatsAlloc};

use crate::{Added, Batch, Case, Suite};

const REQUESTS: u32 = 1_000;

/// Counts the allocations of all cases of the layer named by the first argument, and prints them for
/// [`run`](crate::run) to read, a line for each case.
///
/// This is a program of its own: a counting allocator would cost the other figures time and instructions.
///
/// # Errors
///
/// If no such layer is known.
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

/// Allocations of a request in steady state. A block that grows where it stands is no new one.
fn count(batch: &Batch, allocator: &StatsAlloc<System>) -> f64 {
    batch.run(u64::from(REQUESTS));
    let region = Region::new(allocator);
    batch.run(u64::from(REQUESTS));
    let allocations = region.change().allocations;
    f64::from(u32::try_from(allocations).unwrap_or(u32::MAX)) / f64::from(REQUESTS)
}

/// Has the program beside this one count the allocations of all cases of `layer`.
pub(crate) fn measure(layer: &str) -> Result<Vec<Added>> {
    let program = env::current_exe()?.with_file_name(format!("allocations{EXE_SUFFIX}"));
    let output = Command::new(program).arg(layer).output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{report}");
    let lines = String::from_utf8(output.stdout)?;
    lines.lines().map(parse).collect()
}

fn parse(line: &str) -> Result<Added> {
    let (base, layered) = line.split_once(' ').context("two counts expected")?;
    let (base, layered): (f64, f64) = (base.parse()?, layered.parse()?);
    Ok(Added { base, added: layered - base })
}
