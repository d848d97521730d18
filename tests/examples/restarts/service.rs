//! The services under restart, and their callers.

use std::{env, path::PathBuf, time::Duration};

use battlement_testkit::load::{Caller, Load};
use http::{HeaderValue, header::CONTENT_TYPE};

use crate::front::Kind;

/// A program that is restarted, and the callers that call it meanwhile.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) fronts: &'static [Kind],
    pub(crate) program: PathBuf,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) addresses: Addresses,
    pub(crate) settings: &'static [(&'static str, &'static str)],
    pub(crate) loads: Vec<Load>,
    /// The number of callers over WebSockets.
    pub(crate) sockets: usize,
    expected: Expected,
    /// Whether it answers `/livez` on the listener for operators.
    pub(crate) has_liveness: bool,
}

/// The way in which a program gets its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Variables with this prefix: `_ADDR`, and `_ADMIN_ADDR` for the listener that answers `/readyz`.
    Variables(&'static str),
    /// The last argument: a single listener, which answers `/readyz` as well.
    Argument,
}

/// The result without which the job fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// No request is lost, and the answers that the callers got are those that the servers report.
    NothingLost,
    /// No request is lost, and every stream ends whole. The servers do not report what the callers count: streams that the
    /// callers leave at the end of the load, or polls, or no number at all.
    NothingLostUncounted,
    /// Some requests are lost: the callers would notice.
    SomeLost,
    /// The system may reset connections in their handshake; the number is printed.
    SomeMayBeLost,
}

/// The time for which an instance serves after SIGTERM. Longer than the pauses of the balancers between two polls, and
/// than the longest pause of a caller on a connection.
const DELAY_MS: &str = "1000";

impl Service {
    pub(crate) fn all() -> [Self; 9] {
        [
            Self::storefront(),
            Self::first_example(),
            Self::payments(),
            Self::inventory(),
            Self::streams(),
            Self::naive(),
            Self::serve_example(),
            Self::direct(),
            Self::naive_direct(),
        ]
    }

    /// Returns the expected result behind a front.
    pub(crate) fn expected(&self, front: Kind) -> Expected {
        match (self.expected, front) {
            (Expected::NothingLost, Kind::ReusePort { migrate: false }) => Expected::SomeMayBeLost,
            (expected, _) => expected,
        }
    }

