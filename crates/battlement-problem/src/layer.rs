use std::{error::Error, sync::Arc};

use battlement_core::LogLimit;
use tower_layer::Layer;
use tracing::warn;

use crate::{
    Bug, Explain, Expose, Problem, ProblemService, config::Config, settings::check_types_uri,
};

/// A layer that turns errors and panics into responses.
///
/// The documentation of the crate describes its effect and its place in the stack.
///
/// # Example
///
/// ```
/// use battlement_problem::{Problem, ProblemLayer};
/// use http::StatusCode;
///
/// let layer = ProblemLayer::new()
///     .types_at("https://shop.example/problems/")
///     .explain(|error| {
///         let error = error.downcast_ref::<std::io::Error>()?;
///         let full = error.kind() == std::io::ErrorKind::StorageFull;
///         full.then(|| Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full"))
///     })
///     .on_bug(|bug| eprintln!("bug: {}", bug.chain()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProblemLayer {
    config: Arc<Config>,
}

impl ProblemLayer {
    /// Creates a layer with the defaults of the crate's documentation.
    #[must_use]
    pub fn new() -> Self {
        warn_where_nothing_is_caught();
        Self::default()
    }

    /// Sets the base URI of problem types: each type is this URI and the code of the problem. Default: `about:blank`.
    ///
    /// The code is percent-encoded where necessary. An empty code, `.` and `..` are not segments of a path; their type
    /// is `about:blank`.
    ///
    /// # Panics
    ///
    /// Panics if `uri` contains characters that are invalid in a URI, such as spaces, control characters, quotes or
    /// angle brackets, or does not end in `/`, `#`, `:` or `=`, where a code can follow.
    #[must_use]
    pub fn types_at(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        if let Err(error) = check_types_uri(&uri) {
            panic!("ProblemLayer: {error}");
        }
        self.changed(|config| config.types_at = Some(uri))
    }

    /// Sets how much of a bug callers see. Default: [`Expose::Nothing`].
    #[must_use]
    pub fn expose(self, expose: Expose) -> Self {
        self.changed(|config| config.expose = expose)
    }

    /// Adds an explainer of errors that leave the service. Explainers are called in the order in which they were
    /// added, before the layer's own rules apply. A panic of an explainer is logged and counts as `None`.
    #[must_use]
    pub fn explain<F>(self, explain: F) -> Self
    where
        F: Fn(&(dyn Error + 'static)) -> Option<Problem> + Send + Sync + 'static,
    {
        self.explain_by(explain)
    }

    /// Adds an explainer that is a type of its own; see [`explain`](Self::explain).
    #[must_use]
    pub fn explain_by(self, explain: impl Explain + 'static) -> Self {
        self.changed(|config| config.explainers.push(Arc::new(explain)))
    }

    /// Calls `hook` for each bug, after it was logged: to count it or to raise an alert.
    ///
    /// The hook runs on the worker that handles the request, so it must not block. Its panics are caught and logged.
    #[must_use]
    pub fn on_bug(self, hook: impl Fn(&Bug<'_>) + Send + Sync + 'static) -> Self {
        self.changed(|config| config.on_bug = Some(Arc::new(hook)))
    }

    /// Enables or disables the layer. Default: `true`. A disabled layer keeps all types, and passes responses and
    /// panics through. It still turns errors of the service into responses, because its own error type is
    /// `Infallible`.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|config| config.enabled = enabled)
    }

    fn changed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<S> Layer<S> for ProblemLayer {
    type Service = ProblemService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ProblemService::new(inner, Arc::clone(&self.config))
    }
}

fn warn_where_nothing_is_caught() {
    static LIMIT: LogLimit = LogLimit::once();
    if cfg!(panic = "abort") && LIMIT.admit().is_some() {
        warn!(
            "ProblemLayer cannot catch panics because the program is built with panic = \"abort\"; set panic = \"unwind\" in the profile"
        );
    }
}
