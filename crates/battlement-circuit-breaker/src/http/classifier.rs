use std::{any::TypeId, error::Error, fmt, sync::Arc};

use battlement_core::{
    Auto, Classify, Ending, ErrorChain, GrpcStatus, Head, HttpStatus, Judgment, Verdict,
};
use http::HeaderMap;

type Other = Box<dyn Classify + Send + Sync>;

/// A classifier of responses and errors. Those of battlement-core cost neither a count of references nor a virtual call.
#[derive(Clone)]
pub(crate) enum Classifier {
    Auto,
    Http,
    Grpc,
    // A thin pointer, since every call moves it.
    Other(Arc<Other>),
}

impl Classifier {
    pub(crate) fn new<C: Classify + Send + Sync + 'static>(classify: C) -> Self {
        let id = TypeId::of::<C>();
        if id == TypeId::of::<Auto>() {
            Self::Auto
        } else if id == TypeId::of::<HttpStatus>() {
            Self::Http
        } else if id == TypeId::of::<GrpcStatus>() {
            Self::Grpc
        } else {
            Self::Other(Arc::new(Box::new(classify)))
        }
    }
}

impl Classify for Classifier {
    // Part of the caller, for a verdict that is known at once.
    #[inline(always)]
    fn head(&self, head: &Head<'_>) -> Judgment {
        match self {
            Self::Auto => Auto.head(head),
            Self::Http => HttpStatus.head(head),
            Self::Grpc => GrpcStatus.head(head),
            Self::Other(other) => other.head(head),
        }
    }

    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict {
        match self {
            Self::Auto => Auto.end(ending, trailers),
            Self::Http => HttpStatus.end(ending, trailers),
            Self::Grpc => GrpcStatus.end(ending, trailers),
            Self::Other(other) => other.end(ending, trailers),
        }
    }

    fn error(&self, error: &(dyn Error + 'static)) -> Verdict {
        match self {
            Self::Other(other) => other.error(error),
            _ => ErrorChain::default().verdict(error),
        }
    }
}

impl fmt::Debug for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "Auto",
            Self::Http => "HttpStatus",
            Self::Grpc => "GrpcStatus",
            Self::Other(_) => "Classify",
        })
    }
}
