use std::{
    error::Error,
    sync::{Arc, Once},
};

use tower_layer::Layer;
use tracing::warn;

use crate::{
    Bug, Explain, Expose, Problem, ProblemService, config::Config, settings::check_types_uri,
};

/// Turns errors and panics into answers. The crate's docs say what it does and where it goes.
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
///     .on_bug(|bug| eprintln!("page somebody: {}", bug.chain()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProblemLayer {
    config: Arc<Config>,
}

impl ProblemLayer {
    /// The defaults, as the crate's docs have them.
    #[must_use]
    pub fn new() -> Self {
        warn_where_nothing_is_caught();
        Self::default()
    }

    /// Names the type of each problem by its code, below this URI. Default: `about:blank`.
    ///
    /// The code follows the URI, percent-encoded where necessary. An empty code, `.` and `..` are not segments of a
    /// path; their type is `about:blank`.
    ///
    /// # Panics
    ///
    /// If it holds what no URI may, as spaces, control characters, quotes or angle brackets, or does not end
    /// in `/`, `#`, `:` or `=`, where a code can follow.
    #[must_use]
    pub fn types_at(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        if let Err(mistake) = check_types_uri(&uri) {
            panic!("ProblemLayer: {mistake}");
        }
        self.changed(|config| config.types_at = Some(uri))
    }

    /// How much of a bug callers get to see. Default: [`Expose::Nothing`].
    #[must_use]
    pub fn expose(self, expose: Expose) -> Self {
        self.changed(|config| config.expose = expose)
    }

    /// Adds an explainer of errors that leave the service. Explainers are called in the order of their addition,
    /// before the layer's own knowledge applies. A panic of an explainer is logged and counts as `None`.
    #[must_use]
    pub fn explain<F>(self, explain: F) -> Self
    where
        F: Fn(&(dyn Error + 'static)) -> Option<Problem> + Send + Sync + 'static,
    {
        self.explain_by(explain)
    }

    /// The same for an [`Explain`] of its own type.
    #[must_use]
    pub fn explain_by(self, explain: impl Explain + 'static) -> Self {
        self.changed(|config| config.explainers.push(Arc::new(explain)))
    }

    /// Calls `hook` for each bug, after it was logged: to count it, or to tell somebody.
    ///
    /// It runs on the worker that answers the request, so it must not block. Its panics are caught and logged.
    #[must_use]
    pub fn on_bug(self, hook: impl Fn(&Bug<'_>) + Send + Sync + 'static) -> Self {
        self.changed(|config| config.on_bug = Some(Arc::new(hook)))
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and lets responses
    /// and panics pass. It still answers in the place of an error, since it has no error to return.
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
    static ONCE: Once = Once::new();
    if cfg!(panic = "abort") {
        ONCE.call_once(|| warn!("built with panic = \"abort\": a panic ends the process"));
    }
}
