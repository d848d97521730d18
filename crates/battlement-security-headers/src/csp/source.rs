use std::{fmt, str::FromStr};

use super::directive::Form;

/// A source in the list of a directive.
///
/// # Invariants
///
/// It is one source by the grammar of CSP Level 3, or was created [`unchecked`](Self::unchecked), and contains no
/// space, no control character and none of `;`, `,` and `"`: it can neither end its directive nor begin another.
///
/// # Example
///
/// ```
/// use battlement_security_headers::Source;
///
/// let cdn: Source = "https://cdn.example.com/lib/".parse().unwrap();
/// assert_eq!(cdn.to_string(), "https://cdn.example.com/lib/");
/// assert!("self".parse::<Source>().is_err(), "keywords need quotes");
/// assert!("'self'; script-src *".parse::<Source>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Keyword(Keyword),
    Nonce,
    FixedNonce(Box<str>),
    Hash(Box<str>),
    Scheme(Box<str>),
    Host(Box<str>),
    Unchecked(Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Keyword {
    None,
    SelfOrigin,
    UnsafeInline,
    UnsafeHashes,
    ReportSample,
    UnsafeEval,
    WasmUnsafeEval,
    TrustedTypesEval,
    StrictDynamic,
    InlineSpeculationRules,
    ReportSha256,
    ReportSha384,
    ReportSha512,
}

const KEYWORDS: [(Keyword, &str); 13] = [
    (Keyword::None, "'none'"),
    (Keyword::SelfOrigin, "'self'"),
    (Keyword::UnsafeInline, "'unsafe-inline'"),
    (Keyword::UnsafeHashes, "'unsafe-hashes'"),
    (Keyword::ReportSample, "'report-sample'"),
    (Keyword::UnsafeEval, "'unsafe-eval'"),
    (Keyword::WasmUnsafeEval, "'wasm-unsafe-eval'"),
    (Keyword::TrustedTypesEval, "'trusted-types-eval'"),
    (Keyword::StrictDynamic, "'strict-dynamic'"),
    (Keyword::InlineSpeculationRules, "'inline-speculation-rules'"),
    (Keyword::ReportSha256, "'report-sha256'"),
    (Keyword::ReportSha384, "'report-sha384'"),
    (Keyword::ReportSha512, "'report-sha512'"),
];

/// Name, and number of base64 digits of its value without padding.
const HASHES: [(&str, usize); 3] = [("sha256-", 43), ("sha384-", 64), ("sha512-", 86)];

/// 128 bits in base64 without padding, the minimum of CSP Level 3 for a nonce (section 8.2).
const NONCE_DIGITS: usize = 22;

const UNQUOTED: &str = "needs single quotes around it";
const NONCE: &str = "is not a nonce; it has at least 128 bits in base64";
const HASH: &str = "is not a valid hash; its length is wrong or it is not base64";

impl Keyword {
    pub(super) const fn belongs_to(self, form: Form) -> bool {
        match self {
            Self::None | Self::SelfOrigin => true,
            Self::UnsafeInline | Self::UnsafeHashes | Self::ReportSample | Self::UnsafeEval => {
                matches!(form, Form::Scripts | Form::Styles)
            }
            _ => matches!(form, Form::Scripts),
        }
    }
}

impl Source {
    /// `'none'`: no source.
    pub const NONE: Self = Self(Kind::Keyword(Keyword::None));
    /// `'self'`: the page's own origin.
    pub const SELF: Self = Self(Kind::Keyword(Keyword::SelfOrigin));
    /// `'unsafe-inline'`: every inline script or style, including injected ones.
    pub const UNSAFE_INLINE: Self = Self(Kind::Keyword(Keyword::UnsafeInline));
    /// `'strict-dynamic'`: scripts that a trusted script loads, and no host or scheme of the list.
    pub const STRICT_DYNAMIC: Self = Self(Kind::Keyword(Keyword::StrictDynamic));
    /// The nonce of each request; `'nonce'` in text. See [`CspNonce`](crate::CspNonce).
    pub const NONCE: Self = Self(Kind::Nonce);

    /// Creates a source that browsers know and this crate does not know yet.
    ///
    /// Such a source is allowed in every directive and written unchanged. A policy that is sent without its nonce
    /// omits it. Keywords, nonces and hashes that this crate knows are checked all the same.
    ///
    /// # Errors
    ///
    /// When the text contains a space, `;`, `,`, `"` or a character outside visible ASCII, or is a malformed
    /// nonce, hash or keyword.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_security_headers::{Csp, Source};
    ///
    /// let next = Source::unchecked("'report-sha1024'").unwrap();
    /// let csp = Csp::builder().default_src([Source::SELF, next]).build().unwrap();
    /// assert_eq!(csp.to_string(), "default-src 'self' 'report-sha1024'");
    /// assert!(Source::unchecked("'self'; script-src *").is_err());
    /// ```
    pub fn unchecked(text: &str) -> Result<Self, InvalidSource> {
        let refuse = |problem| Err(InvalidSource { text: text.to_owned(), problem });
        match Self::parse(text) {
            Ok(known) if !matches!(known.0, Kind::Scheme(_) | Kind::Host(_)) => Ok(known),
            Err(problem @ (UNQUOTED | NONCE | HASH)) => refuse(problem),
            _ if is_inert(text) => Ok(Self(Kind::Unchecked(text.into()))),
            _ => refuse("must be visible ASCII without `;`, `,` and `\"`"),
        }
    }

    /// Returns whether the source suffices for a script to run: a hash, a fixed nonce, or possibly an unknown source.
    pub(super) const fn trusts_scripts(&self) -> bool {
        matches!(self.0, Kind::Hash(_) | Kind::FixedNonce(_) | Kind::Unchecked(_))
    }

    pub(super) const fn is_unchecked(&self) -> bool {
        matches!(self.0, Kind::Unchecked(_))
    }

    pub(super) fn is(&self, keyword: Keyword) -> bool {
        self.0 == Kind::Keyword(keyword)
    }

    pub(super) const fn is_hash(&self) -> bool {
        matches!(self.0, Kind::Hash(_))
    }

    pub(super) const fn is_place(&self) -> bool {
        matches!(self.0, Kind::Host(_) | Kind::Scheme(_) | Kind::Keyword(Keyword::SelfOrigin))
    }

    pub(super) const fn is_fixed_nonce(&self) -> bool {
        matches!(self.0, Kind::FixedNonce(_))
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        match quoted {
            Some(inner) => parse_quoted(text, inner),
            None => parse_bare(text),
        }
        .map(Self)
    }
}

fn parse_quoted(text: &str, inner: &str) -> Result<Kind, &'static str> {
    if let Some((word, _)) = KEYWORDS.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
        return Ok(Kind::Keyword(*word));
    }
    if inner.eq_ignore_ascii_case("nonce") {
        return Ok(Kind::Nonce);
    }
    if let Some(value) = strip_prefix_ignoring_case(inner, "nonce-") {
        let enough = digits(value).is_some_and(|digits| digits >= NONCE_DIGITS);
        return enough.then(|| Kind::FixedNonce(value.into())).ok_or(NONCE);
    }
    for (name, wanted) in HASHES {
        if let Some(value) = strip_prefix_ignoring_case(inner, name) {
            let whole = digits(value) == Some(wanted);
            return whole.then(|| Kind::Hash(format!("{name}{value}").into())).ok_or(HASH);
        }
    }
    Err("is not a known keyword; if browsers know it, allow it as unchecked")
}

