mod check;

use std::time::Duration;

use battlement_core::ConfigError;

use crate::FloodLimits;

/// The subject of a `ConfigError`.
pub(crate) const SETTINGS: &str = "server settings";

const KIB: u32 = 1_024;

/// The limits of a server. The crate page gives the reason for each default.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_serve::Limits;
///
/// let limits = Limits::new().idle(Duration::from_secs(620)).connections(10_000);
/// assert!(limits.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(crate) first_request: Duration,
    pub(crate) header: Duration,
    pub(crate) idle: Duration,
    pub(crate) write: Duration,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) ping_timeout: Duration,
    pub(crate) age: Option<Duration>,
    pub(crate) age_grace: Option<Duration>,
    pub(crate) requests: Option<u64>,
    pub(crate) drain_spread: Duration,
    pub(crate) connections: Option<usize>,
    pub(crate) connections_per_client: Option<usize>,
    pub(crate) ipv6_prefix: u8,
    pub(crate) header_bytes: u32,
    pub(crate) header_count: usize,
    pub(crate) buffer_bytes: usize,
    pub(crate) streams: u32,
    pub(crate) stream_window: u32,
    pub(crate) connection_window: u32,
    pub(crate) send_buffer: u32,
    pub(crate) nodelay: bool,
    pub(crate) keepalive: Option<Duration>,
    pub(crate) half_close: bool,
    pub(crate) floods: FloodLimits,
}

impl Limits {
    /// Creates the default limits.
    pub const fn new() -> Self {
        Self {
            first_request: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(10),
            age: None,
            age_grace: None,
            requests: None,
            drain_spread: Duration::ZERO,
            connections: None,
            connections_per_client: None,
            ipv6_prefix: 64,
            header_bytes: 16 * KIB,
            header_count: 100,
            buffer_bytes: 64 * KIB as usize,
            streams: 200,
            stream_window: 1_024 * KIB,
            connection_window: 1_024 * KIB,
            send_buffer: 400 * KIB,
            nodelay: true,
            keepalive: Some(Duration::from_secs(60)),
            half_close: true,
            floods: FloodLimits::new(),
        }
    }

    /// Sets the deadline from accept until the first request has arrived: first byte, TLS handshake, detection of the
    /// protocol, HTTP/2 preface and SETTINGS, and the head of the request. Default: 10 s.
    pub const fn first_request(mut self, time: Duration) -> Self {
        self.first_request = time;
        self
    }

    /// Sets how long the head of each later request may take from its first byte. Default: 10 s.
    pub const fn header(mut self, time: Duration) -> Self {
        self.header = time;
        self
    }

    /// Sets how long a connection may stay open without a request. Default: 75 s.
    pub const fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// Sets how long a peer may go without reading a byte of a response. Default: 30 s.
    pub const fn write(mut self, time: Duration) -> Self {
        self.write = time;
        self
    }

    /// Sets how often an HTTP/2 connection is probed by a ping; `None` sends none. Default: 20 s.
    pub fn ping_interval(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.ping_interval = time.into();
        self
    }

    /// Sets how long a ping may remain unanswered. Default: 10 s.
    pub const fn ping_timeout(mut self, time: Duration) -> Self {
        self.ping_timeout = time;
        self
    }

    /// Sets the age at which a connection is closed after the requests in flight, with a jitter of 10 % to either
    /// side; `None` sets none. Default: none.
    pub fn age(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.age = time.into();
        self
    }

    /// Sets how long the requests in flight may take from the [`age`](Self::age) on; `None` waits for them. Default:
    /// none.
    pub fn age_grace(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.age_grace = time.into();
        self
    }

    /// Sets the number of requests after which a connection is closed; `None` sets no limit. Default: none.
    pub fn requests(mut self, count: impl Into<Option<u64>>) -> Self {
        self.requests = count.into();
        self
    }

    /// Sets the time over which connections announce their close after a shutdown has begun, by GOAWAY or `Connection:
    /// close`, each at a point of its own. All have announced it when accepting ends. A value near the delay of the
    /// shutdown keeps the clients from reconnecting all at once. Default: zero, which announces at once.
    pub const fn drain_spread(mut self, time: Duration) -> Self {
        self.drain_spread = time;
        self
    }

    /// Sets the maximum number of connections of all listeners without a limit of their own. At the limit the server
    /// stops accepting. `None` derives the number from the descriptor limit of the process, at most 50,000. Default:
    /// none.
    pub fn connections(mut self, count: impl Into<Option<usize>>) -> Self {
        self.connections = count.into();
        self
    }

    /// Sets the maximum number of connections of one client; further connections are closed. `None` sets no limit.
    /// Default: none, because behind a balancer all connections come from one address.
    pub fn connections_per_client(mut self, count: impl Into<Option<usize>>) -> Self {
        self.connections_per_client = count.into();
        self
    }

    /// Sets how many leading bits of an IPv6 address identify a client. Default: 64.
    pub const fn ipv6_prefix(mut self, bits: u8) -> Self {
        self.ipv6_prefix = bits;
        self
    }

    /// Sets the maximum size of a request head over HTTP/1, and of the header list over HTTP/2. Default: 16 KiB.
    pub const fn header_bytes(mut self, bytes: u32) -> Self {
        self.header_bytes = bytes;
        self
    }

    /// Sets the maximum number of header fields of a request over HTTP/1. Default: 100.
    pub const fn header_count(mut self, count: usize) -> Self {
        self.header_count = count;
        self
    }

    /// Sets the maximum size of the read and write buffer of an HTTP/1 connection. Default: 64 KiB.
    pub const fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes;
        self
    }

    /// Sets the maximum number of concurrent streams of an HTTP/2 connection. Default: 200.
    pub const fn streams(mut self, count: u32) -> Self {
        self.streams = count;
        self
    }

    /// Sets how many bytes of one request body an HTTP/2 connection buffers. Default: 1 MiB.
    pub const fn stream_window(mut self, bytes: u32) -> Self {
        self.stream_window = bytes;
        self
    }

    /// Sets how many bytes of all request bodies an HTTP/2 connection buffers. Default: 1 MiB.
    pub const fn connection_window(mut self, bytes: u32) -> Self {
        self.connection_window = bytes;
        self
    }

    /// Sets how many bytes of one response body an HTTP/2 connection buffers. Default: 400 KiB.
    pub const fn send_buffer(mut self, bytes: u32) -> Self {
        self.send_buffer = bytes;
        self
    }

    /// Sets whether small responses are sent at once (`TCP_NODELAY`). Default: true.
    pub const fn nodelay(mut self, enabled: bool) -> Self {
        self.nodelay = enabled;
        self
    }

    /// Sets the idle time after which TCP probes whether the peer still exists; `None` sends no probes. Default: 60 s.
    pub fn keepalive(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.keepalive = time.into();
        self
    }

    /// Sets whether a client that has closed its sending side still gets the response to its request. Default: true.
    pub const fn half_close(mut self, enabled: bool) -> Self {
        self.half_close = enabled;
        self
    }

    /// Sets the rate limits of HTTP/2 frames. Default: [`FloodLimits::new`].
    pub const fn floods(mut self, floods: FloodLimits) -> Self {
        self.floods = floods;
        self
    }

    /// Checks that no limit is zero and no two contradict each other.
    ///
    /// # Errors
    ///
    /// Returns an error that lists every invalid limit.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check(SETTINGS, check::invalid_fields(self), ())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
