//! Layers of ours beside those that people use today: a file for each layer, a line for each file.

use battlement_benches::Suite;

mod client_ip;
mod metrics;
mod problem;
mod rate_limit;
pub mod rate_limit_redis;
mod request_id;
mod security_headers;

/// All layers there are cases of.
pub const SUITES: &[Suite] = &[
    Suite { layer: "client-ip", cases: client_ip::cases },
    Suite { layer: "metrics", cases: metrics::cases },
    Suite { layer: "problem", cases: problem::cases },
    Suite { layer: "rate-limit", cases: rate_limit::cases },
    Suite { layer: "request-id", cases: request_id::cases },
    Suite { layer: "security-headers", cases: security_headers::cases },
];
