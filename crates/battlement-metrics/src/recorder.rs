use battlement_core::{ErrorType, GrpcCode, content_length, grpc_method, matched_path};
use http::{Extensions, HeaderMap, Method, Uri};
use matchit::Router;
use tokio::time::Instant;

use crate::{
    ConfigError, InvalidField,
    config::{Config, SETTINGS},
    key::Key,
    names::{Names, Subject, UNKNOWN},
    side::Side,
    traffic::Traffic,
};

/// All counts of an [`HttpMetrics`](crate::HttpMetrics), and its configuration.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) config: Config,
    pub(crate) routes: Names,
    pub(crate) clients: Names,
    pub(crate) grpc_methods: Names,
    /// In the order of [`Side`].
    traffic: [Traffic; 4],
    table: Router<Subject>,
    /// The numbers of the streaming methods.
    grpc_streams: Vec<Subject>,
    /// The reference point of the start times of calls.
    pub(crate) began: Instant,
}

impl Recorder {
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let routes = Names::new(config.max_routes);
        let clients = Names::new(config.max_clients);
        let grpc_methods = Names::new(config.max_routes.max(config.grpc_methods.len()));
        let traffic = [Side::Server, Side::Client, Side::Grpc, Side::GrpcClient].map(|side| {
            let owners = if side.is_client() { clients.numbers() } else { 1 };
            Traffic::new(side, &config, owners)
        });
        let table = table(&config.table, &routes)?;
        let numbered = |method: &crate::config::GrpcMethod| {
            (grpc_methods.number(&method.path()), method.is_stream)
        };
        let numbers: Vec<_> = config.grpc_methods.iter().map(numbered).collect();
        let grpc_streams =
            numbers.into_iter().filter(|(_, stream)| *stream).map(|(n, _)| n).collect();
        let recorder = Self {
            config,
            routes,
            clients,
            grpc_methods,
            traffic,
            table,
            grpc_streams,
            began: Instant::now(),
        };
        recorder.create_known();
        Ok(recorder)
    }

    fn create_known(&self) {
        let traffic = self.traffic(Side::Server);
        for known in self.config.known_series() {
            let mut key = Key::new(self.routes.number(known.template), 0, known.method);
            key.set_status(known.status);
            key.set_https(known.https);
            key.set_labels(known.labels);
            key.set_error(if known.status < 500 { ErrorType::None } else { ErrorType::Status });
            traffic.of_requests().for_each(|series| series.create(key));
        }
    }

    pub(crate) fn traffic(&self, side: Side) -> &Traffic {
        &self.traffic[side as usize]
    }

    pub(crate) fn sides(&self) -> impl Iterator<Item = &Traffic> {
        self.traffic.iter()
    }

    /// Returns the route that the head of a request identifies.
    #[inline]
    pub(crate) fn route_of(&self, method: &Method, uri: &Uri, extensions: &Extensions) -> Subject {
        let route = matched_path(extensions)
            .or_else(|| self.config.route_of.as_ref().and_then(|route_of| route_of(method, uri)));
        if let Some(template) = route {
            return self.routes.number(template);
        }
        if self.config.table.is_empty() {
            return UNKNOWN;
        }
        self.table.at(uri.path()).map_or(UNKNOWN, |found| *found.value)
    }

    /// Returns the size that a request declares for its body, if sizes are measured.
    #[inline]
    pub(crate) fn received(&self, headers: &HeaderMap) -> u64 {
        if self.config.body_sizes { content_length(headers).unwrap_or(0) } else { 0 }
    }

    pub(crate) fn grpc_method(&self, uri: &Uri) -> Subject {
        let name = uri.path().strip_prefix('/').unwrap_or_default();
        self.grpc_methods.find(name).unwrap_or(UNKNOWN)
    }

    /// Returns the gRPC method of a path that had no name before; assigns one only if the method `is_proved` to exist.
    pub(crate) fn learn_grpc_method(&self, path: &str, is_proved: bool) -> Subject {
        match grpc_method(path) {
            Some(name) if is_proved => self.grpc_methods.number(name),
            Some(name) => self.grpc_methods.find(name).unwrap_or(UNKNOWN),
            None => UNKNOWN,
        }
    }

    /// Creates the series of the configured gRPC methods of a server at 0.
    pub(crate) fn create_grpc(&self) {
        let traffic = self.traffic(Side::Grpc);
        let post = self.config.methods.number(&Method::POST);
        for method in &self.config.grpc_methods {
            for code in KNOWN_CODES {
                let mut key = Key::new(self.grpc_methods.number(&method.path()), 0, post);
                key.set_status(code as u16 + 1);
                key.set_error(if code == GrpcCode::Ok {
                    ErrorType::None
                } else {
                    ErrorType::Status
                });
                let durations = if method.is_stream { &traffic.stream } else { &traffic.duration };
                traffic.besides_duration().chain([durations]).for_each(|series| series.create(key));
            }
        }
    }

    pub(crate) fn is_grpc_stream(&self, method: Subject) -> bool {
        self.grpc_streams.contains(&method)
    }

    #[inline]
    pub(crate) fn leaves_out(&self, uri: &Uri) -> bool {
        let left_out = &self.config.left_out;
        !left_out.is_empty() && left_out.iter().any(|path| **path == *uri.path())
    }
}

/// The codes of the series that are created for each configured gRPC method.
pub(crate) const KNOWN_CODES: [GrpcCode; 2] = [GrpcCode::Ok, GrpcCode::Internal];

/// Returns a router from paths to the numbers of `templates`.
fn table(templates: &[&'static str], routes: &Names) -> Result<Router<Subject>, ConfigError> {
    let (mut table, mut mistakes) = (Router::new(), Vec::new());
    for (at, template) in templates.iter().enumerate() {
        if let Err(error) = table.insert(*template, routes.number(template)) {
            let message = format!("{template}: {error}");
            mistakes.push(InvalidField::new(format!("route_table[{at}]"), message));
        }
    }
    ConfigError::check(SETTINGS, mistakes, ())?;
    Ok(table)
}
