use std::fmt::{self, Write as _};

use crate::{
    Cost,
    case::{Bound, Case},
    time::{Quartiles, Time},
};

/// The figures of one layer's cases, displayed as a Markdown table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) layer: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// The cost of one case.
#[derive(Debug)]
pub(crate) struct Row {
    name: &'static str,
    bound: Option<Bound>,
    time: Time,
    allocations: Cost,
    /// `None` if valgrind is not installed.
    instructions: Option<Cost>,
}

/// The outcome of checking the bounds of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Unbound,
    Met,
    Missed,
    /// The allocations are within the bound, but the instructions were not counted.
    Unknown,
}

impl Table {
    pub(crate) fn new(
        layer: &'static str,
        cases: &[Case],
        times: Vec<Time>,
        allocations: Vec<Cost>,
        instructions: Option<Vec<Cost>>,
    ) -> Self {
        let rows = cases.iter().zip(times).zip(allocations).enumerate();
        let rows = rows.map(|(at, ((case, time), allocations))| Row {
            name: case.name,
            bound: case.bound,
            time,
            allocations,
            instructions: instructions.as_ref().map(|counts| counts[at]),
        });
        Self { layer, rows: rows.collect() }
    }
}

impl Row {
    pub(crate) fn outcome(&self) -> Outcome {
        let Some(bound) = self.bound else {
            return Outcome::Unbound;
        };
        let within = |cost: Cost, limit: u32| cost.added <= f64::from(limit) + 0.005;
        match self.instructions {
            _ if !within(self.allocations, bound.allocations) => Outcome::Missed,
            Some(cost) if !within(cost, bound.instructions) => Outcome::Missed,
            Some(_) => Outcome::Met,
            None => Outcome::Unknown,
        }
    }

    fn base(&self) -> String {
        let mut text = format!("{:.0} ns", self.time.base);
        if let Some(instructions) = self.instructions {
            let _ = write!(text, ", {} instructions", thousands(instructions.base));
        }
        let _ = write!(text, ", {} allocations", decimals(self.allocations.base));
        text
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.layer)?;
        writeln!(
            f,
            "| case | time ratio (p25–p75) | added ns | added instructions | added allocations | at most | |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            write!(f, "{row}")?;
        }
        if let Some(row) = self.rows.first() {
            writeln!(f, "\nWithout a layer (first case): {}.", row.base())?;
        }
        if self.rows.iter().any(|row| row.instructions.is_none()) {
            writeln!(f, "\nInstructions were not counted: valgrind is not installed.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quartiles { low, median, high } = self.time.ratio;
        let instructions = self.instructions.map(|count| thousands(count.added));
        writeln!(
            f,
            "| {} | {median:.2} ({low:.2}–{high:.2}) | {:.0} | {} | {} | {} | {} |",
            self.name,
            self.time.added,
            instructions.as_deref().unwrap_or("–"),
            decimals(self.allocations.added),
            self.bound.map(|bound| bound.to_string()).unwrap_or_default(),
            self.outcome(),
        )
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instructions = thousands(f64::from(self.instructions));
        write!(f, "{instructions} · {}", self.allocations)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unbound => "",
            Self::Met => "met",
            Self::Missed => "**missed**",
            Self::Unknown => "unknown",
        })
    }
}

/// Formats a number as an integer with thousands separators.
fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::from(if number <= -0.5 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number with at most two decimals.
fn decimals(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(instructions: Option<f64>, allocations: f64) -> Row {
        let cost = |added| Cost { base: 4.0, added };
        let ratio = Quartiles { low: 1.4, median: 1.5, high: 1.6 };
        Row {
            name: "make",
            bound: Some(Bound { instructions: 2_400, allocations: 5 }),
            time: Time { ratio, added: 150.0, base: 300.0 },
            allocations: cost(allocations),
            instructions: instructions.map(cost),
        }
    }

    #[test]
    fn a_bound_is_met_up_to_its_exact_value() {
        assert_eq!(row(Some(2_400.0), 5.0).outcome(), Outcome::Met);
        assert_eq!(row(Some(2_401.0), 5.0).outcome(), Outcome::Missed);
        assert_eq!(row(Some(2_400.0), 5.01).outcome(), Outcome::Missed);
    }

    #[test]
    fn a_bound_without_an_instruction_count_is_not_met() {
        assert_eq!(row(None, 5.0).outcome(), Outcome::Unknown);
        assert_eq!(row(None, 6.0).outcome(), Outcome::Missed);
    }

    #[test]
    fn a_row_shows_figures_bound_and_outcome() {
        assert_eq!(
            row(Some(12_345.6), 2.5).to_string(),
            "| make | 1.50 (1.40–1.60) | 150 | 12,346 | 2.5 | 2,400 · 5 | **missed** |\n"
        );
    }

    #[test]
    fn numbers_have_separators_and_no_trailing_zeros() {
        assert_eq!(thousands(999.6), "1,000");
        assert_eq!(thousands(-1_234_567.0), "-1,234,567");
        assert_eq!(thousands(-0.2), "0");
        assert_eq!(decimals(10.0), "10");
    }
}
