/// The algorithm by which a policy counts.
///
/// A policy whose algorithm changes starts with a full quota; a policy whose numbers change [does
/// not](crate::Policy#when-its-numbers-change). `docs/rate-limit-algorithms.md`, in the repository, compares the
/// algorithms by examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Algorithm {
    /// The generic cell rate algorithm (ITU-T I.371): a bucket that leaks evenly. The default.
    ///
    /// Units are restored one by one, so that clients do not wait for the end of a window. Any one period admits at
    /// most burst + quota.
    #[default]
    Gcra,
    /// A count that restarts when a period is over. A period begins with the first request of a key.
    ///
    /// The algorithm of express-rate-limit. Around the boundary of two windows, twice the quota can pass.
    FixedWindow,
    /// Two such counts: the weight of the previous count decreases while the current period passes.
    ///
    /// The algorithm assumes that the requests of the previous window were spread evenly. If all of them came at its end,
    /// one period admits nearly twice the quota, but not at once. The weighted count is rounded up, so a client that
    /// sends at exactly the permitted rate loses about one request in each window.
    SlidingWindow,
}
