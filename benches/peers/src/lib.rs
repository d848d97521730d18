//! Compares our layers with existing ones. Each layer has a module and an entry in [`SUITES`].

use battlement_benches::Suite;

mod access_log;
pub mod access_log_requests;
mod circuit_breaker;
mod client_ip;
mod concurrency_limit;
mod health;
mod lazy;
mod measure;
mod metrics;
pub mod overload;
mod problem;
mod rate_limit;
pub mod rate_limit_redis;
mod request_id;
mod retry;
mod security_headers;
pub mod serve;
mod shutdown;
mod stack;
pub mod threads;
mod timeout;

/// The suites of all layers.
pub const SUITES: &[Suite] = &[
    Suite { layer: "access-log", cases: access_log::cases },
    Suite { layer: "circuit-breaker", cases: circuit_breaker::cases },
    Suite { layer: "client-ip", cases: client_ip::cases },
    Suite { layer: "concurrency-limit", cases: concurrency_limit::cases },
    Suite { layer: "health", cases: health::cases },
    Suite { layer: "metrics", cases: metrics::cases },
    Suite { layer: "problem", cases: problem::cases },
    Suite { layer: "rate-limit", cases: rate_limit::cases },
    Suite { layer: "request-id", cases: request_id::cases },
    Suite { layer: "retry", cases: retry::cases },
    Suite { layer: "security-headers", cases: security_headers::cases },
    Suite { layer: "shutdown", cases: shutdown::cases },
    Suite { layer: "stack", cases: stack::cases },
    Suite { layer: "timeout", cases: timeout::cases },
];
