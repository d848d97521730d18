/// A number by which a store finds a charge again, to refund it. Only the store that issued it knows its meaning, such
/// as a time by its own clock or the number of a row.
///
/// The default is 0, for stores that need none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt(u64);

impl Receipt {
    /// Creates a receipt with this value.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// Returns the value.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}
