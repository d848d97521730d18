use std::borrow::Cow;

use battlement_core::InvalidField;

use crate::registry::MAX;

/// The name of an entry of the registry.
pub(crate) type Name = Cow<'static, str>;

/// The name of the entry that always passes.
pub(crate) const PING: &str = "ping";

/// The name of the entry that fails during the drain.
pub(crate) const SHUTDOWN: &str = "shutdown";

/// Returns why `name` is invalid, if it is.
pub(crate) fn invalid(name: &str) -> Option<String> {
    if [PING, SHUTDOWN].contains(&name) {
        return Some(format!("{name:?} is reserved; choose another name"));
    }
    let is_valid = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (!is_valid).then(|| {
        let start: String = name.chars().take(64).collect();
        format!("must be 1 to 64 ASCII letters, digits, `-`, `_` or `.`, got {start:?}")
    })
}

/// Returns the error for a name that another entry has.
pub(crate) fn taken(name: &str) -> InvalidField {
    let message =
        "the name is taken; choose another name, or drop the owner of the other entry first";
    InvalidField::new(format!("checks.{name}"), message)
}

/// Returns the error for an entry that exceeds the limit of the registry.
pub(crate) fn too_many(name: &str) -> InvalidField {
    let message = format!("the registry is full; it can have at most {MAX} entries");
    InvalidField::new(format!("checks.{name}"), message)
}
