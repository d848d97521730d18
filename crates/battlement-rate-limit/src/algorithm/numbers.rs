use super::{Cell, Rule, rule::Kind};

/// The numbers of a rule, for a store that decides elsewhere, such as in a script on a server.
///
/// The algorithms are those of this module, whose source documents them. A cell consists of the time at which it
/// expires, two words and a scale; [`Rule::cell`] states their meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Numbers {
    /// The number of the algorithm: 1 is GCRA, 2 a fixed window, 3 a sliding window.
    pub kind: u8,
    /// The interval in which one unit is restored, or the period of the window, in nanoseconds.
    pub nanos: u64,
    /// The number of units that are available at once.
    pub units: u32,
    /// Identifies the rule in cells of GCRA: an even number, to which a cell adds 1 if more units are used than the
    /// policy has. 0 for a window.
    pub rule: u32,
    /// The scale in the cells of this rule: the nanoseconds in which a unit is restored, or the microseconds of a
    /// period.
    pub scale: f64,
}

impl Rule {
    /// Returns the numbers of the rule.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.numbers(),
            Kind::Fixed(window) => window.numbers(2),
            Kind::Sliding(window) => window.numbers(3),
        }
    }

    /// Returns the rule of a store that counts in microseconds: the period of a window is rounded up to one. An
    /// interval of GCRA is not rounded, so that the rate remains exact.
    #[must_use]
    pub fn in_micros(&self) -> Self {
        Self(match &self.0 {
            Kind::Gcra(gcra) => Kind::Gcra(gcra.clone()),
            Kind::Fixed(window) => Kind::Fixed(window.in_micros()),
            Kind::Sliding(window) => Kind::Sliding(window.in_micros()),
        })
    }

    /// Creates a cell from the numbers that a store elsewhere has computed.
    ///
    /// | | GCRA | windows |
    /// |---|---|---|
    /// | `until` + first word, or `until` | the time at which all units are restored | the end of the window, or of the window after it if it slides |
    /// | first word | nanoseconds to add to `until` | the used units of the current window |
    /// | second word | the number of the rule that has written the cell | the used units of the previous window |
    /// | `scale` | the nanoseconds in which a used unit is restored | the microseconds of a period |
    #[must_use]
    pub fn cell(&self, until: u64, [first, second]: [u32; 2], scale: f64) -> Cell {
        match self.0 {
            Kind::Gcra(_) => {
                let until = until.saturating_add(first.into());
                Cell { until, state: scale.to_bits(), rule: second }
            }
            Kind::Fixed(_) | Kind::Sliding(_) => Cell::of_window(until, [first, second], scale),
        }
    }
}
