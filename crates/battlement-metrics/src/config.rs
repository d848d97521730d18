use std::{borrow::Cow, fmt};

use http::{Method, Uri};

use crate::{
    Naming,
    label::{EnabledLabels, LabelValues},
    methods::Methods,
    shard,
    side::Side,
};

mod check;

/// The subject of a [`ConfigError`](crate::ConfigError) of this crate.
pub(crate) const SETTINGS: &str = "metrics settings";

/// A closure that returns the route template of a request.
type RouteOf = Box<dyn Fn(&Method, &Uri) -> Option<&'static str> + Send + Sync>;

/// The configuration of an [`HttpMetrics`](crate::HttpMetrics).
pub(crate) struct Config {
    pub(crate) methods: Methods,
    pub(crate) max_routes: usize,
    pub(crate) max_clients: usize,
    pub(crate) max_series: usize,
    pub(crate) shards: usize,
    pub(crate) naming: Naming,
    /// Prepended to the names of a server's HTTP metrics.
    pub(crate) prefix: Option<Box<str>>,
    /// In nanoseconds; absent if the naming decides.
    pub(crate) duration_bounds: Option<Vec<u64>>,
    pub(crate) first_byte: bool,
    pub(crate) body_sizes: bool,
    pub(crate) labels: EnabledLabels,
    pub(crate) exemplars: bool,
    pub(crate) https: bool,
    pub(crate) left_out: Vec<Box<str>>,
    pub(crate) known_routes: Vec<(Method, &'static str)>,
    pub(crate) table: Vec<&'static str>,
    pub(crate) route_of: Option<RouteOf>,
    pub(crate) grpc_methods: Vec<GrpcMethod>,
}

/// A method of a gRPC service.
#[derive(Clone, Debug)]
pub(crate) struct GrpcMethod {
    /// The full name, as `pkg.Name`.
    pub(crate) service: Box<str>,
    pub(crate) method: Box<str>,
    pub(crate) is_stream: bool,
}

impl GrpcMethod {
    /// Returns the path of its calls without the leading slash.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.service, self.method)
    }
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
            prefix: None,
            duration_bounds: None,
            first_byte: false,
            body_sizes: false,
            labels: EnabledLabels::default(),
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
    /// Returns the bucket bounds of a server's durations.
    pub(crate) fn duration_bounds(&self) -> &[u64] {
        self.duration_bounds.as_deref().unwrap_or_else(|| self.naming.duration_bounds())
    }
}

/// A series of a route that is known in advance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownSeries {
    pub(crate) template: &'static str,
    pub(crate) method: u8,
    pub(crate) status: u16,
    pub(crate) https: bool,
    pub(crate) labels: LabelValues,
}

impl Config {
    /// Returns the name of a metric of `side` as shown on the page.
    pub(crate) fn named(&self, side: Side, name: &'static str) -> Cow<'static, str> {
        match (side, &self.prefix) {
            (Side::Server, Some(prefix)) => self.naming.prefixed(prefix, name).into(),
            _ => name.into(),
        }
    }

    /// Returns every series that requests for a known route can have under the naming: with either scheme, which the
    /// connection or a trusted proxy states, and with every value of the enabled labels.
    pub(crate) fn known_series(&self) -> impl Iterator<Item = KnownSeries> {
        let is_otel = self.naming == Naming::Otel;
        let schemes: &[bool] = if is_otel { &[false, true] } else { &[false] };
        let labels = if is_otel { self.labels } else { EnabledLabels::default() };
        let labels = labels.created();
        self.known_routes.iter().flat_map(move |(method, template)| {
            let method = self.methods.number(method);
            let each = move |https: bool, labels: LabelValues| {
                [200, 500].map(|status| KnownSeries { template, method, status, https, labels })
            };
            let labels = labels.clone();
            schemes.iter().flat_map(move |https| {
                labels.clone().into_iter().flat_map(move |labels| each(*https, labels))
            })
        })
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
            .field("prefix", &self.prefix)
            .field("duration_bounds", &self.duration_bounds())
            .field("first_byte", &self.first_byte)
            .field("body_sizes", &self.body_sizes)
            .field("labels", &self.labels)
            .field("exemplars", &self.exemplars)
            .field("https", &self.https)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}
