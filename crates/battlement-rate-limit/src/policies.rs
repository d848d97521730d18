use std::{
    fmt::Write as _,
    hash::Hash as _,
    mem,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use http::HeaderValue;

#[cfg(feature = "redis")]
use crate::redis::Encoded;
use crate::{ConfigError, InvalidField, KeyHasher, Policy, policy::SETTINGS};

/// The policies that hold for a request: all of them must allow it, or none is charged.
///
/// A clone shares them. A layer may choose among several sets by the request, as for tiers of customers.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::{Policies, Policy};
///
/// let policies = Policies::new([Policy::per_second("burst", 10), Policy::per_day("daily", 1_000)]);
/// assert_eq!(policies[1].name(), "daily");
/// ```
#[derive(Clone, Debug)]
pub struct Policies(pub(crate) Arc<PolicySet>);

/// Bytes of the two numbers that follow a label, with what stands around them.
const NUMBERS: usize = ",".len() + 10 + ";t=".len() + 20;

/// Policies with what is made of them once.
#[derive(Debug)]
pub(crate) struct PolicySet {
    policies: Box<[Policy]>,
    /// What tells the cells of one key apart, by the names of the policies and how they count.
    pub(crate) marks: Box<[u128]>,
    /// How each policy begins in `RateLimit`: `"name";r=`.
    pub(crate) labels: Box<[String]>,
    /// How many bytes `RateLimit` takes at most.
    pub(crate) room: usize,
    /// `RateLimit-Policy` as a list of strings, and as former drafts had it.
    pub(crate) headers: Option<PolicyHeaders>,
    /// What a script is told of them, written once.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only a script needs it"))]
    pub(crate) encoded: OnceLock<Encoded>,
}

#[cfg(not(feature = "redis"))]
type Encoded = std::convert::Infallible;

#[derive(Debug)]
pub(crate) struct PolicyHeaders {
    pub(crate) named: HeaderValue,
    pub(crate) numbers: HeaderValue,
}

impl Policies {
    /// These, which must be at least one, and have different names.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) fails.
    #[must_use]
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Self {
        Self::try_new(policies).unwrap_or_else(|error| panic!("{error}"))
    }

    /// These.
    ///
    /// # Errors
    ///
    /// If there is none, or if two have the same name.
    pub fn try_new(policies: impl IntoIterator<Item = Policy>) -> Result<Self, ConfigError> {
        let policies: Box<[Policy]> = policies.into_iter().collect();
        let mut mistakes = Vec::new();
        if policies.is_empty() {
            mistakes.push(InvalidField::new("policies", "must be at least one"));
        }
        for (index, policy) in policies.iter().enumerate() {
            if policies[..index].iter().any(|other| other.name() == policy.name()) {
                let message = format!("{:?} is the name of another policy", policy.name());
                mistakes.push(InvalidField::new(format!("policies[{index}].name"), message));
            }
        }
        ConfigError::check(SETTINGS, mistakes, ())?;
        let begins = |policy: &Policy| label(policy.name()) + ";r=";
        let labels: Box<[_]> = policies.iter().map(begins).collect();
        Ok(Self(Arc::new(PolicySet {
            marks: policies.iter().map(mark).collect(),
            headers: headers(&policies),
            room: labels.iter().map(|label| label.len() + NUMBERS).sum(),
            labels,
            encoded: OnceLock::new(),
            policies,
        })))
    }
}

impl Deref for Policies {
    type Target = [Policy];

    fn deref(&self) -> &[Policy] {
        &self.0
    }
}

impl Deref for PolicySet {
    type Target = [Policy];

    fn deref(&self) -> &[Policy] {
        &self.policies
    }
}

impl From<Policy> for Policies {
    fn from(policy: Policy) -> Self {
        Self::new([policy])
    }
}

impl<const N: usize> From<[Policy; N]> for Policies {
    fn from(policies: [Policy; N]) -> Self {
        Self::new(policies)
    }
}

fn mark(policy: &Policy) -> u128 {
    let mut hasher = KeyHasher::open();
    policy.name().hash(&mut hasher);
    // What one algorithm has written is no state of another.
    mem::discriminant(policy.rule()).hash(&mut hasher);
    hasher.finish_key().bits()
}

/// A structured-field string (RFC 9651, section 4.1.6).
fn label(name: &str) -> String {
    let mut label = String::with_capacity(name.len() + 2);
    label.push('"');
    for char in name.chars() {
        if matches!(char, '"' | '\\') {
            label.push('\\');
        }
        label.push(char);
    }
    label.push('"');
    label
}

/// None if all policies are only tried out.
fn headers(policies: &[Policy]) -> Option<PolicyHeaders> {
    let (mut named, mut numbers) = (String::new(), String::new());
    for policy in policies.iter().filter(|policy| !policy.is_shadow()) {
        let separator = if named.is_empty() { "" } else { "," };
        let period = policy.period();
        // A window of a broken second is told longer than it is, which asks for less than is allowed.
        let window = period.as_secs() + u64::from(period.subsec_nanos() > 0);
        let (label, quota) = (label(policy.name()), policy.quota());
        let _ = write!(named, "{separator}{label};q={quota};w={window}");
        let _ = write!(numbers, "{separator}{quota};w={window}");
    }
    let value = |text: String| HeaderValue::try_from(text).ok();
    if named.is_empty() {
        return None;
    }
    Some(PolicyHeaders { named: value(named)?, numbers: value(numbers)? })
}
