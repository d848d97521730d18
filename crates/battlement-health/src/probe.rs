use std::fmt;

/// A kind of probe that an orchestrator or a load balancer sends to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// Liveness: whether the process makes progress. A process that does not is restarted.
    Live,
    /// Readiness: whether requests may be sent to the process.
    Ready,
    /// Startup: whether the process has started. Until then the other probes do not count.
    Startup,
}

impl Probe {
    /// All probes.
    pub const ALL: [Self; 3] = [Self::Live, Self::Ready, Self::Startup];

    /// Returns the value for labels and documents: `live`, `ready` or `startup`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Ready => "ready",
            Self::Startup => "startup",
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probes(u8);

impl Probes {
    pub(crate) const READY: Self = Self(1 << Probe::Ready as u8);
    pub(crate) const LIVE: Self = Self(1 << Probe::Live as u8);
    pub(crate) const READY_AND_STARTUP: Self = Self(Self::READY.0 | 1 << Probe::Startup as u8);
    pub(crate) const READY_AND_LIVE: Self = Self(Self::READY.0 | Self::LIVE.0);

    pub(crate) const fn contains(self, probe: Probe) -> bool {
        self.0 & (1 << probe as u8) != 0
    }

    /// Returns why a check cannot be part of these probes, if it cannot.
    pub(crate) const fn invalid(self) -> Option<&'static str> {
        if self.contains(Probe::Live) {
            return Some(
                "must not contain `live`: a dependency that fails would restart every instance; use a heartbeat or a \
                 supervised task for liveness",
            );
        }
        if self.0 == 0 { Some("must contain `ready` or `startup`") } else { None }
    }
}

impl FromIterator<Probe> for Probes {
    fn from_iter<I: IntoIterator<Item = Probe>>(probes: I) -> Self {
        Self(probes.into_iter().fold(0, |set, probe| set | (1 << probe as u8)))
    }
}
