use std::borrow::Cow;

/// The name of an entry of the registry.
pub(crate) type Name = Cow<'static, str>;

/// The names that reports use for entries of their own.
const RESERVED: [&str; 2] = ["ping", "shutdown"];

/// Returns why `name` is invalid, if it is.
pub(crate) fn invalid(name: &str) -> Option<String> {
    if RESERVED.contains(&name) {
        return Some(format!("{name:?} is reserved; choose another name"));
    }
    let is_valid = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (!is_valid).then(|| {
        let start: String = name.chars().take(64).collect();
        format!("must be 1 to 64 ASCII letters, digits, `-`, `_` or `.`, got {start:?}")
    })
}
