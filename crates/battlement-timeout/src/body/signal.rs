//! The message of a request body that has expired to the future of its request.
//!
//! A handler usually reads the body while its own future is polled, so that a cell of the thread reaches from the body
//! to the future, which no memory has to be shared for. Each message has the number of its body: a body may be read
//! within the future of another request, as in a proxy.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The number of a request body in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyId(u64);

#[derive(Clone, Copy)]
struct Expired {
    body: BodyId,
    limit: Duration,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static EXPIRED: Cell<Option<Expired>> = const { Cell::new(None) };
}

impl BodyId {
    pub(super) fn next() -> Self {
        Self(NEXT.fetch_add(1, Relaxed))
    }

    /// Reports that the body has exceeded `limit` to the future that is being polled on this thread, if there is one.
    pub(super) fn expire(self, limit: Duration) {
        EXPIRED.set(Some(Expired { body: self, limit }));
    }

    /// Runs `poll`, and returns the limit that the body has exceeded in it. Messages of other bodies are kept for the
    /// futures further out.
    #[inline]
    pub(super) fn watch<R>(self, poll: impl FnOnce() -> R) -> (R, Option<Duration>) {
        // Numbers are unique, so a panic that leaves a message behind does no harm.
        let outer = EXPIRED.replace(None);
        let result = poll();
        match EXPIRED.replace(outer) {
            None => (result, None),
            Some(expired) if expired.body == self => (result, Some(expired.limit)),
            other => {
                EXPIRED.set(other);
                (result, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_message_reaches_the_future_of_its_own_request() {
        let (outer, inner) = (BodyId::next(), BodyId::next());
        let ((), found) = outer.watch(|| {
            let ((), found) = inner.watch(|| outer.expire(SECOND));
            assert_eq!(found, None);
            let ((), found) = inner.watch(|| inner.expire(2 * SECOND));
            assert_eq!(found, Some(2 * SECOND));
        });
        assert_eq!(found, Some(SECOND));
    }

    #[test]
    fn a_message_from_outside_of_a_poll_is_lost() {
        let body = BodyId::next();
        body.expire(SECOND);
        assert_eq!(body.watch(|| ()).1, None);
    }
}