    fn storefront() -> Self {
        Self {
            name: "storefront",
            fronts: Kind::BALANCERS,
            program: example("storefront"),
            arguments: &[],
            addresses: Addresses::Variables("STOREFRONT"),
            // The limits are raised so that no answer is a 429, 503 or 504.
            settings: &[
                ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "1000000"),
                ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1000000"),
                ("STOREFRONT_CONCURRENCY", "off"),
                ("STOREFRONT_DEADLINE_MS", "30000"),
                ("STOREFRONT_SHUTDOWN_DELAY_MS", DELAY_MS),
            ],
            loads: http("/products", "/orders"),
            sockets: 0,
            expected: Expected::NothingLost,
            has_liveness: true,
        }
    }

    /// Returns the first example of the page of `battlement-shutdown`.
    fn first_example() -> Self {
        let mut loads = http("/", "/");
        // The example has no route that reads a body.
        loads.pop();
        Self {
            name: "example",
            fronts: Kind::BALANCERS,
            program: example("examples/axum"),
            arguments: &[],
            addresses: Addresses::Argument,
            // In Kubernetes, the delay is five seconds.
            settings: &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")],
            loads,
            sockets: 0,
            expected: Expected::NothingLostUncounted,
            has_liveness: false,
        }
    }

    fn payments() -> Self {
        Self {
            name: "payments",
            fronts: Kind::BALANCERS,
            program: example("payments"),
            arguments: &[],
            addresses: Addresses::Variables("PAYMENTS"),
            settings: &[
                ("PAYMENTS_REQUESTS_PER_MINUTE", "1000000"),
                ("PAYMENTS_SHUTDOWN_DELAY_MS", DELAY_MS),
                ("RUST_LOG", "warn,battlement=info"),
            ],
            loads: http("/charges", "/charges"),
            sockets: 0,
            expected: Expected::NothingLost,
            has_liveness: true,
        }
    }

    fn inventory() -> Self {
        let release = |caller| Load::new(caller).path("/inventory.v1.Inventory/Release");
        Self {
            name: "inventory",
            fronts: Kind::BALANCERS,
            program: example("inventory"),
            arguments: &[],
            addresses: Addresses::Variables("INVENTORY"),
            settings: &[
                ("INVENTORY_CALLS_PER_MINUTE", "1000000"),
                ("INVENTORY_SHUTDOWN_DELAY_MS", DELAY_MS),
            ],
            loads: vec![
                release(Caller::Grpc).callers(32),
                release(Caller::GrpcStreams { streams: 8 }).callers(8),
            ],
            sockets: 0,
            expected: Expected::NothingLost,
            has_liveness: true,
        }
    }

    /// Returns a server of streams that end with the drain, since no example has a stream.
    fn streams() -> Self {
        let load = |caller, path| Load::new(caller).callers(8).path(path);
        Self {
            name: "streams",
            fronts: Kind::BALANCERS,
            program: env::current_exe().unwrap(),
            arguments: &["serve", "streams"],
            addresses: Addresses::Variables("STREAMS"),
            settings: &[],
            loads: vec![
                load(Caller::EventStream, "/events"),
                load(Caller::KeepAlive { think: Duration::from_millis(5) }, "/"),
                load(Caller::Http2 { streams: 8 }, "/"),
            ],
            sockets: 8,
            expected: Expected::NothingLostUncounted,
            has_liveness: true,
        }
    }

    /// Returns the control: a server that stops as the documentation of axum shows.
    fn naive() -> Self {
        Self {
            name: "naive",
            fronts: Kind::BALANCERS,
            program: env::current_exe().unwrap(),
            arguments: &["serve", "naive"],
            addresses: Addresses::Variables("NAIVE"),
            settings: &[],
            loads: http("/", "/"),
            sockets: 0,
            expected: Expected::SomeLost,
            has_liveness: false,
        }
    }

    /// Returns the first example of the page of `battlement-serve`.
    fn serve_example() -> Self {
        Self { name: "serve", program: example("examples/serve"), ..Self::first_example() }
    }

    /// Returns a server whose old and new instances share an address.
    fn direct() -> Self {
        Self {
            name: "direct",
            fronts: Kind::SHARED_ADDRESSES,
            program: env::current_exe().unwrap(),
            arguments: &["serve", "direct"],
            addresses: Addresses::Variables("DIRECT"),
            settings: &[],
            loads: http("/", "/"),
            sockets: 0,
            expected: Expected::NothingLost,
            has_liveness: true,
        }
    }

    /// Returns the control of the shared addresses.
    fn naive_direct() -> Self {
        Self { name: "naive_direct", fronts: Kind::SHARED_ADDRESSES, ..Self::naive() }
    }
}

/// Returns the path of a program, which is built in the same profile as this program.
fn example(name: &str) -> PathBuf {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    folder.join(name)
}

/// Returns callers of every kind that speaks HTTP.
fn http(path: &str, upload: &str) -> Vec<Load> {
    let keep_alive = |think| Caller::KeepAlive { think: Duration::from_millis(think) };
    let get = |caller, callers| Load::new(caller).callers(callers).path(path);
    // Takes two seconds, and is read to its end before the answer.
    let slow = Caller::SlowUpload { chunks: 4, pause: Duration::from_millis(500) };
    let json = HeaderValue::from_static("application/json");
    vec![
        get(keep_alive(0), 8),
        get(keep_alive(5), 16),
        get(keep_alive(400), 32),
        get(Caller::ConnectionEach, 8),
        get(Caller::Http2 { streams: 8 }, 8),
        Load::new(slow).callers(4).path(upload).header(CONTENT_TYPE, json),
    ]
}
