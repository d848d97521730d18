use crate::registry::Handle;

/// A check that was registered at run time. Dropping it unregisters the check, also while it runs.
#[derive(Debug)]
#[must_use = "dropping the registration unregisters the check"]
pub struct Registration(Handle);

impl Registration {
    pub(crate) const fn new(entry: Handle) -> Self {
        Self(entry)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.0.remove();
    }
}
