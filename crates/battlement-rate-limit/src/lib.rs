//! How much each client may ask: policies, keys, answers, and memory that is bounded, or shared in Redis.
//!
//! # The failure it prevents
//!
//! One customer's script loops, and everybody waits. Somebody tries passwords, a thousand a minute. The limiter
//! that was to stop them gives each of four made-up `X-Forwarded-For` values a bucket of its own, or keeps
//! one for each of the 2^64 addresses of an IPv6 network until memory is gone.
//!
//! ```
//! use battlement_rate_limit::{Key, Policy, RateLimitLayer};
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use bytes::Bytes;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let mut service = ServiceBuilder::new()
//!     .layer(RateLimitLayer::new(Policy::per_minute("orders", 1), Key::global()))
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from("ordered")))
//!     }));
//!
//! let first = service.clone().oneshot(Request::new(())).await.unwrap();
//! assert_eq!(first.headers()["ratelimit"], "\"orders\";r=0;t=60");
//! let second = service.oneshot(Request::new(())).await.unwrap();
//! assert_eq!((second.status().as_u16(), &second.headers()["retry-after"]), (429, &"60".parse().unwrap()));
//! # }
//! ```
//!
//! # What it does to a request
//!
//! 1. It finds the [`Key`] of the request. There is no default: who shares a limit is yours to say. A request
//!    that has none is told of once in the log, with the fix, and treated as [`MissingKey`] says.
//! 2. It asks all [`Policies`] that hold for the request, and takes its cost from all of them or from none.
//!    Time is when the outermost of our layers saw the request.
//! 3. Who may pass passes, and the answer says what is left. Of the request nothing changes, but for
//!    [`RateLimitInfo`] where that is asked for.
//! 4. Who may not gets a 429 with `Retry-After`, `cache-control: no-store` and a problem of the type
//!    `quota-exceeded` that lists the `violated-policies`; a gRPC caller gets code 8 with `RetryInfo` and
//!    `grpc-retry-pushback-ms`. The service is not called. Over HTTP/1 the answer closes the connection if a
//!    body of more than 8 KiB or of unknown length was not read, and says so; see [`Caller`](battlement_core::Caller).
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | key | none | a limit by the wrong key is none, or one for all |
//! | algorithm | [`Algorithm::Gcra`] | no edge at which twice the quota passes, and 8 bytes of state |
//! | burst | the quota | who has been quiet may use it at once |
//! | cost | 1 | |
//! | headers | [`Headers::Draft10`] | names its policies; a change of this default is a breaking one |
//! | memory | 250,000 cells | up to 20 MB; beyond them new clients share, those of a crowded network first; no limit is reset |
//! | request without a key | [`MissingKey::Shared`] | the service stays protected, and does not fail |
//! | jitter | none | `Retry-After` is exact |
//! | denied requests | not charged | who asks too often is let in when the time has come |
//!
//! The `t` of a header is the time until there is more, by a unit under GCRA. Under a window that is a
//! window's, and `Retry-After` is never less. `q` and `w` are the quota and its period; a burst above the quota
//! shows in `r` alone.
//!
//! # Where it goes in the stack
//!
//! By address before authentication, inside whatever writes logs, metrics and security headers, so that
//! rejections have them too; by customer after it. [`Key::client_ip`] needs the layer of
//! `battlement-client-ip` further out: no header is ever read for an address. Stacked limiters join their
//! headers.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # Compared with the layers people use today
//!
//! - tower_governor: one policy, no cost, no refund, no bound on memory; a `Retry-After` that is rounded down;
//!   its `SmartIpKeyExtractor` believes the first `X-Forwarded-For` it finds; a service with a `Full` body
//!   does not compile. The decision here is governor's own.
//! - tower's `RateLimitLayer` makes callers wait, knows no keys, and counts anew in each service that it makes:
//!   on two routes it allows twice as much.
//! - express-rate-limit counts in fixed windows, as [`Algorithm::FixedWindow`] does, and charges those it
//!   turns away, which this layer does not.
//!
//! `docs/migrate/tower_governor.md`, `express-rate-limit.md` and `rate-limit-redis.md` say how to come from there.
//!
//! # When the caller goes away
//!
//! What was taken stays taken, [`RateLimitLayer::refund`] or not: that looks at the head of a response, and
//! there is none. The layer holds no permit and, in memory, has no task.
//!
//! # Feature flags
//!
//! - `axum`: the route from `MatchedPath`, and the peer's address from `ConnectInfo`
//! - `redis`: limits that several processes share, in the module `redis`; `redis-cluster`: in a cluster of them;
//!   `redis-tls`: over TLS, by rustls with ring
//! - `serde`: `RateLimitSettings`
//! - `tonic`: the peer's address under tonic

#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquire_future;
mod algorithm;
mod decide;
mod future;
mod handle;
mod headers;
#[cfg(feature = "redis")]
mod identity_hasher;
mod info;
mod jitter;
mod key;
mod layer;
mod limiter;
mod memory;
mod missing_key;
mod observe;
mod on_response;
mod policies;
mod policy;
#[cfg(feature = "redis")]
pub mod redis;
mod rejected;
mod retry_info;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod store;
mod swappable;
mod usage;

pub use battlement_core::{
    ClientIp, ConfigError, Head, InvalidField, PeerAddr, RequestHead, ResponseBody,
};

#[cfg(feature = "serde")]
pub use self::settings::{KeyPart, KeySetting, PolicySettings, RateLimitSettings};
pub use self::{
    acquire_future::AcquireFuture,
    algorithm::Algorithm,
    future::{Next, ResponseFuture},
    handle::Handle,
    headers::Headers,
    info::RateLimitInfo,
    key::{Key, KeyHash, KeyHasher},
    layer::RateLimitLayer,
    memory::Memory,
    missing_key::MissingKey,
    observe::{Decision, Observe},
    policies::Policies,
    policy::Policy,
    service::RateLimit,
    store::{
        Ask, Attempt, Moment, Never, Outcome, PolicyState, Remote, Ruling, Source, Store,
        StoreError,
    },
    usage::Usage,
};
