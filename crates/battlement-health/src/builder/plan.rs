use battlement_core::InvalidField;

use crate::{
    Check,
    limits::{Limits, Rules},
    name,
    registry::MAX,
};

/// The settings that the checks of a registry start from.
#[derive(Debug)]
pub(crate) struct Plan {
    defaults: Limits,
    /// Settings of single checks, by name, which apply over those of the code.
    overrides: Vec<(String, Limits)>,
}

impl Plan {
    pub(crate) const fn new(defaults: Limits, overrides: Vec<(String, Limits)>) -> Self {
        Self { defaults, overrides }
    }

    /// Returns the complete settings of a check: those of the file, then its own, then those of the registry.
    pub(crate) fn rules(&self, check: &Check) -> Rules {
        self.limits(check).rules()
    }

    /// Returns every invalid setting of the registry and of its first checks.
    pub(crate) fn invalid_fields(&self, checks: &[Check]) -> Vec<InvalidField> {
        let mut invalid = self.defaults.invalid_fields();
        if checks.len() > MAX {
            let message = format!("must be at most {MAX} checks, got {}", checks.len());
            invalid.push(InvalidField::new("checks", message));
        }
        for (index, check) in checks.iter().enumerate() {
            if let Some(message) = name::invalid(&check.name) {
                invalid.push(InvalidField::new(format!("checks[{index}].name"), message));
            } else {
                let is_taken = checks[..index].iter().any(|other| other.name == check.name);
                invalid.extend(self.invalid_fields_of(check, is_taken));
            }
        }
        let is_unknown = |name: &str| !checks.iter().any(|check| check.name == name);
        let unknown = self.overrides.iter().filter(|(name, _)| is_unknown(name));
        invalid.extend(unknown.map(|(name, _)| unknown_check(name, checks)));
        invalid
    }

    /// Returns every invalid setting of a check whose name is valid, except for those that it has from the registry.
    pub(crate) fn invalid_fields_of(&self, check: &Check, is_taken: bool) -> Vec<InvalidField> {
        let setting = format!("checks.{}", check.name);
        let mut invalid = Vec::new();
        if is_taken {
            invalid.push(name::taken(&check.name));
        }
        if let Some(message) = check.probes.invalid() {
            invalid.push(InvalidField::new("probes", message).under(&setting));
        }
        let inherited = self.defaults.invalid_fields();
        let own = self.limits(check).invalid_fields();
        let own = own.into_iter().filter(|field| !inherited.contains(field));
        invalid.extend(own.map(|field| field.under(&setting)));
        invalid
    }

    fn limits(&self, check: &Check) -> Limits {
        let file = self.overrides.iter().find(|(name, _)| *name == check.name);
        let file = file.map(|(_, limits)| *limits).unwrap_or_default();
        file.or(check.limits).or(self.defaults)
    }
}

fn unknown_check(name: &str, checks: &[Check]) -> InvalidField {
    let known: Vec<_> = checks.iter().map(|check| format!("`{}`", check.name)).collect();
    let message = if known.is_empty() {
        "is unknown; the registry is built without checks".to_owned()
    } else {
        format!("is unknown; the checks are {}", known.join(", "))
    };
    InvalidField::new(format!("checks.{}", name.escape_debug()), message)
}
