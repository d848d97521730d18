use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use battlement_core::{ConfigError, InvalidField};
use tokio::time::Instant;

#[cfg(feature = "http")]
use crate::http::Release;
use crate::{
    Algorithm,
    adaptive::{self, Sampler},
    class::{self, Classes},
    limiter::{Limiter, MOST_CLASSES, QueueConfig},
};

/// The checked settings of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) name: Cow<'static, str>,
    pub(crate) limit: Limit,
    /// The classes with their reserves, the highest first; empty for one class.
    pub(crate) classes: Vec<(Cow<'static, str>, f64)>,
    pub(crate) default_class: Option<Cow<'static, str>>,
    pub(crate) queue: Option<QueueConfig>,
    /// Whether a gRPC caller gets RESOURCE_EXHAUSTED.
    pub(crate) is_exhausted: bool,
    #[cfg(feature = "http")]
    pub(crate) release: Option<Release>,
}

/// The limit of a layer.
#[derive(Clone, Debug)]
pub(crate) enum Limit {
    Fixed(usize),
    Adaptive(Adaptive),
}

/// An adaptive limit.
#[derive(Clone)]
pub(crate) struct Adaptive {
    pub(crate) algorithm: MakeAlgorithm,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) initial: usize,
}

/// Creates the algorithm of one state of a layer.
type MakeAlgorithm = Arc<dyn Fn() -> Box<dyn Algorithm> + Send + Sync>;

/// The subject of the errors.
pub(crate) const SETTINGS: &str = "concurrency limit settings";

/// The excess of a sum of reserves that can be a rounding error: 0.33 + 0.56 + 0.11 is more than 1.
const ROUNDING: f64 = 1e-9;

/// The most calls in a queue that can be set.
const LONGEST_QUEUE: usize = 1_000_000;

impl Config {
    pub(crate) fn new(limit: Limit) -> Self {
        Self {
            enabled: true,
            name: Cow::Borrowed("default"),
            limit,
            classes: Vec::new(),
            default_class: None,
            queue: None,
            is_exhausted: false,
            #[cfg(feature = "http")]
            release: None,
        }
    }

    /// Returns the settings, or every error in them.
    pub(crate) fn checked(self) -> Result<Self, ConfigError> {
        ConfigError::check(SETTINGS, self.invalid_fields(), self)
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let most = Limiter::most(self.classes.len().clamp(1, MOST_CLASSES));
        let mut invalid = self.limit.invalid_fields(most);
        invalid.extend(self.invalid_classes());
        invalid.extend(self.queue.iter().flat_map(invalid_queue));
        invalid
    }

    fn invalid_classes(&self) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        if self.classes.len() > MOST_CLASSES {
            let message = format!("must be at most {MOST_CLASSES}, got {}", self.classes.len());
            invalid.push(InvalidField::new("classes", message));
        }
        for (index, (name, reserve)) in self.classes.iter().enumerate() {
            let field = |field: &str| format!("classes[{index}].{field}");
            if name.is_empty() {
                invalid.push(InvalidField::new(field("name"), "must not be empty"));
            }
            if self.classes[..index].iter().any(|(other, _)| other == name) {
                let message = format!("must differ from the other names, got {name:?}");
                invalid.push(InvalidField::new(field("name"), message));
            }
            if !(0.0..=1.0).contains(reserve) {
                let message = format!("must be 0 to 1, got {reserve}");
                invalid.push(InvalidField::new(field("reserve"), message));
            }
        }
        let sum: f64 = self.classes.iter().map(|(_, reserve)| reserve).sum();
        if sum > 1.0 + ROUNDING {
            let message = format!("must have reserves of at most 1 in sum, got {sum}");
            invalid.push(InvalidField::new("classes", message));
        }
        invalid.extend(self.unknown_default());
        invalid
    }

    fn unknown_default(&self) -> Option<InvalidField> {
        let name = self.default_class.as_ref()?;
        let names: Vec<_> = self.names();
        if names.contains(name) {
            return None;
        }
        let message = format!("must be one of the classes {names:?}, got {name:?}");
        Some(InvalidField::new("default_class", message))
    }

    fn names(&self) -> Vec<Cow<'static, str>> {
        if self.classes.is_empty() {
            return vec![Cow::Borrowed(class::DEFAULT)];
        }
        self.classes.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn class_set(&self) -> Classes {
        Classes::new(self.names(), self.default_class.as_deref())
    }

    pub(crate) fn limiter(&self) -> Limiter {
        let reserves: Vec<f64> = self.classes.iter().map(|(_, reserve)| *reserve).collect();
        let reserves = if reserves.is_empty() { vec![0.0] } else { reserves };
        Limiter::new(self.limit.initial(), &reserves, self.queue)
    }

    /// Returns the sampler of an adaptive limit.
    pub(crate) fn sampler(&self, now: Instant) -> Option<Sampler> {
        match &self.limit {
            Limit::Fixed(_) => None,
            Limit::Adaptive(Adaptive { algorithm, min, max, initial }) => {
                Some(Sampler::new(algorithm(), *min, *max, *initial, now))
            }
        }
    }
}

impl Limit {
    const fn initial(&self) -> usize {
        match self {
            Self::Fixed(limit) => *limit,
            Self::Adaptive(adaptive) => adaptive.initial,
        }
    }

    /// Returns the errors of a limit of which at most `most` can be counted.
    fn invalid_fields(&self, most: usize) -> Vec<InvalidField> {
        match self {
            Self::Fixed(limit) => out_of("limit", *limit, 1, most).into_iter().collect(),
            Self::Adaptive(Adaptive { min, max, initial, .. }) => {
                let bounds =
                    [out_of("adaptive.min", *min, 1, most), out_of("adaptive.max", *max, 1, most)];
                let mut invalid: Vec<_> = bounds.into_iter().flatten().collect();
                if min > max {
                    let message = format!("must be at most `max` ({max}), got {min}");
                    invalid.push(InvalidField::new("adaptive.min", message));
                } else {
                    invalid.extend(out_of("adaptive.initial", *initial, *min, *max));
                }
                invalid
            }
        }
    }
}

fn out_of(field: &str, value: usize, least: usize, most: usize) -> Option<InvalidField> {
    let message = || format!("must be {least} to {most}, got {value}");
    (!(least..=most).contains(&value)).then(|| InvalidField::new(field, message()))
}

fn invalid_queue(queue: &QueueConfig) -> Vec<InvalidField> {
    let mut invalid: Vec<_> =
        out_of("queue.length", queue.len, 1, LONGEST_QUEUE).into_iter().collect();
    if queue.time.is_zero() || queue.time > LONGEST_WAIT {
        let message =
            format!("must be more than 0 and at most {LONGEST_WAIT:?}, got {:?}", queue.time);
        invalid.push(InvalidField::new("queue.time", message));
    }
    invalid
}

/// The longest time in a queue that can be set.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Adaptive {
    /// Creates the limit of an algorithm, with the default bounds.
    pub(crate) fn new(algorithm: impl Algorithm + Clone + Sync) -> Self {
        let algorithm: MakeAlgorithm = Arc::new(move || Box::new(algorithm.clone()));
        let (min, max, initial) = (adaptive::MIN, adaptive::MAX, adaptive::INITIAL);
        Self { algorithm, min, max, initial }
    }
}

impl fmt::Debug for Adaptive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, initial, .. } = self;
        f.debug_struct("Adaptive")
            .field("min", min)
            .field("max", max)
            .field("initial", initial)
            .finish_non_exhaustive()
    }
}
