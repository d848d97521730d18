use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header::ToStrError};

use super::{
    Headers,
    names::{DRAFT6, LEGACY, LIMIT, POLICY},
    text::{DIGITS, Text, seconds_up},
};
use crate::{Outcome, Policies, Policy, PolicyState};

/// The buffer on the stack, which is large enough for the list of most policies.
const SHORT: usize = 128;

/// The headers of one decision, in the smallest form that can wait for the response.
#[derive(Debug, Default)]
pub(crate) enum Fields {
    /// No headers.
    #[default]
    None,
    /// Lists of all policies.
    Lists { policies: Policies, limit: Box<[u8]> },
    /// The numbers of the tightest policy.
    Numbers(Box<Numbers>),
}

/// The numbers of the tightest policy, for the headers of former drafts.
#[derive(Debug)]
pub(crate) struct Numbers {
    policies: Policies,
    style: Headers,
    tightest: Tightest,
}

/// The policy with the fewest remaining units.
#[derive(Clone, Copy, Debug)]
struct Tightest {
    limit: u32,
    remaining: u32,
    /// In seconds.
    reset: u64,
}

impl Fields {
    #[inline]
    pub(crate) fn of(headers: Headers, policies: &Policies, outcome: &Outcome) -> Self {
        // A state that covers this process alone is not reported.
        if headers == Headers::None || !outcome.source.is_exact() {
            return Self::None;
        }
        Self::build(headers, policies, outcome)
    }

    fn build(headers: Headers, policies: &Policies, outcome: &Outcome) -> Self {
        let fields = if headers == Headers::Draft10 {
            limits(policies, outcome).map(|limit| Self::Lists { policies: policies.clone(), limit })
        } else {
            let all =
                reported(policies, outcome).map(|(policy, state)| Tightest::of(policy, state));
            let tightest = all.min_by_key(|tightest| (tightest.remaining, !tightest.reset));
            let policies = policies.clone();
            let numbers = |tightest| Numbers { policies, style: headers, tightest };
            tightest.map(|tightest| Self::Numbers(Box::new(numbers(tightest))))
        };
        fields.unwrap_or_default()
    }

    /// Writes the headers, beside those of inner limiters.
    #[inline]
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if !matches!(self, Self::None) {
            self.write_some(headers);
        }
    }

    fn write_some(self, headers: &mut HeaderMap) {
        match self {
            Self::None => {}
            Self::Lists { policies, limit } => {
                list_policies(headers, policies.0.headers.as_ref().map(|values| &values.named));
                let limit = HeaderValue::try_from(limit.into_vec());
                if limit.is_ok_and(|limit| headers.append(LIMIT, limit)) {
                    join_lines(headers, LIMIT);
                }
            }
            Self::Numbers(numbers) => {
                let Numbers { policies, style, tightest } = *numbers;
                let values = policies.0.headers.as_ref().filter(|_| style != Headers::Legacy);
                list_policies(headers, values.map(|values| &values.numbers));
                tightest.write(style, headers);
            }
        }
    }
}

impl Tightest {
    fn of(policy: &Policy, state: &PolicyState) -> Self {
        let reset = seconds_up(state.reset);
        Self { limit: policy.capacity(), remaining: state.remaining, reset }
    }

