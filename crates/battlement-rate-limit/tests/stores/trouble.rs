use std::time::Duration;

use battlement_rate_limit::remote::{OnFailure, Share, State};
use battlement_testkit::eventually;

use crate::remote::{Lie, Network, Remote};

/// A way in which the server of a store does not decide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// The server receives and answers nothing.
    Stopped,
    /// The server answers after the deadline.
    Slow,
    /// The clock of the server is ahead, so that it refuses each question as late.
    Lying,
}

/// A store with the network to its server.
pub(crate) struct Shop {
    pub(crate) store: Remote,
    network: Network,
}

pub(crate) const DEADLINE: Duration = Duration::from_millis(50);
/// A share of half of the limit.
pub(crate) const HALF: OnFailure = OnFailure::LocalFallback { share: Share::percent(50) };
/// How long a probe may take to show a change.
const PATIENCE: Duration = Duration::from_secs(30);

impl Trouble {
    pub(crate) const ALL: [Self; 3] = [Self::Stopped, Self::Slow, Self::Lying];
}

impl Shop {
    /// Opens a store that caches no denials, once its server was probed.
    pub(crate) async fn open(on_failure: OnFailure, deadline: Duration) -> Self {
        Self::with_denials(on_failure, deadline, 0).await
    }

    pub(crate) async fn with_denials(
        on_failure: OnFailure,
        deadline: Duration,
        denials: usize,
    ) -> Self {
        let network = Network::with_deadline(deadline);
        let store = Remote::with_denials(network.clone(), on_failure, denials);
        let shop = Self { store, network };
        shop.reach(State::Up).await;
        shop
    }

    /// Begins the trouble.
    pub(crate) fn begin(&self, trouble: Trouble) {
        match trouble {
            Trouble::Stopped => self.network.stop(),
            Trouble::Slow => self.network.delay(2 * DEADLINE),
            Trouble::Lying => self.store.server().lie(Lie::Ahead(Duration::from_secs(3_600))),
        }
    }

    /// Ends the trouble.
    pub(crate) fn end(&self, trouble: Trouble) {
        match trouble {
            Trouble::Stopped | Trouble::Slow => self.network.resume(),
            Trouble::Lying => self.store.server().lie(Lie::Ahead(Duration::ZERO)),
        }
    }

    /// Waits until probes have shown this state.
    pub(crate) async fn reach(&self, state: State) {
        let is_reached = eventually(PATIENCE, || self.store.state() == state).await;
        assert!(is_reached, "expected {state:?}, got {:?}", self.store.state());
    }

    /// Returns the number of messages to and from the server so far.
    pub(crate) fn messages(&self) -> u64 {
        self.network.messages()
    }
}
