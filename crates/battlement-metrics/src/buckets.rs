//! Bucket bounds of histograms, in the unit in which they are recorded.

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// OpenTelemetry's recommended buckets for `http.server.request.duration`, in nanoseconds.
pub(crate) const DURATION: [u64; 14] = [
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    75 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    SECOND,
    2_500 * MS,
    5 * SECOND,
    7_500 * MS,
    10 * SECOND,
];

/// Buckets for streams, which last from seconds to a day, in nanoseconds.
pub(crate) const STREAM: [u64; 12] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
    300 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    14_400 * SECOND,
    43_200 * SECOND,
    86_400 * SECOND,
];

/// Buckets for body sizes in bytes: 256 to 16 MiB, each bound four times the last.
pub(crate) const SIZE: [u64; 9] =
    [1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];

/// The default buckets of Prometheus' client libraries, in nanoseconds.
pub(crate) const PROMETHEUS: [u64; 11] = [
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    SECOND,
    2_500 * MS,
    5 * SECOND,
    10 * SECOND,
];

/// The default buckets of express-prom-bundle, in nanoseconds.
pub(crate) const EXPRESS: [u64; 6] = [3 * MS, 30 * MS, 100 * MS, 300 * MS, 1_500 * MS, 10 * SECOND];

/// Buckets for scheduling delays of a runtime, in nanoseconds.
pub(crate) const DELAY: [u64; 14] = [
    MS / 2,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    SECOND,
    2_500 * MS,
    5 * SECOND,
    10 * SECOND,
];
