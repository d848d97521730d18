use std::time::Duration;

use http::{Method, Uri};

use crate::{
    ConfigError, HttpMetrics, Label, Naming,
    config::{Config, GrpcMethod, SETTINGS},
    histogram::MAX_BOUNDS,
    methods::Methods,
};

/// Settings of an [`HttpMetrics`], created by [`HttpMetrics::builder`].
#[derive(Debug, Default)]
#[must_use = "nothing is counted before `build`"]
pub struct HttpMetricsBuilder {
    pub(crate) config: Config,
}

impl HttpMetricsBuilder {
    /// Sets the names of a server's metrics on the page. Default: [`Naming::Otel`].
    pub fn naming(self, naming: Naming) -> Self {
        self.changed(|config| config.naming = naming)
    }

    /// Prepends `prefix` to the names of a server's HTTP metrics, as in `shop_http_requests_total` for `shop_`. With
    /// [`Naming::AxumPrometheus`] it replaces `axum_`. Default: none.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if a metric name cannot begin with the prefix.
    pub fn prefix(self, prefix: impl Into<Box<str>>) -> Self {
        self.changed(|config| config.prefix = Some(prefix.into()))
    }

    /// Sets the upper bounds of the duration buckets of servers and clients, instead of those of the naming. At most
    /// 14 bounds, so that each shard of a series fits two cache lines.
    ///
    /// # Panics
    ///
    /// Panics if there are no bounds or more than 14, if the first is zero, or if they are not in ascending order.
    pub fn duration_buckets(self, bounds: impl IntoIterator<Item = Duration>) -> Self {
        let bounds: Vec<Duration> = bounds.into_iter().collect();
        if let Err(message) = check_bounds(&bounds) {
            panic!("HttpMetrics: duration_buckets: {message}");
        }
        let nanos = bounds.into_iter().map(nanos).collect();
        self.changed(|config| config.duration_bounds = Some(nanos))
    }

    /// Limits the number of route templates that may be label values, and that of gRPC methods, each 1 to 16,384.
    /// Default: 256. Requests of further routes, and calls of further methods that end with `OK`, are recorded in the
    /// overflow series and counted by `battlement_metrics_overflow_total`.
    pub fn max_routes(self, routes: usize) -> Self {
        self.changed(|config| config.max_routes = routes)
    }

    /// Limits the number of names that [`HttpMetrics::client_layer`] accepts, 1 to 1,024. Default: 64.
    pub fn max_clients(self, clients: usize) -> Self {
        self.changed(|config| config.max_clients = clients)
    }

    /// Limits the number of series of each histogram, 1 to 100,000. Default: 2,000.
    pub fn max_series(self, series: usize) -> Self {
        self.changed(|config| config.max_series = series)
    }

    /// Sets the number of shards of each series, which keep threads from contending for the same cache line. Must be a
    /// power of two, at most 64. Default: the number of processors, at most 16. A shard takes 128 bytes.
    pub fn shards(self, shards: usize) -> Self {
        self.changed(|config| config.shards = shards)
    }

