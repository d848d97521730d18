//! Each way in which a request can end, over HTTP/1 and HTTP/2, ends it once, and not before its body.

use std::{future::ready, time::Duration};

use battlement_shutdown::Shutdown;
use battlement_testkit::matrix::{End, Way};
use tower::Layer as _;

#[tokio::test]
async fn each_way_to_end_leaves_nothing_in_flight_and_is_counted_if_the_caller_has_it_in_full() {
    for (way, protocol) in Way::each() {
        let shutdown = Shutdown::without_signals().delay(Duration::ZERO).linger(Duration::ZERO);
        let in_flight = shutdown.handle().in_flight();
        let held = move || in_flight.counts().iter().map(|(_, count)| count).sum();
        way.run_held(protocol, |responses| shutdown.layer().layer(responses), held).await;
        let report = shutdown.run(ready(())).await;
        let is_answered = matches!(way.end, End::Complete | End::Upgraded);
        let what = format!("{} over {protocol:?}", way.name);
        assert_eq!((report.answered(), report.code()), (u64::from(is_answered), 0), "{what}");
    }
}
