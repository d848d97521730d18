use std::{convert::Infallible, time::Duration};

use battlement_health::{Check, CheckState, Health, HealthBuilder};
use battlement_testkit::{client::Collected, eventually};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use tower::{Service, ServiceExt as _};

/// Creates the registry of a service with `checks`, each of which has run once.
pub(crate) async fn instance(checks: impl IntoIterator<Item = Check>) -> Health {
    started(checks.into_iter().fold(Health::builder(), HealthBuilder::check)).await
}

/// Creates a registry whose checks have run once.
pub(crate) async fn started(builder: HealthBuilder) -> Health {
    let health = builder.build();
    let all_ran = || health.checks().iter().all(|check| check.runs.total() > 0);
    assert!(eventually(Duration::from_secs(10), all_ran).await, "a check did not run");
    health
}

/// Returns a service with one check of each status: `disk` passes, `redis` is degraded, and `database`, which is
/// critical, fails.
pub(crate) fn impaired() -> [Check; 3] {
    [
        Check::of_state("disk", || CheckState::pass("41 % used")),
        Check::of_state("redis", || CheckState::fail("connection refused")),
        Check::of_state("database", || CheckState::fail("too many connections")).critical(),
    ]
}

/// Sends a GET request for `path`.
pub(crate) async fn get<S, B>(service: &S, path: &str) -> Collected
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error = Infallible>,
{
    send(service, Request::get(path).body(Empty::new()).unwrap()).await
}

/// Sends a request.
pub(crate) async fn send<S, B>(service: &S, request: Request<Empty<Bytes>>) -> Collected
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error = Infallible>,
{
    let response = service.clone().oneshot(request).await.unwrap();
    Collected::of(response).await.unwrap()
}
