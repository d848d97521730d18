/// The treatment of the query of a request's target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Query {
    /// The query is not recorded. The default.
    #[default]
    Drop,
    /// The query is recorded, with the values of parameters that usually hold secrets replaced by `REDACTED`.
    Redact,
}

/// The replacement of a secret.
const REDACTED: &str = "REDACTED";

/// The names of parameters that hold secrets: OpenTelemetry's list, and common names. Compared without regard to case.
const SECRETS: &[&str] = &[
    "awsaccesskeyid",
    "code",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-signature",
];

/// Returns `query` with the values of secret parameters replaced.
pub(crate) fn redacted(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    for (at, parameter) in query.split('&').enumerate() {
        if at > 0 {
            text.push('&');
        }
        match parameter.split_once('=') {
            Some((name, _)) if is_secret(name) => {
                text.push_str(name);
                text.push('=');
                text.push_str(REDACTED);
            }
            _ => text.push_str(parameter),
        }
    }
    text
}

fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_parameters_are_replaced_and_names_are_kept() {
        for (query, expected) in [
            ("a=1&token=abc&b=2", "a=1&token=REDACTED&b=2"),
            ("X-Amz-Signature=f00&x", "X-Amz-Signature=REDACTED&x"),
            ("password=", "password=REDACTED"),
            ("tokens=3", "tokens=3"),
            ("", ""),
        ] {
            assert_eq!(redacted(query), expected);
        }
    }
}
