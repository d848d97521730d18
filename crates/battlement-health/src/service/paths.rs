/// The paths of the probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paths {
    pub(crate) live: &'static str,
    pub(crate) ready: &'static str,
    pub(crate) startup: &'static str,
}

impl Default for Paths {
    fn default() -> Self {
        Self { live: "/livez", ready: "/readyz", startup: "/startupz" }
    }
}
