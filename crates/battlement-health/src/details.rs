/// The parts of a result that an answer shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Details {
    /// Names and statuses. Reasons are withheld, because they can name hosts and versions.
    #[default]
    Public,
    /// Names, statuses and reasons, for a listener that the public cannot reach.
    Full,
}
