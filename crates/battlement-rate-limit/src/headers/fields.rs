use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header::ToStrError};

use super::{
    Headers,
    names::{DRAFT6, LEGACY, LIMIT, POLICY},
    text::{Text, seconds_up},
};
use crate::{Outcome, Policies, Policy, PolicyState};

/// The headers of one decision, as small as they can wait for the response.
#[derive(Debug, Default)]
pub(crate) enum Fields {
    /// Nothing is said.
    #[default]
    None,
    /// Lists of all policies.
    Lists { policies: Policies, limit: HeaderValue },
    /// The numbers of one.
    Numbers { policies: Policies, style: Headers, tightest: Tightest },
}

/// The policy that leaves least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tightest {
    limit: u32,
    remaining: u32,
    /// In seconds.
    reset: u64,
}

impl Fields {
    #[inline]
    pub(crate) fn of(headers: Headers, policies: &Policies, outcome: &Outcome) -> Self {
        // What is not known is not told.
        if headers == Headers::None || !outcome.source.is_exact() {
            return Self::None;
        }
        Self::told(headers, policies, outcome)
    }

    fn told(headers: Headers, policies: &Policies, outcome: &Outcome) -> Self {
        let told = if headers == Headers::Draft10 {
            limits(policies, outcome).map(|limit| Self::Lists { policies: policies.clone(), limit })
        } else {
            let all = shown(policies, outcome).map(|(policy, state)| Tightest::of(policy, state));
            let tightest = all.min_by_key(|tightest| (tightest.remaining, !tightest.reset));
            let policies = policies.clone();
            tightest.map(|tightest| Self::Numbers { policies, style: headers, tightest })
        };
        told.unwrap_or_default()
    }

    /// Writes them beside those that limiters further in have written.
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
                list_policies(headers, policies.0.headers.as_ref().map(|both| &both.named));
                if headers.append(LIMIT, limit) {
                    on_one_line(headers, LIMIT);
                }
            }
            Self::Numbers { policies, style, tightest } => {
                let told = policies.0.headers.as_ref().filter(|_| style != Headers::Legacy);
                list_policies(headers, told.map(|both| &both.numbers));
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
                self.write_three(LEGACY, seconds_up(now.unwrap_or_default()) + self.reset, headers);
            }
            _ => self.write_three(DRAFT6, self.reset, headers),
        }
    }

    fn write_draft7(self, headers: &mut HeaderMap) {
        let remaining = |text: &str| {
            text.split(", ").find_map(|part| part.strip_prefix("remaining="))?.parse().ok()
        };
        if self.is_tighter(headers, &LIMIT, remaining) {
            let mut text = Text::new();
            text.text("limit=").number(self.limit.into());
            text.text(", remaining=").number(self.remaining.into());
            text.text(", reset=").number(self.reset);
            if let Some(value) = text.value() {
                headers.insert(LIMIT, value);
            }
        }
    }

    fn write_three(self, names: [HeaderName; 3], reset: u64, headers: &mut HeaderMap) {
        if self.is_tighter(headers, &names[1], |text| text.parse().ok()) {
            let values = [self.limit.into(), self.remaining.into(), HeaderValue::from(reset)];
            for (name, value) in names.into_iter().zip(values) {
                headers.insert(name, value);
            }
        }
    }

    /// Than what a limiter further in has written.
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

/// The policies that callers are told of.
fn shown<'a>(
    policies: &'a Policies,
    outcome: &'a Outcome,
) -> impl Iterator<Item = (&'a Policy, &'a PolicyState)> {
    policies.iter().zip(&outcome.states).filter(|(policy, _)| !policy.is_shadow())
}

/// `"burst";r=99;t=1`, where `t` is left out if there is nothing to wait for.
fn limits(policies: &Policies, outcome: &Outcome) -> Option<HeaderValue> {
    let mut text = Text::new();
    let labels = policies.iter().zip(&outcome.states).zip(&policies.0.labels);
    for ((policy, state), label) in labels {
        if policy.is_shadow() {
            continue;
        }
        text.comma().text(label).number(state.remaining.into());
        if state.reset > Duration::ZERO {
            text.text(";t=").number(seconds_up(state.reset));
        }
    }
    text.value()
}

fn list_policies(headers: &mut HeaderMap, told: Option<&HeaderValue>) {
    if let Some(told) = told
        && headers.append(POLICY, told.clone())
    {
        on_one_line(headers, POLICY);
    }
}

/// One list, what was added last and so comes from further out first.
#[cold]
fn on_one_line(headers: &mut HeaderMap, name: HeaderName) {
    let mut lines: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    lines.rotate_right(1);
    if let Ok(list) = HeaderValue::from_bytes(&lines.join(&b',')) {
        headers.insert(name, list);
    }
}
