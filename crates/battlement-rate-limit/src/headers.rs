//! What answers say of the limits.

mod fields;
mod names;
mod text;

pub(crate) use self::fields::Fields;

/// Which headers tell callers how they stand.
///
/// All of them are written by the same decision, on answers and on rejections. Stacked limiters share them:
/// lists are joined, the outermost first, and of single values the tightest stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Headers {
    /// `RateLimit-Policy: "burst";q=100;w=60` and `RateLimit: "burst";r=99;t=1`, as in
    /// draft-ietf-httpapi-ratelimit-headers-08 to -10. The default; a later draft will be a name of its own.
    #[default]
    Draft10,
    /// `RateLimit-Policy: 100;w=60` and `RateLimit: limit=100, remaining=99, reset=1`, as in -07.
    Draft7,
    /// `RateLimit-Policy`, `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, as up to -06.
    Draft6,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, the latter in seconds since 1970.
    Legacy,
    /// None. A rejection still has `Retry-After`.
    None,
}
