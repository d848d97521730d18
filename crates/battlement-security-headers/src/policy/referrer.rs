use crate::{Header, InvalidField, SecurityHeader};

/// `Referrer-Policy`: the part of the page's URL that a browser sends to other pages and sites.
///
/// A list of values is one header: browsers apply the last one that they know.
///
/// ```
/// use battlement_security_headers::{ReferrerPolicy, SecurityHeadersLayer};
///
/// let list = [ReferrerPolicy::NoReferrer, ReferrerPolicy::StrictOriginWhenCrossOrigin];
/// let layer = SecurityHeadersLayer::html().header(list);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferrerPolicy {
    /// No referrer.
    NoReferrer,
    /// No referrer from https to http.
    NoReferrerWhenDowngrade,
    /// The whole URL within the origin, and no referrer to others.
    SameOrigin,
    /// The origin.
    Origin,
    /// The origin, and no referrer from https to http.
    StrictOrigin,
    /// The whole URL within the origin, the origin to others.
    OriginWhenCrossOrigin,
    /// The whole URL within the origin, the origin to others, and no referrer from https to http.
    StrictOriginWhenCrossOrigin,
    /// The whole URL, to every site.
    UnsafeUrl,
    /// The policy of the embedding page, or else the browser's default.
    Unset,
}

impl ReferrerPolicy {
    /// All values.
    pub const ALL: [Self; 9] = [
        Self::NoReferrer,
        Self::NoReferrerWhenDowngrade,
        Self::SameOrigin,
        Self::Origin,
        Self::StrictOrigin,
        Self::OriginWhenCrossOrigin,
        Self::StrictOriginWhenCrossOrigin,
        Self::UnsafeUrl,
        Self::Unset,
    ];

    /// Returns the value of the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::NoReferrerWhenDowngrade => "no-referrer-when-downgrade",
            Self::SameOrigin => "same-origin",
            Self::Origin => "origin",
            Self::StrictOrigin => "strict-origin",
            Self::OriginWhenCrossOrigin => "origin-when-cross-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
            Self::UnsafeUrl => "unsafe-url",
            Self::Unset => "",
        }
    }
}

impl From<ReferrerPolicy> for SecurityHeader {
    fn from(policy: ReferrerPolicy) -> Self {
        Self::fixed(Header::ReferrerPolicy, policy.as_str())
    }
}

impl<const N: usize> From<[ReferrerPolicy; N]> for SecurityHeader {
    fn from(list: [ReferrerPolicy; N]) -> Self {
        Self::from(list.to_vec())
    }
}

impl From<Vec<ReferrerPolicy>> for SecurityHeader {
    fn from(list: Vec<ReferrerPolicy>) -> Self {
        let refuse = |message: String| InvalidField::new("referrer-policy", message);
        let mut invalid_fields = Vec::new();
        if list.is_empty() {
            invalid_fields.push(refuse("must not be empty".into()));
        }
        for (index, policy) in list.iter().enumerate() {
            if list[..index].contains(policy) {
                invalid_fields.push(refuse(format!("{:?} is a duplicate", policy.as_str())));
            }
        }
        let tokens: Vec<_> = list.into_iter().map(ReferrerPolicy::as_str).collect();
        Self::written(Header::ReferrerPolicy, tokens.join(","), invalid_fields)
    }
}
