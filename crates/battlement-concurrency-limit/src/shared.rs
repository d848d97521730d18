use std::{borrow::Cow, fmt, sync::Arc};

use battlement_core::Deadline;
use tokio::time::Instant;

#[cfg(feature = "http")]
use crate::http::Release;
use crate::{
    ClassSnapshot, LimitCause, LimitChange, Overloaded, Reason, Snapshot,
    adaptive::{Decision, Sample, Sampler},
    call::Call,
    class::Classes,
    config::Config,
    limiter::{Limiter, Limits, Permit},
    observe::Observer,
    shedding::Shedding,
    wait::Wait,
};

/// The state of a layer, which its services and handles share.
pub(crate) struct Shared {
    limiter: Limiter,
    /// `None` if the limit is fixed.
    sampler: Option<Sampler>,
    classes: Classes,
    shedding: Shedding,
    observer: Observer,
    name: Cow<'static, str>,
    is_exhausted: bool,
    #[cfg(feature = "http")]
    pub(crate) release: Option<Release>,
}

impl Shared {
    pub(crate) fn new(config: &Config, observer: &Observer) -> Arc<Self> {
        let now = Instant::now();
        let classes = config.class_set();
        if let Some(observer) = observer.get() {
            observer.classes(classes.names());
        }
        Arc::new(Self {
            limiter: config.limiter(),
            sampler: config.sampler(now),
            classes,
            shedding: Shedding::new(now),
            observer: observer.clone(),
            name: config.name.clone(),
            is_exhausted: config.is_exhausted,
            #[cfg(feature = "http")]
            release: config.release.clone(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    #[inline]
    pub(crate) const fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Admits a call, if the limit allows it and no other call waits before it.
    // Inlined, since the call is returned in several words, which a function would copy.
    #[inline(always)]
    pub(crate) fn admit(self: &Arc<Self>, class: usize) -> Option<Call> {
        let permit = self.acquire(class)?;
        if self.shedding.is_on() {
            self.calm();
        }
        Some(self.open(permit))
    }

    /// Begins a call that has its permit.
    #[inline(always)]
    fn open(&self, permit: Permit<Self>) -> Call {
        let sample = self.sampler.as_ref().map(|sampler| {
            let in_flight = self.limiter.total();
            sampler.start(Instant::now, in_flight)
        });
        Call::new(permit, sample)
    }

    /// Puts a call that was not admitted into the queue, or rejects it.
    pub(crate) fn wait(
        self: &Arc<Self>,
        class: usize,
        deadline: Option<Deadline>,
    ) -> Result<Wait, Overloaded> {
        let now = Instant::now();
        self.note_full();
        match self.enqueue(class, now, deadline.map(Deadline::instant)) {
            Ok(waiting) => Ok(Wait::new(waiting, class, now)),
            Err(reason) => Err(self.reject_at(reason, class, now)),
        }
    }

    /// Rejects a call, and reports it.
    #[cold]
    pub(crate) fn reject(&self, reason: Reason, class: usize) -> Overloaded {
        self.reject_at(reason, class, Instant::now())
    }

    pub(crate) fn reject_at(&self, reason: Reason, class: usize, now: Instant) -> Overloaded {
        self.note_full();
        self.shedding.rejected(&self.name, reason, self.limiter.limit(), now);
        if let Some(observer) = self.observer.get() {
            observer.rejected(reason, class);
        }
        Overloaded::new(reason, self.is_exhausted)
    }

    /// Reports a call that has waited since `since`, and begins it.
    pub(crate) fn granted(
        &self,
        permit: Permit<Self>,
        class: usize,
        since: Instant,
        now: Instant,
    ) -> Call {
        if self.shedding.is_on() {
            self.shedding.calm(&self.name, self.limiter.limit(), now);
        }
        if let Some(observer) = self.observer.get() {
            observer.queued(now.saturating_duration_since(since), class);
        }
        self.open(permit)
    }

    /// Shows the algorithm that the limit is in use.
    fn note_full(&self) {
        if let Some(sampler) = &self.sampler {
            sampler.note_full();
        }
    }

    /// Takes the sample of a call that was answered.
    #[inline(always)]
    pub(crate) fn answered(&self, sample: Sample, now: Instant) {
        let decision = self.sampler.as_ref().and_then(|sampler| sampler.answered(sample, now));
        if let Some(decision) = decision {
            self.decided(&decision);
        }
    }

    /// Takes the sample of a call that timed out, or that the service rejected.
    #[cold]
    pub(crate) fn dropped(&self, sample: Sample, now: Instant) {
        let decision = self.sampler.as_ref().and_then(|sampler| sampler.dropped(sample, now));
        if let Some(decision) = decision {
            self.decided(&decision);
        }
    }

    #[cold]
    fn decided(&self, decision: &Decision) {
        self.change(decision.limit, decision.cause);
    }

    /// Sets the limit, for a handle.
    pub(crate) fn set_limit(&self, limit: usize) {
        if let Some(sampler) = &self.sampler {
            sampler.limit_was_set(limit, Instant::now());
        }
        self.change(limit, LimitCause::Handle);
    }

    /// Sets whether an adaptive limit is held.
    pub(crate) fn hold(&self, is_held: bool) {
        if let Some(sampler) = &self.sampler {
            sampler.hold(is_held);
        }
    }

    /// Applies the limit `to`, which the sampler of an adaptive limit already has.
    fn change(&self, mut to: usize, cause: LimitCause) {
        loop {
            let from = self.limiter.set_limit(to);
            if let Some(observer) = self.observer.get()
                && from != to
            {
                observer.limit_changed(&LimitChange { from, to, cause });
            }
            // A handle and a decision may change the limit at once. The sampler then has the later limit, which the
            // limiter must not lose to the earlier one.
            let latest = self.sampler.as_ref().map_or(to, Sampler::limit);
            if latest == to {
                return;
            }
            to = latest;
        }
    }

    #[cold]
    fn calm(&self) {
        self.shedding.calm(&self.name, self.limiter.limit(), Instant::now());
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        if self.shedding.is_on() {
            self.calm();
        }
        let (limit, in_flight) = self.limiter.usage();
        let class = |(class, name): (usize, &Cow<'static, str>)| ClassSnapshot {
            name: name.clone(),
            in_flight: in_flight[class],
            queued: self.limiter.queued(class),
        };
        let classes: Vec<_> = self.classes.names().iter().enumerate().map(class).collect();
        Snapshot {
            limit,
            in_flight: classes.iter().map(|class| class.in_flight).sum(),
            queued: classes.iter().map(|class| class.queued).sum(),
            rejections: self.shedding.rejections(),
            is_shedding: self.shedding.is_on(),
            is_held: self.sampler.as_ref().is_some_and(Sampler::is_held),
            classes,
        }
    }

    pub(crate) fn has_queue(&self) -> bool {
        self.limiter.has_queue()
    }

    /// Returns the largest limit that the state can count.
    pub(crate) fn largest_limit(&self) -> usize {
        Limiter::most(self.classes.names().len())
    }
}

impl Limits for Shared {
    #[inline]
    fn limiter(&self) -> &Limiter {
        &self.limiter
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("name", &self.name).finish_non_exhaustive()
    }
}
