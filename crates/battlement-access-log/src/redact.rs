use std::borrow::Cow;

use http::HeaderValue;

/// The treatment of the query of a request's target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Query {
    /// The query is not recorded. The default.
    #[default]
    Drop,
    /// The query is recorded, with the values of parameters that usually hold secrets replaced by `REDACTED`.
    ///
    /// A parameter holds a secret if its name, without regard to case and percent-encoding, is `code`, `key` or `sig`, if
    /// it ends with `token`, `password`, `secret`, `signature`, `apikey`, `_key`, `-key` or `accesskeyid`, or if it is
    /// `X-Amz-Credential`.
    Redact,
}

/// The replacement of a secret.
const REDACTED: &str = "REDACTED";

/// The names of parameters that hold secrets: OpenTelemetry's list, and common names. In lower case.
const NAMES: [&str; 4] = ["code", "key", "sig", "x-amz-credential"];

/// The ends of such names.
const ENDS: [&str; 8] =
    ["token", "password", "secret", "signature", "apikey", "_key", "-key", "accesskeyid"];

/// Returns `query` with the values of secret parameters replaced.
pub(crate) fn redacted(query: &str) -> Cow<'_, str> {
    // Some servers separate parameters by `;` as well.
    let parameters = || query.split_inclusive(['&', ';']);
    if !parameters().any(|parameter| secret_name(parameter).is_some()) {
        return Cow::Borrowed(query);
    }
    let mut text = String::with_capacity(query.len() + REDACTED.len());
    for parameter in parameters() {
        let Some(name) = secret_name(parameter) else {
            text.push_str(parameter);
            continue;
        };
        text.push_str(name);
        text.push('=');
        text.push_str(REDACTED);
        let separator = parameter.len() - parameter.trim_end_matches(['&', ';']).len();
        text.push_str(&parameter[parameter.len() - separator..]);
    }
    Cow::Owned(text)
}

/// Returns a URL, such as the value of `referer`, with the secrets of its query replaced.
pub(crate) fn redacted_url(url: HeaderValue) -> HeaderValue {
    let redact = |url: &str| {
        let (before, query) = url.split_once('?')?;
        let Cow::Owned(query) = redacted(query) else { return None };
        HeaderValue::try_from(format!("{before}?{query}")).ok()
    };
    // A byte that is not part of UTF-8 is replaced only if there is a secret.
    redact(&String::from_utf8_lossy(url.as_bytes())).unwrap_or(url)
}

/// Returns the name of a parameter as the query has it, if the parameter holds a secret.
fn secret_name(parameter: &str) -> Option<&str> {
    let (name, _) = parameter.split_once('=')?;
    is_secret(name).then_some(name)
}

fn is_secret(name: &str) -> bool {
    let name = decoded(name);
    // Some frameworks ignore spaces, and read `user[password]` as a member.
    let name = name.trim_matches(|char: char| char.is_whitespace() || matches!(char, '[' | ']'));
    NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || name.rsplit(['[', '.']).next().is_some_and(|last| NAMES.contains(&last))
}

/// Returns a name in lower case, without its percent-encoding.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        let (byte, used) = match escape {
            Some((high, low)) => (16 * high + low, 3),
            None if *first == b'+' => (b' ', 1),
            None => (*first, 1),
        };
        bytes.push(byte.to_ascii_lowercase());
        rest = rest.get(used..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_secret_is_replaced_however_its_name_is_encoded(
            name in prop::sample::select(vec![
                "token", "Key", "code", "password", "SECRET", "sig", "Signature", "AWSAccessKeyId",
                "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature",
                "access_token", "api_key", "user[password]",
            ]),
            is_encoded in any::<[bool; 20]>(),
            before in "([a-z]=[0-9]&){0,2}",
            after in "([&;][a-z]=[0-9]){0,2}",
        ) {
            let encoded: String = name.bytes().zip(is_encoded).map(|(byte, is_encoded)| {
                if is_encoded { format!("%{byte:02x}") } else { char::from(byte).to_string() }
            }).collect();
            let query = format!("{before}{encoded}=hunter2{after}");
            let expected = format!("{before}{encoded}=REDACTED{after}");
            prop_assert_eq!(redacted(&query), expected);
        }

        #[test]
        fn any_query_is_redacted_without_a_panic_and_only_once(query in "[a-z%0-9&;=+\\[\\]é]{0,40}") {
            let once = redacted(&query).into_owned();
            prop_assert_eq!(redacted(&once), once.as_str());
        }
    }

    #[test]
    fn values_of_secret_parameters_are_replaced_and_names_are_kept() {
        for (query, expected) in [
            ("a=1&token=abc&b=2", "a=1&token=REDACTED&b=2"),
            ("X-Amz-Signature=f00&x", "X-Amz-Signature=REDACTED&x"),
            ("password=", "password=REDACTED"),
            ("%74oken=a%26b&+key=1", "%74oken=REDACTED&+key=REDACTED"),
            ("token=a=b;c", "token=REDACTED;c"),
            ("tokens=3&zip_code=7&monkey=1", "tokens=3&zip_code=7&monkey=1"),
            ("", ""),
        ] {
            assert_eq!(redacted(query), expected);
        }
    }

    #[test]
    fn the_query_of_a_url_is_redacted() {
        for (url, expected) in [
            ("https://a/b?token=abc&c=1", "https://a/b?token=REDACTED&c=1"),
            ("https://a/token=abc", "https://a/token=abc"),
        ] {
            assert_eq!(redacted_url(HeaderValue::from_static(url)), expected);
        }
    }
}
