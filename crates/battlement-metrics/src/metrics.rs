use std::sync::Arc;

use crate::{
    ConfigError, HttpMetricsBuilder, MetricsLayer, config::Config, recorder::Recorder, shard,
    side::Side,
};

/// Metrics of HTTP requests and gRPC calls: creates the layers that record, and is shown by an
/// [`Exposition`](crate::Exposition). Clones share the same counts.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    /// A handle for each shard, with a reference count of its own: a request clones the handle of its shard, so that
    /// threads do not contend for one count.
    recorders: Arc<[Arc<Pinned>]>,
}

/// A handle of one shard, on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Pinned {
    pub(crate) recorder: Arc<Recorder>,
    /// The shard of requests that begin with this handle, wherever they end.
    pub(crate) shard: usize,
}

impl Pinned {
    /// Returns the claim on a request for the counts of `side`: the address of the counts, whose low bits are unused.
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
    /// Creates metrics with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> HttpMetricsBuilder {
        HttpMetricsBuilder::default()
    }

    pub(crate) fn of(config: Config) -> Result<Self, ConfigError> {
        let shards = config.shards;
        let recorder = Arc::new(Recorder::new(config)?);
        let pinned = |shard| Arc::new(Pinned { recorder: Arc::clone(&recorder), shard });
        Ok(Self { recorders: (0..shards).map(pinned).collect() })
    }

    /// Returns a layer that records the requests of a server.
    #[must_use]
    pub fn server_layer(&self) -> MetricsLayer {
        MetricsLayer::new(self.clone(), Side::Server, None)
    }

    /// Returns a server layer that records gRPC calls by method and by the status of the call, and other requests as
    /// HTTP.
    ///
    /// A method is a label value from its first call that ends with `OK`; until then it is `_OTHER`, since an error
    /// does not prove that the method exists. [`max_routes`](HttpMetricsBuilder::max_routes) limits the number of
    /// methods. [`grpc_methods`](HttpMetricsBuilder::grpc_methods) names methods in advance.
    #[must_use]
    pub fn grpc_layer(&self) -> MetricsLayer {
        self.recorder().create_grpc();
        MetricsLayer::new(self.clone(), Side::Grpc, None)
    }

    /// Returns a layer that records the calls of a client. `name` is the value of the label `server_address`: the name
    /// of the called service, never a value from a request. With the feature `reqwest`, the layer also wraps a
    /// `reqwest::Client`.
    #[must_use]
    pub fn client_layer(&self, name: &str) -> MetricsLayer {
        MetricsLayer::new(self.clone(), Side::Client, Some(self.recorder().clients.number(name)))
    }

    /// Returns a client layer that records gRPC calls by method and by the status of the call. A method is a label
    /// value from its first call that ends with `OK`, as on a [server](Self::grpc_layer).
    #[must_use]
    pub fn grpc_client_layer(&self, name: &str) -> MetricsLayer {
        MetricsLayer::new(
            self.clone(),
            Side::GrpcClient,
            Some(self.recorder().clients.number(name)),
        )
    }

    /// Returns the number of requests and calls in flight.
    #[must_use]
    pub fn active(&self) -> i64 {
        self.recorder().sides().map(|side| side.active.total()).sum()
    }

    /// Returns the number of requests and calls that have ended, successful or not.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.recorder().sides().map(crate::traffic::Traffic::ended).sum()
    }

    /// Returns an identifier that clones share.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(self.recorder()).addr()
    }

    pub(crate) fn recorder(&self) -> &Arc<Recorder> {
        &self.recorders[0].recorder
    }

    /// Returns the handle of this thread's shard, to be held by a request.
    pub(crate) fn pinned(&self) -> Arc<Pinned> {
        Arc::clone(shard::of(&self.recorders))
    }
}
