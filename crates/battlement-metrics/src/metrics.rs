use std::sync::Arc;

use crate::{
    ConfigError, HttpMetricsBuilder, MetricsLayer, config::Config, recorder::Recorder, shard,
    side::Side,
};

/// What is counted of requests and calls: makes the layers that count, and is shown by an
/// [`Exposition`](crate::Exposition). Clones are the same counts.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    /// One for each shard, and one count of owners each: a request clones its own shard's, so that two
    /// threads do not fight over one count.
    recorders: Arc<[Arc<Pinned>]>,
}

/// Alone on its cache lines.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Pinned {
    pub(crate) recorder: Arc<Recorder>,
    /// Where a request counts that began here, wherever it ends.
    pub(crate) shard: usize,
}

impl Pinned {
    /// Returns what claims a request for the counts of `side`: the address of the counts, whose low bits are free.
    pub(crate) fn claimant(&self, side: Side) -> usize {
        Arc::as_ptr(&self.recorder).addr() | side as usize
    }
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpMetrics {
    /// The defaults, as the crate's docs have them.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// The defaults, to be changed.
    pub fn builder() -> HttpMetricsBuilder {
        HttpMetricsBuilder::default()
    }

    pub(crate) fn of(config: Config) -> Result<Self, ConfigError> {
        let shards = config.shards;
        let recorder = Arc::new(Recorder::new(config)?);
        let pinned = |shard| Arc::new(Pinned { recorder: Arc::clone(&recorder), shard });
        Ok(Self { recorders: (0..shards).map(pinned).collect() })
    }

    /// Counts what a server answers.
    #[must_use]
    pub fn server_layer(&self) -> MetricsLayer {
        MetricsLayer::new(self.clone(), Side::Server, None)
    }

    /// The same, but gRPC calls are counted as such: by method, and by the status of the call.
    #[must_use]
    pub fn grpc_layer(&self) -> MetricsLayer {
        MetricsLayer::new(self.clone(), Side::Grpc, None)
    }

    /// Counts the calls of a client. `name` is yours, and is the label `server_address`: the service that
    /// is called, never what a request says.
    #[must_use]
    pub fn client_layer(&self, name: &str) -> MetricsLayer {
        MetricsLayer::new(self.clone(), Side::Client, Some(self.recorder().clients.number(name)))
    }

    /// The same, but gRPC calls are counted as such: by method, and by the status of the call. The methods
    /// that may be labels are those of [`grpc_methods`](HttpMetricsBuilder::grpc_methods), as on a server.
    #[must_use]
    pub fn grpc_client_layer(&self, name: &str) -> MetricsLayer {
        MetricsLayer::new(
            self.clone(),
            Side::GrpcClient,
            Some(self.recorder().clients.number(name)),
        )
    }

    /// How many requests and calls are under way.
    #[must_use]
    pub fn active(&self) -> i64 {
        self.recorder().sides().map(|side| side.active.total()).sum()
    }

    /// How many requests and calls have ended, in whatever way.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.recorder().sides().map(crate::traffic::Traffic::ended).sum()
    }

    /// Returns what tells these counts from others.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(self.recorder()).addr()
    }

    pub(crate) fn recorder(&self) -> &Arc<Recorder> {
        &self.recorders[0].recorder
    }

    /// This thread's, for a request to hold.
    pub(crate) fn pinned(&self) -> Arc<Pinned> {
        Arc::clone(shard::of(&self.recorders))
    }
}
