use battlement_benches::{Bare, Case, request};
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "tower-http: set and propagate, uuid",
            request,
            Bare,
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(PropagateRequestIdLayer::x_request_id())
                .service(Bare),
        ),
        Case::new(
            "tower-http: set only, uuid",
            request,
            Bare,
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .service(Bare),
        ),
    ]
}
