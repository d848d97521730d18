//! Errors of tower's layers, which the feature `tower` explains.

use std::{future::pending, time::Duration};

use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::exchange::{BoxError, send};

#[tokio::test]
async fn errors_of_tower_timeout_and_load_shed_are_explained() {
    let never = service_fn(|_: Request<()>| pending::<Result<Response<Full<Bytes>>, BoxError>>());
    let slow = ServiceBuilder::new().timeout(Duration::from_millis(1)).service(never);
    let answer = send::<BoxError>(ProblemLayer::new(), &[], async |request| {
        slow.clone().oneshot(request).await
    });
    let answer = answer.await;
    assert_eq!((answer.status().as_u16(), answer.json()["code"].as_str()), (504, Some("timeout")));

    let shed = async |_| Err(tower::load_shed::error::Overloaded::new());
    let answer = send(ProblemLayer::new(), &[], shed).await;
    assert_eq!(answer.json()["code"], "overloaded");
}
