use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use tower::{Layer, Service};

use crate::probe::{Probe, ProbeBody};

/// Checks that the response body of `layer` implements `Default`, and that its default is an empty body.
///
/// # Panics
///
/// Panics if the default body has a frame or fails.
pub async fn body<L, B>(layer: &L)
where
    L: Layer<Probe, Service: Service<Request<ProbeBody>, Response = Response<B>>>,
    B: Body + Default,
{
    let _ = layer.layer(Probe::new());
    match B::default().collect().await {
        Ok(collected) => {
            assert!(collected.trailers().is_none(), "the default body has trailers");
            let size = bytes::Buf::remaining(&collected.aggregate());
            assert_eq!(size, 0, "the default body has {size} bytes");
        }
        Err(_) => panic!("the default body failed"),
    }
}