    fn write(self, style: Headers, headers: &mut HeaderMap) {
        match style {
            Headers::Draft7 => self.write_draft7(headers),
            Headers::Legacy => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                let now = seconds_up(now.unwrap_or_default());
                self.write_three(LEGACY, now.saturating_add(self.reset), headers);
            }
            _ => self.write_three(DRAFT6, self.reset, headers),
        }
    }

    fn write_draft7(self, headers: &mut HeaderMap) {
        let remaining = |text: &str| {
            text.split(", ").find_map(|part| part.strip_prefix("remaining="))?.parse().ok()
        };
        if self.is_tighter(headers, &LIMIT, remaining) {
            let mut buffer = [0; SHORT];
            let mut text = Text::in_buffer(&mut buffer);
            text.number(self.reset).text(", reset=");
            text.number(self.remaining.into()).text(", remaining=");
            text.number(self.limit.into()).text("limit=");
            if let Some(value) = text.value() {
                headers.insert(LIMIT, value);
            }
        }
    }

    fn write_three(self, names: [HeaderName; 3], reset: u64, headers: &mut HeaderMap) {
        if self.is_tighter(headers, &names[1], |text| text.parse().ok()) {
            let numbers = [self.limit.into(), self.remaining.into(), reset];
            for (name, number) in names.into_iter().zip(numbers) {
                if let Some(value) = Text::in_buffer(&mut [0; DIGITS]).number(number).value() {
                    headers.insert(name, value);
                }
            }
        }
    }

    /// Returns whether this policy is tighter than the one that an inner limiter has written.
    fn is_tighter(
        self,
        headers: &HeaderMap,
        name: &HeaderName,
        remaining: impl Fn(&str) -> Option<u32>,
    ) -> bool {
        let written = headers.get(name).map(HeaderValue::to_str);
        let written = written.and_then(|text: Result<&str, ToStrError>| remaining(text.ok()?));
        written.is_none_or(|written| self.remaining < written)
    }
}

/// Returns the policies that are reported to clients.
fn reported<'a>(
    policies: &'a Policies,
    outcome: &'a Outcome,
) -> impl Iterator<Item = (&'a Policy, &'a PolicyState)> {
    policies.iter().zip(&outcome.states).filter(|(policy, _)| !policy.is_shadow())
}

/// Returns `"burst";r=99;t=1`, without `t` if all units are available.
fn limits(policies: &Policies, outcome: &Outcome) -> Option<Box<[u8]>> {
    let buffer = policies.0.max_length;
    if buffer <= SHORT {
        write_limits(&mut [0; SHORT], policies, outcome)
    } else {
        write_limits(&mut vec![0; buffer], policies, outcome)
    }
}

#[inline]
fn write_limits(buffer: &mut [u8], policies: &Policies, outcome: &Outcome) -> Option<Box<[u8]>> {
    let mut text = Text::in_buffer(buffer);
    let labels = policies.iter().zip(&outcome.states).zip(&policies.0.labels);
    for ((policy, state), label) in labels.rev() {
        if policy.is_shadow() {
            continue;
        }
        text.comma();
        if state.reset > Duration::ZERO {
            text.number(seconds_up(state.reset)).text(";t=");
        }
        text.number(state.remaining.into()).text(label);
    }
    text.boxed()
}

fn list_policies(headers: &mut HeaderMap, value: Option<&HeaderValue>) {
    if let Some(value) = value
        && headers.append(POLICY, value.clone())
    {
        join_lines(headers, POLICY);
    }
}

/// Joins all lines of a header into one list, starting with the line of the outermost limiter, which was added last.
#[cold]
fn join_lines(headers: &mut HeaderMap, name: HeaderName) {
    let mut lines: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    lines.rotate_right(1);
    if let Ok(list) = HeaderValue::from_bytes(&lines.join(&b',')) {
        headers.insert(name, list);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::{Decision, Source};

    #[test]
    fn every_outcome_of_policies_with_any_names_fits_into_the_buffer() {
        for count in 1..=8 {
            let name = |n: usize| format!("{n}{}", "\"".repeat(63));
            let policies = Policies::new((0..count).map(|n| Policy::per_day(&name(n), 1)));
            let state = PolicyState {
                decision: Decision::Allow,
                remaining: u32::MAX,
                reset: Duration::MAX,
            };
            let states = std::iter::repeat_n(state, count).collect();
            let outcome = Outcome::new(states, Source::MEMORY, Instant::now());
            let written = String::from_utf8(limits(&policies, &outcome).unwrap().into()).unwrap();
            let list = |n| format!("\"{n}{}\";r={};t={}", "\\\"".repeat(63), u32::MAX, u64::MAX);
            assert_eq!(written, (0..count).map(list).collect::<Vec<_>>().join(","));
            for headers in [Headers::Draft7, Headers::Draft6, Headers::Legacy] {
                let mut map = HeaderMap::new();
                Fields::of(headers, &policies, &outcome).write(&mut map);
                assert!(!map.is_empty(), "{headers:?}");
            }
        }
    }
}
