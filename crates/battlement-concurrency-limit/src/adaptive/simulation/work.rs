use super::Random;

/// The service times, with their mean in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Work {
    Constant(f64),
    /// Between half and one and a half times the mean.
    Uniform(f64),
    Exponential(f64),
    /// Either of the two, equally often.
    Either(f64, f64),
}

impl Work {
    /// Draws a service time in nanoseconds.
    pub(super) fn draw(self, random: &mut Random) -> u64 {
        let milliseconds = match self {
            Self::Constant(mean) => mean,
            Self::Uniform(mean) => mean * (0.5 + random.unit()),
            Self::Exponential(mean) => return random.exponential(mean * 1e6),
            Self::Either(one, other) => {
                if random.unit() < 0.5 {
                    one
                } else {
                    other
                }
            }
        };
        (milliseconds * 1e6) as u64
    }
}
