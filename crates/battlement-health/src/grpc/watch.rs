use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::{OwnedSemaphorePermit, watch};
use tonic::codegen::tokio_stream::Stream;

use super::{
    proto::{HealthCheckResponse, health_check_response::ServingStatus},
    services::{Name, Service},
};
use crate::Summary;

/// An open Watch.
///
/// The status is read when the connection asks for the next message, so a slow reader gets the latest status, and
/// no messages are queued.
pub(super) struct Watch {
    pub(super) service: String,
    pub(super) summary: watch::Receiver<Summary>,
    pub(super) services: watch::Receiver<BTreeMap<Name, Service>>,
    pub(super) sent: Option<ServingStatus>,
    /// The share of this Watch in the number that may be open.
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Watch {
    /// Waits for a status other than the last one. Returns `None` once the server drains and the last status has been
    /// sent.
    async fn next(mut self) -> Option<(ServingStatus, Self)> {
        loop {
            let (status, is_draining) = self.now();
            if self.sent.replace(status) != Some(status) {
                return Some((status, self));
            }
            if is_draining {
                return None;
            }
            let changed = tokio::select! {
                changed = self.summary.changed() => changed,
                changed = self.services.changed() => changed,
            };
            // The registry or the server is gone.
            changed.ok()?;
        }
    }

    /// Returns the status of the service, and whether the server drains.
    fn now(&mut self) -> (ServingStatus, bool) {
        let summary = *self.summary.borrow_and_update();
        let services = self.services.borrow_and_update();
        let status = services
            .get(self.service.as_str())
            .map(|service| service.serving(summary.status(service.probe), summary.is_draining));
        (status.unwrap_or(ServingStatus::ServiceUnknown), summary.is_draining)
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(ServingStatus, Watch)>> + Send>>;

/// The messages of one Watch. The future of each message is boxed: a Watch has few.
pub(super) struct WatchStream(Option<Next>);

impl WatchStream {
    pub(super) fn new(watch: Watch) -> Self {
        Self(Some(Box::pin(watch.next())))
    }
}

impl Stream for WatchStream {
    type Item = Result<HealthCheckResponse, tonic::Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.0 else { return Poll::Ready(None) };
        let Some((status, watch)) = ready!(next.as_mut().poll(cx)) else {
            // The permit is returned at the end of the messages, not when the client has read it.
            self.0 = None;
            return Poll::Ready(None);
        };
        self.0 = Some(Box::pin(watch.next()));
        Poll::Ready(Some(Ok(HealthCheckResponse { status: status.into() })))
    }
}
