/// Returns whether `name` is valid for a label, or for a metric without a colon.
pub(crate) fn is_word(name: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_start)
        && name.bytes().all(|byte| is_start(byte) || byte.is_ascii_digit())
}

/// Returns whether `name` is valid for a metric; names of recording rules contain colons.
pub(super) fn is_metric(name: &str) -> bool {
    is_word(&name.replace(':', "_"))
}

/// Checks the name of a label that is not part of a histogram or a summary.
pub(super) fn check_label(name: &str) -> Result<(), &'static str> {
    match name {
        _ if !is_word(name) => Err("is not a valid label name"),
        _ if name.starts_with("__") => Err("is reserved for Prometheus"),
        _ => Ok(()),
    }
}
