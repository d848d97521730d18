use std::time::Duration;

use http::{Method, Uri};

use crate::{
    ConfigError, HttpMetrics, Naming,
    config::{Config, GrpcMethod, SETTINGS},
    histogram::MAX_BOUNDS,
    methods::Methods,
};

/// Settings of an [`HttpMetrics`]. Made by [`HttpMetrics::builder`].
#[derive(Debug, Default)]
#[must_use = "nothing is counted before `build`"]
pub struct HttpMetricsBuilder {
    pub(crate) config: Config,
}

impl HttpMetricsBuilder {
    /// Under which names a server's metrics stand on the page. Default: [`Naming::Otel`].
    pub fn naming(self, naming: Naming) -> Self {
        self.changed(|config| config.naming = naming)
    }

    /// Puts `prefix` before the names of a server's HTTP metrics, as in `shop_http_requests_total` for `shop_`. With
    /// [`Naming::AxumPrometheus`] it takes the place of `axum_`. Default: none.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) does, if the prefix cannot begin the name of a metric.
    pub fn prefix(self, prefix: impl Into<Box<str>>) -> Self {
        self.changed(|config| config.prefix = Some(prefix.into()))
    }

    /// The upper bounds of the buckets of durations, in the place of the naming's own, for servers and
    /// clients both. At most 14, so that a series is two cache lines a shard.
    ///
    /// # Panics
    ///
    /// If there are none or more than 14, or one is not above the one before it, or 0.
    pub fn duration_buckets(self, bounds: impl IntoIterator<Item = Duration>) -> Self {
        let bounds: Vec<Duration> = bounds.into_iter().collect();
        if let Err(message) = check_bounds(&bounds) {
            panic!("HttpMetrics: duration_buckets: {message}");
        }
        let nanos = bounds.into_iter().map(nanos).collect();
        self.changed(|config| config.duration_bounds = Some(nanos))
    }

    /// Limits how many route templates may be labels, 1 to 16,384. Default: 256; beyond them requests are counted
    /// as one series, and `battlement_metrics_overflow_total` tells.
    pub fn max_routes(self, routes: usize) -> Self {
        self.changed(|config| config.max_routes = routes)
    }

    /// Limits how many names [`HttpMetrics::client_layer`] may be given, 1 to 1,024. Default: 64.
    pub fn max_clients(self, clients: usize) -> Self {
        self.changed(|config| config.max_clients = clients)
    }

    /// Limits how many series a histogram may have, 1 to 100,000. Default: 2,000.
    pub fn max_series(self, series: usize) -> Self {
        self.changed(|config| config.max_series = series)
    }

    /// Into how many parts each series is split, so that threads do not wait for each other's caches.
    /// A power of two, at most 64. Default: the number of processors, at most 16. A part is 128 bytes.
    pub fn shards(self, shards: usize) -> Self {
        self.changed(|config| config.shards = shards)
    }

