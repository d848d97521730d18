use std::{
    env,
    io::{self, Write as _},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    Suite, allocations,
    command::{Command, Side},
    instructions, machine,
    table::{Outcome, Table},
    time,
};

/// Runs the command given on the command line.
///
/// # Errors
///
/// Returns an error if the command is invalid, if a measurement fails, or if `--check` is given and a bound is
/// missed or could not be checked.
pub fn run(suites: &[Suite]) -> Result<()> {
    match Command::parse(env::args().skip(1))? {
        Command::Compare { layer: None, check } => compare(suites, check),
        Command::Compare { layer: Some(layer), check } => {
            compare(&[Suite::find(suites, &layer)?], check)
        }
        Command::Run { layer, case, side, requests } => {
            run_case(Suite::find(suites, &layer)?, &case, side, requests)
        }
    }
}

fn compare(suites: &[Suite], check: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Added per request, on {}.\n", machine::describe_machine())?;
    let mut within_bounds = true;
    for suite in suites {
        let table = measure(*suite)?;
        writeln!(out, "{table}")?;
        within_bounds &= table.rows.iter().all(|row| match row.outcome() {
            Outcome::Unbound | Outcome::Met => true,
            Outcome::Missed | Outcome::Unknown => false,
        });
    }
    ensure!(within_bounds || !check, "a bound is missed or could not be checked");
    Ok(())
}

fn measure(suite: Suite) -> Result<Table> {
    let cases = (suite.cases)();
    let times = time::measure(&cases);
    let allocations = allocations::measure(suite.layer)?;
    let instructions = instructions::measure(suite.layer, &cases)?;
    Ok(Table::new(suite.layer, &cases, times, allocations, instructions))
}

fn run_case(suite: Suite, name: &str, side: Side, requests: u64) -> Result<()> {
    let cases = (suite.cases)();
    let case = cases.iter().find(|case| case.name == name);
    let case = case.with_context(|| format!("layer {} has no case {name:?}", suite.layer))?;
    side.run(case, requests);
    Ok(())
}
