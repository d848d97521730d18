use battlement_core::{Scheme, Wire};
use http::{Request, StatusCode};

/// The properties of a request that determine the headers of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) grpc: bool,
    pub(crate) https: bool,
}

impl Variant {
    /// Every kind of request, in the order of [`index`](Self::index).
    pub(crate) const ALL: [Self; 4] = [
        Self { grpc: false, https: false },
        Self { grpc: false, https: true },
        Self { grpc: true, https: false },
        Self { grpc: true, https: true },
    ];

    #[inline]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let grpc = Wire::of_request(request.method(), request.headers()).is_grpc();
        Self { grpc, https: Scheme::of(request).is_some_and(Scheme::is_https) }
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.grpc) * 2 + usize::from(self.https)
    }
}

/// The properties that determine the headers of one response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseContext<'a> {
    pub(crate) variant: Variant,
    /// The nonce, if the handler has read it.
    pub(crate) nonce: Option<&'a str>,
    pub(crate) status: StatusCode,
}
