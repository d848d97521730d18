use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use battlement_timeout::{PropagateDeadlineLayer, TimeoutLayer};
use http::{Request, Response};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use crate::calls::{HTTP, deadline, ms, within};

#[tokio::test(start_paused = true)]
async fn a_try_states_the_shorter_time_and_the_next_one_the_time_that_remains() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&sent);
    let hang = service_fn(move |request: Request<()>| {
        record.lock().unwrap().push(request.headers()[HTTP].to_str().unwrap().to_owned());
        std::future::pending::<Result<Response<String>, Infallible>>()
    });
    let client = ServiceBuilder::new()
        .layer(TimeoutLayer::new(ms(300)))
        .layer(PropagateDeadlineLayer::new())
        .service(hang);
    let end = deadline(700);
    let mut limits = Vec::new();
    while !end.remaining().is_zero() {
        let before = end.remaining();
        let tried = within(end, client.clone().oneshot(Request::new(())));
        let result = tokio::time::timeout_at(end.instant(), tried).await;
        limits.push((before - end.remaining()).as_millis());
        assert!(result.is_err() || result.unwrap().unwrap().status() == 504);
    }
    assert_eq!(*sent.lock().unwrap(), ["295", "295", "95"]);
    assert_eq!(limits, [300, 300, 100]);
}
