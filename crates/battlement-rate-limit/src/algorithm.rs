/// How a policy counts.
///
/// A policy whose algorithm changes starts with nothing used; one whose numbers change
/// [does not](crate::Policy#when-its-numbers-change).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Algorithm {
    /// The generic cell rate algorithm (ITU-T I.371): a bucket that leaks evenly. The default.
    ///
    /// There is no edge to wait for: units come back one by one. Within any one period at most burst + quota
    /// are admitted.
    #[default]
    Gcra,
    /// A count that begins anew when a period is over, which begins with the first request of a key.
    ///
    /// What express-rate-limit does. Around the edge of two windows twice the quota can pass.
    FixedWindow,
    /// Two such counts, of which the former weighs less the longer the new one lasts.
    ///
    /// It takes the requests of the former window as spread evenly, which is off by a few percent for those
    /// that were not.
    SlidingWindow,
}
