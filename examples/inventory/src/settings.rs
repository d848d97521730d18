use crate::PerMinute;

/// The settings of the service. The defaults are those of the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// The calls of one client address.
    pub per_minute: PerMinute,
    /// Whether operators may let calls fail.
    pub faults: bool,
}