    /// The methods that are labels, in the place of RFC 9110's, PATCH and QUERY. What a client sends beside
    /// them is `_OTHER`.
    ///
    /// # Panics
    ///
    /// If there are more than 32. [`build`](Self::build) does, if one is a standard method in lower case, which is
    /// another method (RFC 9110, section 9.1).
    pub fn known_methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods: Vec<Method> = methods.into_iter().collect();
        let (count, most) = (methods.len(), Methods::MOST);
        assert!(count <= most, "HttpMetrics: {count} known_methods; must be at most {most}");
        self.changed(|config| config.methods = Methods::new(methods))
    }

    /// Also measures the time to the head of the response. Default: no.
    pub fn time_to_first_byte(self, measure: bool) -> Self {
        self.changed(|config| config.first_byte = measure)
    }

    /// Also measures bodies: of requests what `content-length` says, of responses what was handed over.
    /// Default: no.
    pub fn body_sizes(self, measure: bool) -> Self {
        self.changed(|config| config.body_sizes = measure)
    }

    /// Also labels with the version of HTTP. Default: no, since it multiplies series.
    pub fn protocol_version(self, label: bool) -> Self {
        self.changed(|config| config.protocol_version = label)
    }

    /// Whether buckets show the trace of a sampled request, where a layer further out knows it.
    /// Default: yes.
    pub fn exemplars(self, keep: bool) -> Self {
        self.changed(|config| config.exemplars = keep)
    }

    /// Sets whether requests count as HTTPS if neither the [connection](crate::ConnectionScheme) nor a trusted proxy
    /// provides the scheme. Default: no.
    pub fn assume_https(self, https: bool) -> Self {
        self.changed(|config| config.https = https)
    }

    /// Leaves requests for exactly these paths out, as those of probes and of scrapes.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) does, if one is not a path that a request can have.
    pub fn leave_out<P: Into<Box<str>>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        self.changed(|config| config.left_out.extend(paths.into_iter().map(Into::into)))
    }

    /// Matches paths with templates, as `/users/{id}` and `/files/{*path}`, where no router tells.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) does, if one is malformed, two contradict each other, or there are more than
    /// [`max_routes`](Self::max_routes).
    pub fn route_table(self, templates: impl IntoIterator<Item = &'static str>) -> Self {
        self.changed(|config| config.table.extend(templates))
    }

    /// Tells the template of a request from its method and URI. It must not be the path.
    pub fn route_by(
        self,
        route: impl Fn(&Method, &Uri) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|config| config.route_of = Some(Box::new(route)))
    }

    /// Creates the series of a route at 0, for 200 and 500: a series that is born with its first failure
    /// hides that failure from `rate()`. There is one for each scheme, and with
    /// [`protocol_version`](Self::protocol_version) for each version of HTTP, in every histogram of requests.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) does, if the template does not begin with a slash, or these series are more than
    /// [`max_series`](Self::max_series).
    pub fn known_route(self, method: Method, template: &'static str) -> Self {
        self.changed(|config| config.known_routes.push((method, template)))
    }

    /// Lets methods of the gRPC service `service` (`pkg.Name`) be labels; all others are `_OTHER`.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) does, if a name is empty or has a slash, or a method is also one that
    /// [streams](Self::grpc_streams).
    pub fn grpc_methods<'a>(
        self,
        service: &str,
        methods: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.grpc(service, methods, false)
    }

    /// The same for methods that stream, whose durations are kept apart.
    pub fn grpc_streams<'a>(
        self,
        service: &str,
        methods: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.grpc(service, methods, true)
    }

    fn grpc<'a>(
        self,
        service: &str,
        methods: impl IntoIterator<Item = &'a str>,
        is_stream: bool,
    ) -> Self {
        let of =
            |method: &str| GrpcMethod { service: service.into(), method: method.into(), is_stream };
        self.changed(|config| config.grpc_methods.extend(methods.into_iter().map(of)))
    }

    /// Begins to count.
    ///
    /// # Panics
    ///
    /// If a setting is out of its range, or contradicts another; each is named.
    #[must_use]
    pub fn build(self) -> HttpMetrics {
        self.try_build().unwrap_or_else(|error| panic!("HttpMetrics: {error}"))
    }

    /// Begins to count, with settings that are not written in source.
    ///
    /// # Errors
    ///
    /// If settings are out of their range, or contradict each other; each is named.
    pub fn try_build(self) -> Result<HttpMetrics, ConfigError> {
        ConfigError::check(SETTINGS, self.config.mistakes(), ())?;
        HttpMetrics::of(self.config)
    }

    fn changed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }
}

/// What is wrong with buckets, if anything is.
pub(crate) fn check_bounds(bounds: &[Duration]) -> Result<(), String> {
    if !(1..=MAX_BOUNDS).contains(&bounds.len()) {
        return Err(format!("there are {}; must be 1 to {MAX_BOUNDS}", bounds.len()));
    }
    let is_rising = !bounds[0].is_zero() && bounds.is_sorted_by(|one, next| one < next);
    if is_rising { Ok(()) } else { Err("must rise, and begin above 0".to_owned()) }
}

fn nanos(bound: Duration) -> u64 {
    u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX)
}
