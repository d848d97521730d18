//! Body errors that the feature `hyper` explains.

use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::exchange::{BoxError, send};

#[tokio::test]
async fn a_body_over_its_limit_is_a_413() {
    let answer = send::<BoxError>(ProblemLayer::new(), &[], async |_| {
        let body = Limited::new(Full::<Bytes>::from("far too long"), 3);
        let error = body.collect().await.unwrap_err();
        assert!(error.is::<LengthLimitError>());
        Err(error)
    });
    assert_eq!(answer.await.json()["code"], "payload_too_large");
}
