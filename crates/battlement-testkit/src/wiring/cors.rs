use std::fmt::Debug;

use http::{
    HeaderValue, Method, Request, Response,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};
use tower::{Layer, Service, ServiceExt as _};
use tower_http::cors::{Any, Cors, CorsLayer};

use crate::probe::{Probe, ProbeBody};

const ALLOWED: HeaderValue = HeaderValue::from_static("*");

/// Checks that `layer` composes with tower-http's `CorsLayer` outside and inside of it.
///
/// # Panics
///
/// Panics if a preflight request or a request of another origin is not answered with the header of `CorsLayer`.
pub async fn cors<L, S, T, B, C>(layer: &L)
where
    L: Layer<Probe, Service = S> + Layer<Cors<Probe>, Service = T>,
    S: Service<Request<ProbeBody>, Response = Response<B>, Error: Debug>,
    T: Service<Request<ProbeBody>, Response = Response<C>, Error: Debug>,
    B: Default,
{
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any);
    for request in [preflight, from_another_origin] {
        let outside = cors.layer(Layer::<Probe>::layer(layer, Probe::new()));
        allowed("outside of", outside.oneshot(request()).await);
        let inside = Layer::<Cors<Probe>>::layer(layer, cors.layer(Probe::new()));
        allowed("inside of", inside.oneshot(request()).await);
    }
}

fn allowed<B, E: Debug>(side: &str, response: Result<Response<B>, E>) {
    match response {
        Ok(response) => {
            let allowed = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed, Some(&ALLOWED), "CorsLayer {side} the layer");
        }
        Err(error) => panic!("CorsLayer {side} the layer: {error:?}"),
    }
}

fn from_another_origin() -> Request<ProbeBody> {
    let mut request = Request::new(ProbeBody::empty());
    let origin = HeaderValue::from_static("https://shop.example");
    request.headers_mut().insert(ORIGIN, origin);
    request
}

fn preflight() -> Request<ProbeBody> {
    let mut request = from_another_origin();
    *request.method_mut() = Method::OPTIONS;
    let method = HeaderValue::from_static("PUT");
    request.headers_mut().insert(ACCESS_CONTROL_REQUEST_METHOD, method);
    request
}
