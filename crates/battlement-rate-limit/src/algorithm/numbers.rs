/// The numbers of a rule, for a store that decides elsewhere, such as in a script on a server.
///
/// The algorithms are those of this module, whose source documents them. A cell consists of the time at which it
/// expires, two words and a scale; [`Rule::cell`](super::Rule::cell) states their meaning.
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
