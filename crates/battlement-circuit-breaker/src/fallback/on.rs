use battlement_core::Failure;
#[cfg(feature = "serde")]
use serde::Deserialize;

/// A class of failures for which a [`FallbackLayer`](crate::FallbackLayer) answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FallbackOn {
    /// A local layer rejected the call, as an open circuit breaker does.
    Rejected,
    /// No response arrived in time.
    Timeout,
    /// The service responded that it failed, or that it is overloaded.
    Server,
    /// The connection could not be made, or broke before the response head.
    Transport,
}

impl FallbackOn {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Rejected, Self::Timeout, Self::Server, Self::Transport];

    /// Returns the class of a failure.
    #[must_use]
    pub const fn of(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(_) => Self::Rejected,
            Failure::Timeout => Self::Timeout,
            Failure::Server | Failure::Overload { .. } => Self::Server,
            _ => Self::Transport,
        }
    }

    /// Returns the name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Transport => "transport",
        }
    }
}

/// The chosen classes of failures, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen(u8);

impl Chosen {
    pub(super) fn all() -> Self {
        FallbackOn::ALL.into_iter().collect()
    }

    pub(super) const fn contains(self, failure: Failure) -> bool {
        self.0 & Self::bit(FallbackOn::of(failure)) != 0
    }

    const fn bit(on: FallbackOn) -> u8 {
        1 << on as u8
    }
}

impl FromIterator<FallbackOn> for Chosen {
    fn from_iter<I: IntoIterator<Item = FallbackOn>>(classes: I) -> Self {
        Self(classes.into_iter().fold(0, |bits, on| bits | Self::bit(on)))
    }
}

#[cfg(test)]
mod tests {
    use battlement_core::RejectionKind;

    use super::*;

    #[test]
    fn each_failure_is_in_the_class_of_its_cause() {
        for (failure, on) in [
            (Failure::Rejected(RejectionKind::CircuitOpen), FallbackOn::Rejected),
            (Failure::Timeout, FallbackOn::Timeout),
            (Failure::Server, FallbackOn::Server),
            (Failure::Overload { pushback: None }, FallbackOn::Server),
            (Failure::Transport, FallbackOn::Transport),
            (Failure::NotProcessed, FallbackOn::Transport),
        ] {
            assert_eq!(FallbackOn::of(failure), on, "{failure:?}");
            assert!(Chosen::from_iter([on]).contains(failure) && Chosen::all().contains(failure));
            assert!(!Chosen(0).contains(failure));
            let others = FallbackOn::ALL.into_iter().filter(|other| *other != on);
            assert!(!Chosen::from_iter(others).contains(failure), "{failure:?}");
        }
    }
}
