use std::time::Duration;

use tokio::time::Instant;

use super::{Times, View, after};
use crate::TimeoutKind;

/// An action on a connection that has reached a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Tell the peer that the connection takes no further requests: `Connection: close` on the next response, or a
    /// GOAWAY frame. The kind is missing for the limit of requests.
    Announce(Option<TimeoutKind>),
    /// Close the connection, which has no request in flight: over HTTP/1 at once, over HTTP/2 by a GOAWAY frame.
    Finish(TimeoutKind),
    /// Drop the connection.
    Cut(TimeoutKind),
}

/// Decides what is due on a connection, and when.
///
/// The clock is read only when the peer begins to keep the connection waiting, never for a request that arrives whole
/// and whose response fits into the socket's buffer.
#[derive(Debug)]
pub(crate) struct Watch {
    times: Times,
    accepted: Instant,
    head_since: Option<Instant>,
    /// The time since when the peer has read no byte, and the progress at that time.
    blocked: Option<(Instant, usize)>,
    /// The time at which the peer had read the last byte that had to wait for it.
    read_all: Option<Instant>,
    /// The time of the announcement that the connection has reached its age or its number of requests.
    announced: Option<Instant>,
    /// Whether the connection closes as soon as no request is in flight.
    closing: bool,
    /// The time since when the peer has to answer the PING of a graceful GOAWAY.
    asked: Option<Instant>,
}

impl Watch {
    pub(crate) const fn new(times: Times, accepted: Instant) -> Self {
        Self {
            times,
            accepted,
            head_since: None,
            blocked: None,
            read_all: None,
            announced: None,
            closing: false,
            asked: None,
        }
    }

    /// Returns the longest time after which a connection is looked at again.
    ///
    /// The end of an HTTP/2 request does not always wake the task of its connection, but no wait is over sooner.
    pub(crate) fn period(&self) -> Duration {
        self.times.idle.min(self.times.write)
    }

    /// Returns whether only pressing marks can make something due before the time of the earliest limit.
    pub(crate) fn can_settle(&self, view: &View) -> bool {
        let presses = view.head_begun || view.blocked;
        view.opened
            && !presses
            && self.times.requests.is_none()
            && self.announced.is_none()
            && !self.closing
    }

    /// Records that what is due happens at `now`.
    pub(crate) fn happens(&mut self, due: Due, now: Instant) {
        match due {
            Due::Announce(_) => self.announced = Some(now),
            Due::Finish(_) => self.closing = true,
            Due::Cut(_) => {}
        }
    }

    /// Records a graceful GOAWAY at `now`, for a limit or a shutdown. Its PING waits for an answer.
    pub(crate) fn goaway(&mut self, now: Instant) {
        self.closing = true;
        self.asked.get_or_insert(now);
    }

    /// Returns what is due first, and when.
    pub(crate) fn next(
        &mut self,
        view: &View,
        clock: impl Fn() -> Instant,
    ) -> Option<(Instant, Due)> {
        if !view.opened {
            let deadline = after(self.accepted, self.times.first_request);
            return Some((deadline, Due::Cut(TimeoutKind::FirstRequest)));
        }
        let waits = [self.write(view, &clock), self.header(view, &clock), self.idle(view)];
        waits.into_iter().chain([self.end(view)]).flatten().min_by_key(|(at, _)| *at)
    }

    fn write(&mut self, view: &View, clock: impl Fn() -> Instant) -> Option<(Instant, Due)> {
        if !view.blocked {
            if self.blocked.take().is_some() {
                self.read_all = Some(clock());
            }
            return None;
        }
        let since = match self.blocked {
            Some((since, progress)) if progress == view.progress => since,
            _ => clock(),
        };
        self.blocked = Some((since, view.progress));
        Some((after(since, self.times.write), Due::Cut(TimeoutKind::Write)))
    }

    fn header(&mut self, view: &View, clock: impl Fn() -> Instant) -> Option<(Instant, Due)> {
        if !view.head_begun {
            self.head_since = None;
            return None;
        }
        let since = *self.head_since.get_or_insert_with(clock);
        Some((after(since, self.times.header), Due::Cut(TimeoutKind::Header)))
    }

    fn idle(&self, view: &View) -> Option<(Instant, Due)> {
        // A request is over for its handler before the peer has read the response.
        if view.in_flight || view.head_begun || view.blocked {
            return None;
        }
        let since = self.read_all.map_or(view.idle_since, |read| read.max(view.idle_since));
        if !self.closing {
            return Some((after(since, self.times.idle), Due::Finish(TimeoutKind::Idle)));
        }
        let since = self.asked?.max(since);
        Some((after(since, self.times.answer), Due::Cut(TimeoutKind::Ping)))
    }

    /// Limits the life of the connection.
    fn end(&self, view: &View) -> Option<(Instant, Due)> {
        if let Some(since) = self.announced {
            let grace = self.times.grace.filter(|_| view.in_flight)?;
            return Some((after(since, grace), Due::Cut(TimeoutKind::Grace)));
        }
        if self.times.requests.is_some_and(|requests| view.requests >= requests) {
            return Some((self.accepted, Due::Announce(None)));
        }
        let age = after(self.accepted, self.times.age?);
        Some((age, Due::Announce(Some(TimeoutKind::Age))))
    }
}
