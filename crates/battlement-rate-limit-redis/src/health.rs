//! Probes and pings, which show whether Redis makes decisions.

mod ping;
mod probe;

use std::sync::Arc;

use battlement_rate_limit::remote::{self, Probe, State};

use crate::{
    client::Client,
    fault::{Fault, Unreachable},
};

/// Supervises the connections until the last handle is dropped. `report` is called when the state may have changed.
pub(crate) async fn supervise(
    client: &Arc<Client>,
    report: impl Fn(Option<&Fault>) + Send + 'static,
) {
    let probe = Health { client: Arc::clone(client), report, unknown: None };
    remote::supervise(&client.breaker, probe).await;
}

/// The probes and pings of one client.
struct Health<T> {
    client: Arc<Client>,
    report: T,
    /// The reason why the slots could not be read.
    unknown: Option<Fault>,
}

impl<T: Fn(Option<&Fault>) + Send + 'static> Probe for Health<T> {
    type Fault = Fault;

    fn probe(&mut self, group: usize) -> impl Future<Output = Result<(), Fault>> + Send + 'static {
        let (client, unknown) = (Arc::clone(&self.client), self.unknown.clone());
        async move {
            // Without slots, the fault of the group only says that there are none.
            let nothing = Fault::Unreachable(Unreachable::NoSlots);
            let probed = probe::run(&client, group).await;
            probed.map_err(|fault| unknown.filter(|_| fault == nothing).unwrap_or(fault))
        }
    }

    /// Discards a connection on which a probe was late.
    fn prepare(&mut self, group: usize, fault: &Fault) {
        if *fault == Fault::Late {
            self.client.link.renew(probe::slot(&self.client, group));
        }
    }

    /// Reads the slots again.
    async fn refresh(&mut self) {
        self.unknown = self.client.link.refresh().await.err();
    }

    async fn ping(&mut self) -> Vec<usize> {
        ping::ping(&self.client).await
    }

    fn is_connected(&mut self, group: usize) -> bool {
        self.client.link.open(probe::slot(&self.client, group)).is_some()
    }

    fn report(&mut self, _: State, fault: Option<&Fault>) {
        (self.report)(fault);
    }
}
