use std::{fmt, sync::Arc};

use battlement_core::Auto;
use http::Extensions;

use crate::http::Classifier;

type Copy = dyn Fn(&Extensions, &mut Extensions) + Send + Sync;

/// The checked settings of a layer around HTTP services.
#[derive(Clone)]
pub(in crate::fallback) struct HttpConfig {
    pub(super) classifier: Classifier,
    /// Whether the response of a fallback has a header with the reason.
    pub(in crate::fallback) header: bool,
    /// The longest request body that is kept, in bytes.
    pub(in crate::fallback) replay_limit: u64,
    /// Copies further extensions of a request.
    pub(super) copy: Option<Arc<Copy>>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        let classifier = Classifier::new(Auto);
        Self { classifier, header: false, replay_limit: 64 * 1024, copy: None }
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("classify", &self.classifier)
            .field("header", &self.header)
            .field("replay_limit", &self.replay_limit)
            .finish_non_exhaustive()
    }
}
