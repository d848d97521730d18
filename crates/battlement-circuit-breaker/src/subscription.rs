use std::{fmt, future::pending};

use tokio::sync::watch;

use crate::State;

/// A subscription to the states of a breaker, created by [`Handle::subscribe`](crate::Handle::subscribe).
///
/// A subscription holds the last state alone. The state of a breaker follows from the clock at the next call, so that no
/// change is seen while there are no calls.
#[derive(Clone)]
pub struct Subscription(Option<watch::Receiver<(u64, State)>>);

impl Subscription {
    pub(crate) const fn new(states: Option<watch::Receiver<(u64, State)>>) -> Self {
        Self(states)
    }

    /// Returns the last state.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.as_ref().map_or(State::Closed, |states| states.borrow().1)
    }

    /// Waits for a change, and returns the last state. Waits for ever once the layer, its services and its handles are
    /// dropped.
    pub async fn changed(&mut self) -> State {
        if let Some(states) = &mut self.0
            && states.changed().await.is_ok()
        {
            return states.borrow_and_update().1;
        }
        pending().await
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.state()).finish()
    }
}
