use std::convert::Infallible;

use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::probe::{Gate, Probe, ProbeBody, Reply};
use http::{Request, Response, StatusCode};
use tower::{
    Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimitLayer as TowerLayer,
    load_shed::LoadShed,
};

use crate::{aimd, bulkhead};

/// Creates a service whose responses have a body that does not end.
fn endless() -> Probe {
    let probe = Probe::new();
    probe.always(Reply::body(ProbeBody::from("first").wait(&Gate::new())));
    probe
}

/// Returns whether a call is admitted while the body of another response is not read.
async fn admits_beside_a_body<S, B>(service: S) -> bool
where
    S: Service<Request<ProbeBody>, Response = Response<B>> + Clone,
{
    let call = || service.clone().oneshot(Request::new(ProbeBody::empty()));
    let Ok(first) = call().await else { panic!("the first call was rejected") };
    let second = call().await.is_ok_and(|response| response.status() == StatusCode::OK);
    drop(first);
    second
}

#[tokio::test]
async fn the_peers_give_a_permit_back_at_the_head() {
    let tower = LoadShed::new(TowerLayer::new(1).layer(endless()));
    assert!(admits_beside_a_body(tower).await);
    let rejecting = bulkhead(1).reject_when_full().build().unwrap();
    assert!(admits_beside_a_body(rejecting.layer(endless())).await);
    assert!(admits_beside_a_body(LoadShed::new(aimd(1).layer(endless()))).await);

    let ours = ConcurrencyLimitLayer::fixed(1);
    assert!(!admits_beside_a_body(ours.layer(endless())).await);
}

#[tokio::test]
async fn our_rejection_is_a_response_and_keeps_the_error_type() {
    async fn rejected<S, B>(service: S) -> Response<B>
    where
        S: Service<Request<ProbeBody>, Response = Response<B>, Error = Infallible> + Clone,
    {
        let call = || service.clone().oneshot(Request::new(ProbeBody::empty()));
        let _first = call().await;
        let Ok(second) = call().await;
        second
    }
    let inner = tower::service_fn(async |_: Request<ProbeBody>| {
        Ok::<_, Infallible>(Response::new(ProbeBody::from("first").wait(&Gate::new())))
    });
    let response = rejected(ConcurrencyLimitLayer::fixed(1).layer(inner)).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(["1", "2", "3"].contains(&response.headers()["retry-after"].to_str().unwrap()));
}
