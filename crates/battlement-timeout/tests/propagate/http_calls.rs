use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use battlement_core::{CallFacts, Rejection, RejectionKind};
use battlement_timeout::{
    CallDeadlineLayer, Elapsed, ElapsedKind, Observe, PropagateDeadlineLayer, TimeoutHeader,
};
use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::calls::{GRPC, HTTP, call, deadline, ms, within};

fn layer() -> PropagateDeadlineLayer {
    PropagateDeadlineLayer::new()
}

#[tokio::test(start_paused = true)]
async fn the_time_left_less_the_margin_is_sent() {
    let made = within(deadline(2000), call(&layer(), Request::new(()))).await;
    assert_eq!(made.lines(HTTP), ["1995"]);
    assert!(made.lines(GRPC).is_empty());
    let wide = layer().margin(ms(250));
    assert_eq!(within(deadline(2000), call(&wide, Request::new(()))).await.lines(HTTP), ["1750"]);
}

#[tokio::test(start_paused = true)]
async fn the_time_that_passes_before_the_call_is_not_sent() {
    let end = deadline(2000);
    tokio::time::advance(ms(1200)).await;
    assert_eq!(within(end, call(&layer(), Request::new(()))).await.lines(HTTP), ["795"]);
}

#[tokio::test(start_paused = true)]
async fn the_header_that_is_set_is_written_in_its_format() {
    for (header, name, value) in [
        (TimeoutHeader::envoy(), "x-envoy-expected-rq-timeout-ms", "1995"),
        (TimeoutHeader::linkerd(), "l5d-timeout", "1995ms"),
    ] {
        let layer = layer().header(header);
        let made = within(deadline(2000), call(&layer, Request::new(()))).await;
        assert_eq!(made.lines(name), [value]);
        assert!(made.lines(HTTP).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_deadline_is_unchanged() {
    let mut request = Request::new(());
    request.headers_mut().insert(HTTP, 7.into());
    assert_eq!(call(&layer(), request).await.lines(HTTP), ["7"]);
    assert!(call(&layer(), Request::new(())).await.lines(HTTP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_sends_nothing() {
    let layer = layer().enabled(false);
    let made = within(deadline(2000), call(&layer, Request::new(()))).await;
    assert!(made.lines(HTTP).is_empty());
    assert!(within(deadline(0), call(&layer, Request::new(()))).await.sent.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_shorter_value_of_the_application_is_kept_and_any_other_replaced() {
    for (own, sent) in [
        ("50", "50"),
        ("0", "0"),
        ("1995", "1995"),
        ("9000", "1995"),
        ("soon", "1995"),
        ("", "1995"),
    ] {
        let request = Request::get("/").header(HTTP, own).body(()).unwrap();
        let made = within(deadline(2000), call(&layer(), request)).await;
        assert_eq!(made.lines(HTTP), [sent], "{own}");
    }
    let twice = Request::get("/").header(HTTP, "50").header(HTTP, "60").body(()).unwrap();
    assert_eq!(within(deadline(2000), call(&layer(), twice)).await.lines(HTTP), ["1995"]);
}

#[tokio::test(start_paused = true)]
async fn the_facts_of_a_call_precede_the_current_deadline() {
    let with = |end| {
        let (mut request, mut facts) = (Request::new(()), CallFacts::default());
        facts.set_deadline(end);
        request.extensions_mut().insert(facts);
        request
    };
    let made = within(deadline(2000), call(&layer(), with(Some(deadline(3000))))).await;
    assert_eq!(made.lines(HTTP), ["2995"]);
    let detached = within(deadline(2000), call(&layer(), with(None))).await;
    assert!(detached.lines(HTTP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_with_no_more_than_the_margin_left_is_not_made() {
    // 5.9 ms are left, of which the header could state 0.9 ms only as zero.
    for (left, is_made) in [(0, false), (5000, false), (5900, false), (6000, true)] {
        let end = battlement_timeout::Deadline::after(
            tokio::time::Instant::now(),
            std::time::Duration::from_micros(left),
        );
        let made = within(end, call(&layer(), Request::new(()))).await;
        assert_eq!(made.sent.is_some(), is_made, "{left} us");
        if !is_made {
            assert_eq!(made.response.status(), 504);
            let rejection = made.response.extensions().get::<Rejection>().unwrap();
            assert_eq!(rejection.kind(), RejectionKind::DeadlineExceeded);
        }
    }
}

#[derive(Default)]
struct Counts {
    expired: AtomicU32,
    not_called: AtomicU32,
}

impl Observe for Counts {
    fn expired(&self, kind: ElapsedKind) {
        assert_eq!(kind, ElapsedKind::Deadline);
        self.expired.fetch_add(1, Relaxed);
    }

    fn not_called(&self) {
        self.not_called.fetch_add(1, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_made_is_counted_and_as_an_error_has_the_time_left() {
    let counts = Arc::new(Counts::default());
    let client = layer().observe(Arc::clone(&counts)).as_error().layer(service_fn(
        async |_: Request<()>| -> Result<Response<()>, std::io::Error> {
            unreachable!("no time is left")
        },
    ));
    let error = within(deadline(4), client.oneshot(Request::new(()))).await.unwrap_err();
    let elapsed = error.downcast_ref::<Elapsed>().unwrap();
    assert_eq!((elapsed.kind(), elapsed.after()), (ElapsedKind::NoTimeLeft, ms(4)));
    assert_eq!((counts.not_called.load(Relaxed), counts.expired.load(Relaxed)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_after_the_time_that_was_sent_is_the_expiry_and_an_earlier_one_is_not() {
    for (after, is_expiry) in [(90, false), (93, false), (94, true), (95, true), (99, true)] {
        let counts = Arc::new(Counts::default());
        let layer = layer().observe(Arc::clone(&counts)).as_error();
        let client = layer.layer(service_fn(move |_: Request<()>| async move {
            tokio::time::sleep(ms(after)).await;
            Err::<Response<()>, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        }));
        let error = within(deadline(100), client.oneshot(Request::new(()))).await.unwrap_err();
        let elapsed = error.downcast_ref::<Elapsed>();
        assert_eq!(elapsed.is_some(), is_expiry, "after {after} ms");
        assert!(elapsed.is_none_or(|elapsed| elapsed.after() == ms(95)));
        assert_eq!(counts.expired.load(Relaxed), u32::from(is_expiry));
    }
}

#[test]
fn a_margin_that_leaves_no_time_of_the_limit_of_a_call_is_reported() {
    let call = CallDeadlineLayer::new(ms(20));
    let with_margin = |margin| layer().margin(ms(margin));
    for margin in [20, 30] {
        let error = with_margin(margin).try_within(&call).unwrap_err().to_string();
        let message = "propagate deadline settings: margin: must be less than the limit of the call, 20ms, got";
        assert!(error.starts_with(message), "{error}");
        assert!(with_margin(margin).enabled(false).try_within(&call).is_ok());
    }
    let within = with_margin(19).try_within(&call.as_error()).unwrap();
    assert_eq!(format!("{within:?}"), format!("{:?}", with_margin(19)));
}
