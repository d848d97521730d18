//! Response headers that report the limits.

mod fields;
mod names;
mod text;

pub(crate) use self::fields::Fields;

/// The headers that report the limits to clients.
///
/// All of them are written from the same decision, on responses and on rejections. Stacked limiters share them: lists
/// are joined, the outermost limiter first, and of single values the tightest remains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Headers {
    /// `RateLimit-Policy: "burst";q=100;w=60` and `RateLimit: "burst";r=99;t=1`, as in
    /// draft-ietf-httpapi-ratelimit-headers-08 to -10. The default; a later draft will get a variant of its own.
    #[default]
    Draft10,
    /// `RateLimit-Policy: 100;w=60` and `RateLimit: limit=100, remaining=99, reset=1`, as in draft -07.
    Draft7,
    /// `RateLimit-Policy`, `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, as in drafts up to -06.
    Draft6,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, the latter in seconds since 1970.
    Legacy,
    /// No headers. A rejection still has `Retry-After`.
    None,
}