/// Returns whether `text` neither ends a source, a directive or a policy, nor begins a quotation.
pub(super) fn is_inert(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b";,\"".contains(&byte))
}

fn parse_bare(text: &str) -> Result<Kind, &'static str> {
    if needs_quotes(text) {
        return Err(UNQUOTED);
    }
    if text.strip_suffix(':').is_some_and(is_scheme) {
        return Ok(Kind::Scheme(text.into()));
    }
    if is_host_source(text) {
        return Ok(Kind::Host(text.into()));
    }
    Err("is not a source; write one as https://cdn.example.com, *.example.com, data: or 'self'")
}

fn needs_quotes(text: &str) -> bool {
    let keyword = |(_, name): &(_, &str)| name.trim_matches('\'').eq_ignore_ascii_case(text);
    let prefixed = |name| strip_prefix_ignoring_case(text, name).is_some();
    KEYWORDS.iter().any(keyword)
        || prefixed("nonce-")
        || HASHES.iter().any(|(name, _)| prefixed(name))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Returns the number of digits of a `base64-value` of CSP, if it is valid and correctly padded.
fn digits(value: &str) -> Option<usize> {
    let digits = value.trim_end_matches('=');
    let padding = value.len() - digits.len();
    let right = padding == 0 || (padding <= 2 && value.len().is_multiple_of(4));
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    (right && digits.bytes().all(digit)).then_some(digits.len())
}

fn is_scheme(text: &str) -> bool {
    let more = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(more)
}

/// Returns whether `text` is a `host-source` of CSP Level 3, section 2.3.1.
fn is_host_source(text: &str) -> bool {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        Some(_) => return false,
        None => text,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    is_host(host) && port.is_none_or(is_port) && is_path(path)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text == "*" || text.strip_prefix("*.").unwrap_or(text).split('.').all(label)
}

fn is_port(text: &str) -> bool {
    text == "*" || (text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

/// Returns whether `text` is a path of a URI (RFC 3986) without characters that have a meaning in a policy.
fn is_path(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&()*+=:@".contains(&b))
}

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        Self::parse(text).map_err(|problem| InvalidSource { text: text.to_owned(), problem })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Keyword(word) => {
                let name = KEYWORDS.iter().find(|(known, _)| known == word);
                f.write_str(name.map_or("", |(_, name)| name))
            }
            Kind::Nonce => f.write_str("'nonce'"),
            Kind::FixedNonce(value) => write!(f, "'nonce-{value}'"),
            Kind::Hash(value) => write!(f, "'{value}'"),
            Kind::Scheme(text) | Kind::Host(text) | Kind::Unchecked(text) => f.write_str(text),
        }
    }
}

/// The error of a text that is not a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSource {
    text: String,
    problem: &'static str,
}

impl fmt::Display for InvalidSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.text, self.problem)
    }
}

impl std::error::Error for InvalidSource {}
