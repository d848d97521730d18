//! Content Security Policy Level 3: builder, parser, checks and writer.

mod builder;
mod check;
mod directive;
mod list;
mod parse;
mod source;
mod write;

use std::fmt;

use self::list::Word;
pub use self::{
    builder::CspBuilder,
    directive::Directive,
    list::SourceList,
    source::{InvalidSource, Source},
};
pub(crate) use self::{
    directive::{is_endpoint, is_uri},
    write::{Parts, unread},
};
use crate::{ConfigError, Endpoint, ReportOnly, When};

/// A Content Security Policy.
///
/// # Invariants
///
/// Each directive occurs once, each value is valid by the grammar of CSP Level 3 and has an effect in its directive,
/// and there is a `default-src` unless it was omitted with [`CspBuilder::without_default_src`]. Otherwise no policy is
/// created, and the error lists every violation. Use [`Source::unchecked`] and [`CspBuilder::unchecked_directive`] for
/// values that browsers support and this crate does not know yet.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{Csp, Source};
///
/// let csp = Csp::builder()
///     .default_src(Source::SELF)
///     .img_src([Source::SELF, "https://cdn.example.com".parse().unwrap()])
///     .script_src(["'nonce'", "'strict-dynamic'"])
///     .build()
///     .unwrap();
/// let error = Csp::builder().img_src("self").sandbox(["allow-all"]).build().unwrap_err();
/// assert_eq!(error.fields().len(), 3, "default-src, quotes, and a keyword of sandbox");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csp {
    entries: Vec<DirectiveEntry>,
    endpoint: Option<Endpoint>,
    upgrade: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct DirectiveEntry {
    name: Name,
    value: Value,
}

/// The name of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Known(Directive),
    Unchecked(Box<str>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Known(directive) => directive.as_str(),
            Self::Unchecked(name) => name,
        }
    }
}

impl PartialEq<Directive> for Name {
    fn eq(&self, directive: &Directive) -> bool {
        matches!(self, Self::Known(known) if known == directive)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Sources(Vec<Source>),
    Words(Vec<Word>),
}

impl Csp {
    /// Creates a builder without directives.
    pub fn builder() -> CspBuilder {
        CspBuilder::default()
    }

    /// Parses a policy in the form of a header. `'nonce'` among its sources is the nonce of each request.
    ///
    /// # Errors
    ///
    /// Returns every error in the policy.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse::builder(text).build()
    }

    /// Returns Helmet's default policy, byte for byte.
    ///
    /// It is meant to be safe rather than strict: inline styles are allowed.
    #[must_use]
    pub fn helmet() -> Self {
        Self::known_good(
            "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';\
             frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';\
             script-src-attr 'none';style-src 'self' https: 'unsafe-inline';\
             upgrade-insecure-requests",
        )
    }

    /// Returns a policy for data: nothing may be loaded, framed, sent or run.
    #[must_use]
    pub fn api() -> Self {
        Self::known_good(
            "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        )
    }

    /// Returns a policy for pages: scripts run only by nonce and may load others; styles by nonce or from the page's
    /// origin; images, fonts and calls to the page's origin.
    #[must_use]
    pub fn html() -> Self {
        let mut csp = Self::known_good(
            "default-src 'none';base-uri 'none';script-src 'nonce' 'strict-dynamic';\
             style-src 'self' 'nonce';img-src 'self' data:;font-src 'self';connect-src 'self';\
             frame-ancestors 'none';form-action 'self';upgrade-insecure-requests",
        );
        csp.upgrade = When::Https;
        csp
    }

    fn known_good(text: &str) -> Self {
        Self::parse(text).expect("a policy of this crate is well-formed")
    }

    /// Returns a builder that starts with this policy, whose directives can be replaced and removed.
    pub fn change(self) -> CspBuilder {
        CspBuilder::from(self)
    }

    /// Returns the policy in report-only form, which browsers do not enforce.
    #[must_use]
    pub const fn report_only(self) -> ReportOnly<Self> {
        ReportOnly(self)
    }

    /// Adds `source` to the list of `directive`.
    ///
    /// If the directive is absent and another one applies instead, it starts with that list; without any, everything
    /// is allowed already and nothing changes.
    pub(crate) fn allow(&mut self, directive: Directive, source: &Source) {
        let mut list = match self.sources(directive) {
            Some(own) => own.clone(),
            None => {
                let nearest = directive.fallbacks().iter().find_map(|name| self.sources(*name));
                let Some(list) = nearest else { return };
                list.clone()
            }
        };
        list.retain(|known| *known != Source::NONE);
        if *source != Source::NONE && !list.contains(source) {
            list.push(source.clone());
        }
        if list.is_empty() {
            list.push(Source::NONE);
        }
        self.replace(directive, Value::Sources(list));
    }

    fn sources(&self, directive: Directive) -> Option<&Vec<Source>> {
        self.entries.iter().find_map(|entry| match &entry.value {
            Value::Sources(list) if entry.name == directive => Some(list),
            _ => None,
        })
    }

    fn replace(&mut self, directive: Directive, value: Value) {
        match self.entries.iter_mut().find(|entry| entry.name == directive) {
            Some(entry) => entry.value = value,
            None => self.entries.push(DirectiveEntry { name: Name::Known(directive), value }),
        }
    }

    /// Returns the endpoint of its reports, if the policy contains it.
    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// Returns the name of the endpoint of its reports.
    pub(crate) fn endpoint_name(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match &entry.value {
            Value::Words(words) if entry.name == Directive::ReportTo => {
                words.first().map(|word| &*word.text)
            }
            _ => None,
        })
    }

    /// Returns whether the policy contains the nonce of each request.
    pub(crate) fn wants_nonce(&self) -> bool {
        self.any_source(|source| *source == Source::NONCE)
    }

    /// Returns whether the policy contains a nonce that is the same in every response.
    pub(crate) fn has_fixed_nonce(&self) -> bool {
        self.any_source(Source::is_fixed_nonce)
    }

    fn any_source(&self, mut test: impl FnMut(&Source) -> bool) -> bool {
        self.entries.iter().any(|entry| match &entry.value {
            Value::Sources(list) => list.iter().any(&mut test),
            Value::Words(_) => false,
        })
    }
}

/// Writes the policy with `'nonce'` in place of the nonce of each request.
impl fmt::Display for Csp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::verbatim(self))
    }
}

impl std::str::FromStr for Csp {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text)
    }
}
