use std::borrow::Cow;

use battlement_core::CheckState;

/// The text in place of a secret.
const REDACTED: &str = "***";

/// The longest reason in bytes, since the search for secrets can take time by the square of it.
const MAX: usize = 2048;

/// The end of a reason that was cut.
const CUT: &str = " … (cut)";

/// The ends of keys whose values are secrets, in lower case.
const SECRETS: [&str; 6] = ["password", "passwd", "pwd", "passphrase", "secret", "token"];

/// Returns a result whose reason contains no user name and password of a URL, and no value of a secret's key.
pub(crate) fn redact(state: CheckState) -> CheckState {
    match state {
        CheckState::Pass { reason } => CheckState::pass(redacted(reason)),
        CheckState::Degraded { reason } => CheckState::degraded(redacted(reason)),
        CheckState::Fail { reason } => CheckState::fail(redacted(reason)),
        other => other,
    }
}

fn redacted(reason: Cow<'static, str>) -> Cow<'static, str> {
    if reason.len() <= MAX {
        return without_secrets(reason);
    }
    let start = reason[..kept(&reason)].to_owned();
    (without_secrets(start.into()).into_owned() + CUT).into()
}

/// Returns the length of the start of a long reason that is kept. The start ends at white space, because the password
/// of a URL is not recognized without the `@` after it.
fn kept(reason: &str) -> usize {
    let spaces = reason.char_indices().take_while(|(at, _)| *at < MAX);
    spaces.filter(|(_, c)| c.is_whitespace()).last().map_or(0, |(at, _)| at)
}

fn without_secrets(reason: Cow<'static, str>) -> Cow<'static, str> {
    let mut spans = url_secrets(&reason);
    spans.extend(key_secrets(&reason));
    if spans.is_empty() {
        return reason;
    }
    spans.sort_unstable();
    let (mut text, mut copied) = (String::with_capacity(reason.len()), 0);
    for (start, end) in spans {
        if start >= copied {
            text.push_str(&reason[copied..start]);
            text.push_str(REDACTED);
        }
        copied = copied.max(end);
    }
    text.push_str(&reason[copied..]);
    text.into()
}

/// Returns the spans between `://` and the last `@` before white space. A password may contain any other character.
fn url_secrets(text: &str) -> Vec<(usize, usize)> {
    let span = |(at, mark): (usize, &str)| {
        let start = at + mark.len();
        let rest = &text[start..];
        let token = rest.split(char::is_whitespace).next().unwrap_or_default();
        token.rfind('@').filter(|len| *len > 0).map(|len| (start, start + len))
    };
    text.match_indices("://").filter_map(span).collect()
}

/// Returns the spans of values whose key ends in one of [`SECRETS`], as in `password=…` and `"password": "…"`.
fn key_secrets(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let values = SECRETS.iter().flat_map(|key| {
        let ends = lower.match_indices(key).map(|(at, key)| at + key.len());
        ends.filter_map(|end| value_after(text, end))
    });
    values.collect()
}

/// Returns the span of the value of a key that ends at `key_end`, if there is one.
fn value_after(text: &str, key_end: usize) -> Option<(usize, usize)> {
    let rest = text[key_end..].trim_start_matches(['"', '\'']).trim_start();
    let value = rest.strip_prefix(['=', ':'])?.trim_start();
    let start = text.len() - value.len();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let len = match quote {
        Some(quote) => quoted_len(value, quote),
        // `password: too short` is prose.
        None if rest.starts_with(':') => return None,
        None => value.find(|c: char| c.is_whitespace() || ";&".contains(c)).unwrap_or(value.len()),
    };
    (len > 0).then_some((start, start + len))
}

/// Returns the length of a quoted value with its quotes. A backslash escapes the next character.
fn quoted_len(value: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    value.len()
}

#[cfg(all(test, not(battlement_loom)))]
mod tests;
