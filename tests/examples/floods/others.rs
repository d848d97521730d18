use std::{net::SocketAddr, time::Duration};

use battlement_testkit::load::{self, Arrivals, Caller, Load, OpenLoop};
use tokio::time::sleep;

/// Requests a second of all other clients together, each on a connection of its own.
const PER_SECOND: f64 = 100.0;

/// The clients that are served during an attack.
pub(crate) struct Others;

impl Others {
    /// Calls the server as many clients do, so that its memory is that of a server in use.
    pub(crate) async fn warm_up(addr: SocketAddr) {
        let kinds = [Caller::Http2 { streams: 100 }, Caller::ConnectionEach];
        let loads = kinds.map(|caller| Load::new(caller).callers(20).start(addr));
        sleep(Duration::from_secs(3)).await;
        for load in loads {
            assert_eq!(load.stop().await.lost(), 0, "the server failed before the attack");
        }
    }

    /// Calls the server for this time.
    pub(crate) async fn call(addr: SocketAddr, time: Duration) -> Arrivals {
        let requests = (time.as_secs_f64() * PER_SECOND) as usize;
        OpenLoop::new(PER_SECOND).requests(requests).run(move || load::call(addr, "/")).await
    }
}
