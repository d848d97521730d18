use std::fmt;

use http::{Method, Uri};

use crate::{Naming, methods::Methods, shard};

/// What mistakes are of.
pub(crate) const SETTINGS: &str = "metrics settings";

/// Tells the route template of a request from its head.
type RouteOf = Box<dyn Fn(&Method, &Uri) -> Option<&'static str> + Send + Sync>;

/// What an [`HttpMetrics`](crate::HttpMetrics) was told.
pub(crate) struct Config {
    pub(crate) methods: Methods,
    pub(crate) max_routes: usize,
    pub(crate) max_clients: usize,
    pub(crate) max_series: usize,
    pub(crate) shards: usize,
    pub(crate) naming: Naming,
    /// In nanoseconds, where they are not those of the naming.
    pub(crate) duration_bounds: Option<Vec<u64>>,
    pub(crate) first_byte: bool,
    pub(crate) body_sizes: bool,
    pub(crate) protocol_version: bool,
    pub(crate) exemplars: bool,
    pub(crate) https: bool,
    pub(crate) left_out: Vec<Box<str>>,
    pub(crate) known_routes: Vec<(Method, &'static str)>,
    pub(crate) table: Vec<&'static str>,
    pub(crate) route_of: Option<RouteOf>,
    pub(crate) grpc_methods: Vec<GrpcMethod>,
}

/// A method of a gRPC service, as `pkg.Service/Method`.
#[derive(Clone, Debug)]
pub(crate) struct GrpcMethod {
    pub(crate) name: Box<str>,
    pub(crate) is_stream: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            methods: Methods::default(),
            max_routes: 256,
            max_clients: 64,
            max_series: 2_000,
            shards: shard::default_count(),
            naming: Naming::default(),
            duration_bounds: None,
            first_byte: false,
            body_sizes: false,
            protocol_version: false,
            exemplars: true,
            https: false,
            left_out: Vec::new(),
            known_routes: Vec::new(),
            table: Vec::new(),
            route_of: None,
            grpc_methods: Vec::new(),
        }
    }
}

impl Config {
    /// The buckets of a server's durations.
    pub(crate) fn duration_bounds(&self) -> &[u64] {
        self.duration_bounds.as_deref().unwrap_or_else(|| self.naming.duration_bounds())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("max_routes", &self.max_routes)
            .field("max_clients", &self.max_clients)
            .field("max_series", &self.max_series)
            .field("shards", &self.shards)
            .field("naming", &self.naming)
            .field("duration_bounds", &self.duration_bounds())
            .field("first_byte", &self.first_byte)
            .field("body_sizes", &self.body_sizes)
            .field("protocol_version", &self.protocol_version)
            .field("exemplars", &self.exemplars)
            .field("https", &self.https)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}
