use std::error::Error;

use http::HeaderMap;

use super::{Classify, Head, Judgment};
use crate::{Ending, ErrorChain, Verdict};

/// Judges errors by an [`ErrorChain`], and responses as `C` does.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorsBy<C> {
    /// The judgment of responses.
    pub responses: C,
    /// The judgment of errors.
    pub errors: ErrorChain,
}

impl<C: Classify> Classify for ErrorsBy<C> {
    fn head(&self, head: &Head<'_>) -> Judgment {
        self.responses.head(head)
    }

    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict {
        self.responses.end(ending, trailers)
    }

    fn error(&self, error: &(dyn Error + 'static)) -> Verdict {
        self.errors.verdict(error)
    }
}
