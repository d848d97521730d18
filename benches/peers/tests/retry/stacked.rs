use battlement_retry::ReplayBody;
use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply},
    upstream::{Behavior, Upstream},
};
use http::Request;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::{
    Answer, get,
    ours::ours,
    peers::{
        SHORT, of_reqwest_retry, of_reqwest_retry_around, of_seatbelt, of_tower,
        of_tower_resilience, unless_ok,
    },
    unavailable,
};

#[tokio::test]
async fn two_layers_of_a_peer_multiply_their_attempts() {
    let probe = Probe::new();
    probe.always(unavailable());
    of_tower(of_tower(probe.clone())).oneshot(get()).await.unwrap();
    assert_eq!(probe.counts().calls, 9);
    let layer = of_tower_resilience().build();
    layer.layer(layer.layer(probe.clone())).oneshot(get()).await.unwrap();
    assert_eq!(probe.counts().calls, 18);
    of_seatbelt().layer(of_seatbelt().layer(probe.clone())).oneshot(get()).await.unwrap();
    assert_eq!(probe.counts().calls, 27);
    let client = of_reqwest_retry_around(&probe, 2, SHORT);
    client.get("http://upstream.test").send().await.unwrap();
    assert_eq!(probe.counts().calls, 36);
    ours().layer(ours().layer(probe.clone())).oneshot(get()).await.unwrap();
    assert_eq!(probe.counts().calls, 39);
}

#[tokio::test]
async fn reqwest_retry_multiplies_the_attempts_of_reqwest() {
    let upstream = Upstream::start().await.unwrap();
    let client = reqwest::Client::builder().retry(unless_ok()).build().unwrap();
    let call = of_reqwest_retry(client).get(upstream.url("/"));
    call.header(Behavior::HEADER, Behavior::Error).send().await.unwrap();
    assert_eq!(upstream.counts().received, 9);
}

/// Answers with a future that holds a kilobyte.
async fn large<B>(_: Request<B>) -> Result<Answer, battlement_testkit::probe::ProbeError> {
    let held = std::hint::black_box([0_u8; 1024]);
    tokio::task::yield_now().await;
    assert_eq!(held[0], 0);
    Ok(Answer::default())
}

#[tokio::test]
async fn tower_resilience_and_seatbelt_box_each_call() {
    let boxed = size_of::<Box<dyn Future<Output = ()>>>();
    let service = service_fn(large::<ProbeBody>);
    assert_eq!(size_of_val(&of_tower_resilience().build().layer(service).call(get())), boxed);
    assert_eq!(size_of_val(&of_seatbelt().layer(service).call(get())), boxed);
    assert!(size_of_val(&of_tower(service).call(get())) > 1024);
    assert!(size_of_val(&ours().layer(service_fn(large::<ReplayBody<_>>)).call(get())) > 1024);
}

#[tokio::test]
async fn reqwest_retry_wraps_an_error_that_it_does_not_repeat() {
    let probe = Probe::new();
    probe.always(Reply::error(crate::BROKEN));
    let client = of_reqwest_retry_around(&probe, 1, SHORT);
    let error = client.get("http://upstream.test").send().await.unwrap_err();
    let reqwest_middleware::Error::Middleware(error) = error else { panic!("{error:?}") };
    assert!(error.is::<reqwest_retry::RetryError>());
}
