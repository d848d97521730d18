use std::{
    any::Any,
    borrow::Cow,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{Extensions, Request};
use tokio::time::Instant;

use crate::{
    ClientIp, CorrelationId, Deadline, DropReason, Hold, Phases, RequestId, Trace, Unread, current,
    holds::Holds, moving_deadline::MovingDeadline, overrides::Overrides,
};

/// The facts that server layers share about one request.
///
/// An extension of the request, created by the outermost layer and shared by all: a clone is one atomic increment.
/// Each fact is set once, by the layer responsible for it, and the first value applies. So a layer that is applied
/// twice, or a service inside another, agrees with the rest.
///
/// These are the facts of a server; a call to another service carries [`CallFacts`](crate::CallFacts).
#[derive(Clone, Debug)]
pub struct RequestFacts(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    start: Instant,
    // Known when the facts are created, at no cost, or set later.
    ids: Option<Ids>,
    later_ids: OnceLock<Box<Ids>>,
    client: OnceLock<ClientIp>,
    route: OnceLock<Cow<'static, str>>,
    holds: Holds,
    drop_reason: AtomicU8,
    claimed_by: AtomicUsize,
    recorded_by: [AtomicUsize; 2],
    deadline: MovingDeadline,
    overrides: Overrides,
}

/// The ids of a request, chosen together by one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The id of the request.
    pub id: RequestId,
    /// The id of the flow it belongs to, if correlation ids are enabled.
    pub correlation: Option<CorrelationId>,
    /// The position in a trace.
    pub trace: Option<Trace>,
    /// The headers that were not read and are passed on.
    pub unread: Unread,
}

impl Ids {
    /// Creates the ids of a request with a request id alone.
    #[must_use]
    pub const fn new(id: RequestId) -> Self {
        let unread = Unread { correlation: false, trace: false };
        Self { id, correlation: None, trace: None, unread }
    }
}

impl RequestFacts {
    /// Creates the facts of a request that began at `start`.
    #[must_use]
    pub fn starting(start: Instant) -> Self {
        Self::made(start, None)
    }

    /// Creates the facts of a request that began at `start`, with its ids.
    #[must_use]
    pub fn identified(start: Instant, ids: Ids) -> Self {
        Self::made(start, Some(ids))
    }

    fn made(start: Instant, ids: Option<Ids>) -> Self {
        Self(Arc::new(Facts {
            start,
            ids,
            later_ids: OnceLock::new(),
            client: OnceLock::new(),
            route: OnceLock::new(),
            holds: Holds::none(),
            drop_reason: AtomicU8::new(DropReason::default() as u8),
            claimed_by: AtomicUsize::new(0),
            recorded_by: [AtomicUsize::new(0), AtomicUsize::new(0)],
            deadline: MovingDeadline::unset(),
            overrides: Overrides::none(),
        }))
    }