    /// Sets the methods that are label values, instead of those of RFC 9110, PATCH and QUERY. Any other method is
    /// `_OTHER`.
    ///
    /// # Panics
    ///
    /// Panics if there are more than 32 methods. [`build`](Self::build) panics if a method is a standard method in
    /// another case, since methods are case-sensitive (RFC 9110, section 9.1).
    pub fn known_methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods: Vec<Method> = methods.into_iter().collect();
        let (count, most) = (methods.len(), Methods::MOST);
        assert!(count <= most, "HttpMetrics: known_methods: must be at most {most}, got {count}");
        self.changed(|config| config.methods = Methods::new(methods))
    }

    /// Enables measuring the time to the head of the response. Default: disabled.
    pub fn time_to_first_byte(self, measure: bool) -> Self {
        self.changed(|config| config.first_byte = measure)
    }

    /// Enables measuring body sizes: the `content-length` of requests, and the bytes of the response body that the
    /// server polled. Default: disabled.
    pub fn body_sizes(self, measure: bool) -> Self {
        self.changed(|config| config.body_sizes = measure)
    }

    /// Enables labels in addition to those that every metric has. Default: none, since each multiplies the number of
    /// series. The server's labels are shown with [`Naming::Otel`] only.
    pub fn labels(self, labels: impl IntoIterator<Item = Label>) -> Self {
        self.changed(|config| config.labels = labels.into_iter().collect())
    }

    /// Sets whether buckets carry the trace of a sampled request as an exemplar, if an outer layer provides the trace.
    /// Default: enabled.
    pub fn exemplars(self, keep: bool) -> Self {
        self.changed(|config| config.exemplars = keep)
    }

    /// Sets whether requests count as HTTPS if neither the [connection](crate::ConnectionScheme) nor a trusted proxy
    /// provides the scheme. Default: no.
    pub fn assume_https(self, https: bool) -> Self {
        self.changed(|config| config.https = https)
    }

    /// Excludes requests for exactly these paths, such as those of probes and scrapes.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if a value is not a path that a request can have.
    pub fn leave_out<P: Into<Box<str>>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        self.changed(|config| config.left_out.extend(paths.into_iter().map(Into::into)))
    }

    /// Matches paths against templates such as `/users/{id}` and `/files/{*path}`, for requests whose router does not
    /// provide the route.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if a template is malformed, if two templates conflict, or if there are more than
    /// [`max_routes`](Self::max_routes).
    pub fn route_table(self, templates: impl IntoIterator<Item = &'static str>) -> Self {
        self.changed(|config| config.table.extend(templates))
    }

    /// Sets a closure that returns the route template of a request from its method and URI. The closure must not
    /// return the path itself.
    pub fn route_by(
        self,
        route: impl Fn(&Method, &Uri) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|config| config.route_of = Some(Box::new(route)))
    }

    /// Creates the series of a route at 0, for the statuses 200 and 500, because `rate()` does not count the first
    /// failure of a series that begins with it. A series is created in every histogram of requests, for each scheme,
    /// and for each value of the enabled [`labels`](Self::labels).
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if the template does not begin with a slash, or if there are more series than
    /// [`max_series`](Self::max_series).
    pub fn known_route(self, method: Method, template: &'static str) -> Self {
        self.changed(|config| config.known_routes.push((method, template)))
    }

    /// Names methods of the gRPC service `service` (`pkg.Name`) in advance. [`HttpMetrics::grpc_layer`] creates their
    /// series at 0, for the codes `OK` and `INTERNAL`, because `rate()` does not count the first failure of a series
    /// that begins with it. Any other method is `_OTHER` until a call of it ends with `OK`.
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if a name is empty or contains a slash, if a method is also
    /// [streaming](Self::grpc_streams), or if there are more series than [`max_series`](Self::max_series).
    pub fn grpc_methods<'a>(
        self,
        service: &str,
        methods: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.grpc(service, methods, false)
    }

    /// Names streaming methods of the gRPC service `service` in advance, as [`grpc_methods`](Self::grpc_methods). Their
    /// durations are recorded in a histogram of their own, which needs this setting: a call does not show whether its
    /// method is streaming.
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

    /// Creates the [`HttpMetrics`].
    ///
    /// # Panics
    ///
    /// Panics if a setting is out of range or conflicts with another; the message names each such setting.
    #[must_use]
    pub fn build(self) -> HttpMetrics {
        self.try_build().unwrap_or_else(|error| panic!("HttpMetrics: {error}"))
    }

    /// Creates the [`HttpMetrics`] from settings that are read at run time.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting is out of range or conflicts with another; the error names each such setting.
    pub fn try_build(self) -> Result<HttpMetrics, ConfigError> {
        ConfigError::check(SETTINGS, self.config.mistakes(), ())?;
        HttpMetrics::of(self.config)
    }

    fn changed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }
}

/// Checks the bounds of buckets.
pub(crate) fn check_bounds(bounds: &[Duration]) -> Result<(), String> {
    if !(1..=MAX_BOUNDS).contains(&bounds.len()) {
        return Err(format!("must be 1 to {MAX_BOUNDS} bounds, got {}", bounds.len()));
    }
    let is_rising = !bounds[0].is_zero() && bounds.is_sorted_by(|one, next| one < next);
    if is_rising { Ok(()) } else { Err("must be greater than 0 and in ascending order".to_owned()) }
}

fn nanos(bound: Duration) -> u64 {
    u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX)
}
