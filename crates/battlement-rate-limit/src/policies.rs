mod derived;

use std::{fmt::Write as _, ops::Deref, sync::Arc};

use http::HeaderValue;

use self::derived::Derived;
use crate::{ConfigError, InvalidField, Policy, policy::SETTINGS};

/// A set of policies for a request: it is allowed if all of them allow it, and otherwise none is charged.
///
/// Clones share it. A layer may choose among several sets by the request, as for tiers of customers.
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

/// The maximum number of bytes that follow a label: two numbers with their delimiters.
const NUMBERS: usize = ",".len() + 10 + ";t=".len() + 20;

/// Policies, with the values that are computed from them once.
#[derive(Debug)]
pub(crate) struct PolicySet {
    policies: Box<[Policy]>,
    /// The start of each policy in `RateLimit`: `"name";r=`.
    pub(crate) labels: Box<[String]>,
    /// The maximum length of `RateLimit`, in bytes.
    pub(crate) max_length: usize,
    /// `RateLimit-Policy`, as a list of strings and as former drafts had it.
    pub(crate) headers: Option<PolicyHeaders>,
    derived: Derived,
}

#[derive(Debug)]
pub(crate) struct PolicyHeaders {
    pub(crate) named: HeaderValue,
    pub(crate) numbers: HeaderValue,
}

impl Policies {
    /// Creates a set of policies.
    ///
    /// # Panics
    ///
    /// Panics if [`try_new`](Self::try_new) returns an error.
    #[must_use]
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Self {
        Self::try_new(policies).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a set of policies.
    ///
    /// # Errors
    ///
    /// Returns an error if the set is empty or if two policies have the same name.
    pub fn try_new(policies: impl IntoIterator<Item = Policy>) -> Result<Self, ConfigError> {
        let policies: Box<[Policy]> = policies.into_iter().collect();
        let mut invalid = Vec::new();
        if policies.is_empty() {
            invalid.push(InvalidField::new("policies", "must contain at least one policy"));
        }
        for (index, policy) in policies.iter().enumerate() {
            if policies[..index].iter().any(|other| other.name() == policy.name()) {
                let message = format!("{:?} is already the name of another policy", policy.name());
                invalid.push(InvalidField::new(format!("policies[{index}].name"), message));
            }
        }
        ConfigError::check(SETTINGS, invalid, ())?;
        let prefix = |policy: &Policy| label(policy.name()) + ";r=";
        let labels: Box<[_]> = policies.iter().map(prefix).collect();
        Ok(Self(Arc::new(PolicySet {
            headers: headers(&policies),
            max_length: labels.iter().map(|label| label.len() + NUMBERS).sum(),
            labels,
            derived: Derived::default(),
            policies,
        })))
    }

    /// Returns the value that a store derives from the policies, such as their encoding in its protocol.
    ///
    /// The value is derived on first use, and kept as long as the policies. There is one value of each type, so a store
    /// uses a type of its own.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_rate_limit::{Policies, Policy};
    ///
    /// struct Names(String);
    ///
    /// impl Names {
    ///     fn new(policies: &[Policy]) -> Self {
    ///         Self(policies.iter().map(Policy::name).collect::<Vec<_>>().join(" "))
    ///     }
    /// }
    ///
    /// let policies = Policies::new([Policy::per_second("burst", 10), Policy::per_day("daily", 1_000)]);
    /// assert_eq!(policies.derived(Names::new).0, "burst daily");
    /// ```
    pub fn derived<T: Send + Sync + 'static>(&self, derive: impl Fn(&[Policy]) -> T) -> &T {
        self.0.derived.get_or_insert_with(|| derive(self))
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

/// Returns a structured-field string (RFC 9651, section 4.1.6).
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

/// Returns the values of `RateLimit-Policy`; `None` if all policies are shadow policies.
fn headers(policies: &[Policy]) -> Option<PolicyHeaders> {
    let (mut named, mut numbers) = (String::new(), String::new());
    for policy in policies.iter().filter(|policy| !policy.is_shadow()) {
        let separator = if named.is_empty() { "" } else { "," };
        let period = policy.period();
        // Fractions of a second are rounded up, so that clients send less than is allowed rather than more.
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