    /// Returns the facts of `request`, if a layer has created them.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the facts in `extensions`, for code that has only the parts of a request.
    #[inline]
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Self>()
    }

    /// Returns the facts of `request`, and creates them if no outer layer has; that reads the clock.
    #[inline]
    pub fn of_or_start<B>(request: &mut Request<B>) -> Self {
        match Self::of(request) {
            Some(facts) => facts.clone(),
            None => Self::start_in(request.extensions_mut()),
        }
    }

    fn start_in(extensions: &mut Extensions) -> Self {
        let facts = Self::starting(Instant::now());
        extensions.insert(facts.clone());
        facts
    }

    /// Returns the facts of the current request: the one whose future or body is being polled.
    ///
    /// They are set by [`within`](crate::within); the documentation of a layer says whether it does that.
    #[must_use]
    pub fn current() -> Option<Self> {
        current::get()
    }

    /// Returns the time at which the outermost layer received the request: the one clock reading that all layers
    /// share.
    #[must_use]
    pub fn start(&self) -> Instant {
        self.0.start
    }

    /// Returns the ids of the request, once a layer has chosen them.
    #[must_use]
    pub fn ids(&self) -> Option<&Ids> {
        self.0.ids.as_ref().or_else(|| self.0.later_ids.get().map(AsRef::as_ref))
    }

    /// Sets the ids, unless they are already set.
    pub fn set_ids(&self, ids: Ids) {
        if self.0.ids.is_none() {
            let _ = self.0.later_ids.set(Box::new(ids));
        }
    }

    /// Returns the id of the request.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.ids().map(|ids| &ids.id)
    }

    /// Returns the correlation id of the flow that the request belongs to.
    #[must_use]
    pub fn correlation(&self) -> Option<&CorrelationId> {
        self.ids()?.correlation.as_ref()
    }

    /// Returns the position of the request in a trace.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.ids()?.trace.as_ref()
    }

    /// Returns the client, once a layer has resolved it.
    #[must_use]
    pub fn client(&self) -> Option<&ClientIp> {
        self.0.client.get()
    }

    /// Sets the client, unless it is already set.
    pub fn set_client(&self, client: ClientIp) {
        let _ = self.0.client.set(client);
    }

    /// Returns the template of the route, as `/users/{id}`; never the path.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.0.route.get().map(AsRef::as_ref)
    }

    /// Sets the template of the route, unless it is already set.
    ///
    /// For routers and inner layers that know the route, so that outer layers can read it. It must not be the path,
    /// which a client chooses.
    pub fn set_route(&self, template: impl Into<Cow<'static, str>>) {
        let _ = self.0.route.set(template.into());
    }

    /// Returns the deadline of the request, if a layer has set one.
    ///
    /// The deadline may still move: code that waits for it reads it again at each poll.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.0.deadline.get().map(|after| Deadline::after(self.0.start, after))
    }

    /// Sets the deadline to `after` the start of the request; inner code can move it to at most `max` after the start.
    ///
    /// If an outer layer has set a deadline, the earlier one of both applies, and the smaller `max`.
    pub fn set_deadline(&self, after: Duration, max: Duration) {
        self.0.deadline.set(after, max);
    }

    /// Moves the deadline to `after` the start of the request, or to its maximum if that is earlier. Without a deadline
    /// this has no effect.
    ///
    /// For an inner layer or a handler that knows how long its route may take.
    pub fn move_deadline(&self, after: Duration) {
        self.0.deadline.move_to(after);
    }

    /// Returns the phases of the process, if a layer takes part in its shutdown: a handler that streams ends itself once
    /// the process drains.
    #[must_use]
    pub fn phases(&self) -> Option<Phases> {
        self.0.holds.phases()
    }

    /// Holds the request in flight for a drain that follows `phases`, which apply to the request unless others already
    /// do, until the hold is [released](Self::release_hold).
    ///
    /// For a layer that may be applied twice, as around a router and inside of it: the process counts the request from
    /// the first hold to the end of the last.
    #[inline]
    #[must_use]
    pub fn hold(&self, phases: &Phases) -> Hold {
        self.0.holds.hold(phases)
    }

    /// Ends a [hold](Self::hold) for `phases`, and returns whether the request is over for the drain's process.
    #[inline]
    #[must_use]
    pub fn release_hold(&self, hold: Hold, phases: &Phases) -> bool {
        self.0.holds.release(hold, phases)
    }

    /// Adds settings of the request's route, for the outer layer that reads this type.
    ///
    /// An inner layer on the route writes them, and an outer layer of the same crate reads them after the inner service
    /// was called. The `Arc` is shared by all requests of the route. If several layers write the same type, the
    /// innermost applies, because it writes last.
    pub fn add_override<T: Any + Send + Sync>(&self, settings: Arc<T>) {
        self.0.overrides.push(settings);
    }

    /// Returns the settings of this type for the request's route, if an inner layer has added any.
    #[must_use]
    pub fn overridden<T: Any>(&self) -> Option<&T> {
        self.0.overrides.last()
    }

    /// Claims the request for `claimant`, and returns the claimant that holds it already, if there is one.
    ///
    /// For a layer whose work is to be done once per request although it may be applied twice, as around a router and
    /// inside of it: its claimant is the address of its shared state, which is never 0. The first claim applies until
    /// it is [released](Self::release).
    #[must_use]
    pub fn claim(&self, claimant: usize) -> Option<usize> {
        // Layers see a request one after the other, so nothing comes between the two.
        match self.0.claimed_by.load(Relaxed) {
            0 => {
                self.0.claimed_by.store(claimant, Relaxed);
                None
            }
            holder => Some(holder),
        }
    }

    /// Releases the claim of `claimant`, so that another attempt at the same request can claim it. Without effect
    /// where another claimant holds the request.
    pub fn release(&self, claimant: usize) {
        if self.0.claimed_by.load(Relaxed) == claimant {
            self.0.claimed_by.store(0, Relaxed);
        }
    }

    /// Claims the record of the request for `claimant`, and returns whether the record is the claimant's to write: not
    /// if the same claimant has claimed it already.
    ///
    /// For an access log that may be applied twice, as around a router and inside of it. The claimant is as for
    /// [`claim`](Self::claim). A claim applies until it is [released](Self::release_record). Another claimant writes a
    /// record of its own; the claims of more than two are not kept.
    #[must_use]
    pub fn claim_record(&self, claimant: usize) -> bool {
        let holders = &self.0.recorded_by;
        if holders.iter().any(|holder| holder.load(Relaxed) == claimant) {
            return false;
        }
        if let Some(free) = holders.iter().find(|holder| holder.load(Relaxed) == 0) {
            free.store(claimant, Relaxed);
        }
        true
    }

    /// Releases the claim of `claimant` on the record, so that another attempt at the same request can claim it.
    pub fn release_record(&self, claimant: usize) {
        for holder in &self.0.recorded_by {
            if holder.load(Relaxed) == claimant {
                holder.store(0, Relaxed);
            }
        }
    }

    /// Returns why the call was dropped: the reason of the [`dropping`](crate::dropping) that runs on this thread,
    /// else the last one that [`drop_for`](Self::drop_for) stored, else [`DropReason::Cancelled`].
    #[must_use]
    pub fn drop_reason(&self) -> DropReason {
        DropReason::current().unwrap_or_else(|| drop_reason(self.0.drop_reason.load(Relaxed)))
    }

    /// Sets the reason for which the inner future or body will be dropped next; the last call applies.
    ///
    /// A layer that drops a part and continues sets [`DropReason::Cancelled`] afterwards, so that a later drop does
    /// not have the same reason.
    pub fn drop_for(&self, reason: DropReason) {
        self.0.drop_reason.store(reason as u8, Relaxed);
    }
}

/// Returns the reason that [`RequestFacts::drop_for`] stored as `reason`.
const fn drop_reason(reason: u8) -> DropReason {
    match reason {
        1 => DropReason::Timeout,
        2 => DropReason::Shutdown,
        _ => DropReason::Cancelled,
    }
}

#[cfg(test)]
mod tests;
