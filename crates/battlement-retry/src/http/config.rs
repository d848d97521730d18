use std::{fmt, sync::Arc};

use battlement_core::{Auto, Classify};
use http::Extensions;

use crate::Idempotency;

type Copy = dyn Fn(&Extensions, &mut Extensions) + Send + Sync;

/// The checked settings of a layer around HTTP services.
#[derive(Clone)]
pub(crate) struct HttpConfig {
    pub(crate) idempotency: Idempotency,
    /// The longest request body that is kept, in bytes.
    pub(crate) replay_limit: u64,
    pub(crate) classify: Arc<dyn Classify + Send + Sync>,
    /// Copies further extensions of a request.
    pub(crate) copy: Option<Arc<Copy>>,
    /// Whether a request that is not idempotent is repeated if it was not processed, if that is set.
    pub(crate) unprocessed: Option<bool>,
    /// Whether the number of the attempt is written to headers.
    pub(crate) headers: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            idempotency: Idempotency::default(),
            replay_limit: 64 * 1024,
            classify: Arc::new(Auto),
            copy: None,
            unprocessed: None,
            headers: false,
        }
    }
}

impl HttpConfig {
    pub(crate) fn change_idempotency(&mut self, change: impl FnOnce(Idempotency) -> Idempotency) {
        self.idempotency = change(std::mem::take(&mut self.idempotency));
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("idempotency", &self.idempotency)
            .field("replay_limit", &self.replay_limit)
            .field("unprocessed", &self.unprocessed)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
