use super::*;

/// Settings, from which those of the breakers are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The share, the minimum and the seconds of the window.
    pub(super) time: Option<(f64, u32, u64)>,
    /// The share, the minimum and the calls.
    pub(super) calls: Option<(f64, u32, u32)>,
    /// The share, the minimum, and the seconds or calls of the window.
    pub(super) slow: Option<(f64, u32, Result<u64, u32>)>,
    /// The failures, and whether they count only below the minimum of a rate.
    pub(super) consecutive: Option<(u32, bool)>,
    /// The first interval and the cap, in milliseconds.
    pub(super) first: u64,
    pub(super) cap: u64,
    pub(super) trial: Option<(u32, u32)>,
    pub(super) shadow: bool,
    pub(super) max_open: f64,
}

const DEFAULT: Rules = Rules {
    time: Some((0.5, 20, 10)),
    calls: None,
    slow: None,
    consecutive: Some((5, true)),
    first: 5_000,
    cap: 60_000,
    trial: Some((3, 2)),
    shadow: false,
    max_open: 1.0,
};

impl Rules {
    pub(super) const ALL: [Self; 6] = [
        DEFAULT,
        Self { max_open: 0.5, consecutive: Some((2, false)), ..DEFAULT },
        Self {
            time: None,
            calls: Some((0.5, 4, 10)),
            slow: Some((0.5, 3, Ok(2))),
            consecutive: None,
            trial: Some((5, 4)),
            ..DEFAULT
        },
        Self { time: Some((1.0, 2, 1)), trial: None, first: 1_000, cap: 1_000, ..DEFAULT },
        Self {
            slow: Some((0.25, 2, Err(6))),
            calls: Some((0.75, 3, 3)),
            consecutive: Some((3, true)),
            shadow: true,
            ..DEFAULT
        },
        Self { time: Some((0.25, 6, 60)), trial: Some((1, 1)), max_open: 0.5, ..DEFAULT },
    ];

    pub(super) fn config(&self) -> Config {
        let rate = |share, minimum| Rate::at_least(share).minimum(minimum);
        let conditions = [
            self.time.map(|(share, minimum, window)| {
                Trip::failure_rate(rate(share, minimum).over(window.seconds()))
            }),
            self.calls.map(|(share, minimum, calls)| {
                Trip::failure_rate(rate(share, minimum).over_calls(calls))
            }),
            self.slow.map(|(share, minimum, over)| {
                let rate = rate(share, minimum);
                Trip::slow_rate(match over {
                    Ok(window) => rate.over(window.seconds()),
                    Err(calls) => rate.over_calls(calls),
                })
            }),
            self.consecutive.map(|(failures, below)| {
                if below {
                    Trip::consecutive_below_minimum(failures)
                } else {
                    Trip::consecutive(failures)
                }
            }),
        ];
        let [first, cap] = [self.first, self.cap].map(Duration::from_millis);
        let config = Config {
            trip: conditions.into_iter().flatten().reduce(Trip::or).unwrap(),
            open_for: OpenFor::doubling(first, cap).jitter(false),
            half_open: self.trial.map(|(probes, successes)| HalfOpen::new(probes, successes)),
            slow_after: SECOND,
            shadow: self.shadow,
            max_open: self.max_open,
            ..Config::default()
        };
        config.checked().unwrap()
    }
}
