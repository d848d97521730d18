use battlement_core::InvalidField;

use crate::{
    Check,
    limits::{Limits, Rules},
    name,
};

/// The settings that the checks of a registry start from.
#[derive(Debug)]
pub(crate) struct Plan {
    defaults: Limits,
    /// Settings of single checks, by name.
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

    /// Records every invalid setting of the registry and of `checks`.
    pub(crate) fn check(&self, checks: &[Check], invalid: &mut Vec<InvalidField>) {
        invalid.extend(self.defaults.invalid_fields());
        for (index, check) in checks.iter().enumerate() {
            let is_taken = checks[..index].iter().any(|other| other.name == check.name);
            invalid.extend(self.invalid_fields(check, index, is_taken));
        }
        for (name, _) in &self.overrides {
            if !checks.iter().any(|check| check.name == *name) {
                invalid.push(unknown(name, checks));
            }
        }
    }

    /// Returns every invalid setting of a check.
    pub(crate) fn invalid_fields(
        &self,
        check: &Check,
        index: usize,
        is_taken: bool,
    ) -> Vec<InvalidField> {
        if let Some(message) = name::invalid(&check.name) {
            return vec![InvalidField::new(format!("checks[{index}].name"), message)];
        }
        let setting = format!("checks.{}", check.name);
        let mut invalid = Vec::new();
        if is_taken {
            let message = "the name is taken; choose another name for one of the checks";
            invalid.push(InvalidField::new(setting.clone(), message));
        }
        if let Some(message) = check.probes.invalid() {
            invalid.push(InvalidField::new("probes", message).under(&setting));
        }
        // Errors of the registry's own settings are reported once.
        let own = self.limits(check);
        if own != self.defaults || self.defaults.invalid_fields().is_empty() {
            let fields = own.invalid_fields();
            invalid.extend(fields.into_iter().map(|field| field.under(&setting)));
        }
        invalid
    }

    fn limits(&self, check: &Check) -> Limits {
        let file = self.overrides.iter().find(|(name, _)| *name == check.name);
        let file = file.map(|(_, limits)| *limits).unwrap_or_default();
        file.or(check.limits).or(self.defaults)
    }
}

fn unknown(name: &str, checks: &[Check]) -> InvalidField {
    let known: Vec<_> = checks.iter().map(|check| format!("`{}`", check.name)).collect();
    let message = if known.is_empty() {
        "is unknown; there are no checks".to_owned()
    } else {
        format!("is unknown; the checks are {}", known.join(", "))
    };
    InvalidField::new(format!("checks.{}", name.escape_debug()), message)
}
