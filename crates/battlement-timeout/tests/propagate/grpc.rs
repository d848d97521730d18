use battlement_core::GrpcCode;
use battlement_timeout::{PropagateDeadlineLayer, TimeoutHeader};

use crate::calls::{GRPC, HTTP, call, deadline, grpc, within};

#[tokio::test(start_paused = true)]
async fn a_grpc_call_gets_grpc_timeout_and_no_header_of_http() {
    let layer = PropagateDeadlineLayer::new().header(TimeoutHeader::default());
    let made = within(deadline(2000), call(&layer, grpc())).await;
    assert_eq!(made.lines(GRPC), ["1995000u"]);
    assert!(made.lines(HTTP).is_empty());
    assert_eq!(within(deadline(45), call(&layer, grpc())).await.lines(GRPC), ["40000000n"]);
}

#[tokio::test(start_paused = true)]
async fn a_shorter_timeout_that_tonic_wrote_is_kept() {
    for (own, sent) in [("50m", "50m"), ("2S", "1995000u"), ("x", "1995000u"), ("0n", "0n")] {
        let mut request = grpc();
        request.headers_mut().insert(GRPC, own.parse().unwrap());
        let made = within(deadline(2000), call(&PropagateDeadlineLayer::new(), request)).await;
        assert_eq!(made.lines(GRPC), [sent], "{own}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_with_no_time_left_is_answered_with_deadline_exceeded() {
    let made = within(deadline(5), call(&PropagateDeadlineLayer::new(), grpc())).await;
    assert!(made.sent.is_none());
    assert_eq!(made.response.status(), 200);
    let code = GrpcCode::from_headers(made.response.headers());
    assert_eq!(code, Some(GrpcCode::DeadlineExceeded));
}
