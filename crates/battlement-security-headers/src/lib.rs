//! Helmet's security headers on every answer, and none of a route's own policies weakened.
//!
//! # The failure it prevents
//!
//! The headers are on the pages that were looked at, and not on the 404, the 413 and the 500 that a panic
//! made, because the layer stood inside the ones that answered; or a route's `default-src 'none'` was
//! replaced by the weaker default, because the layer came after the handler; or the policy has a typo, and
//! browsers ignore it without a word.
//!
//! ```
//! use battlement_security_headers::SecurityHeadersLayer;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let service = ServiceBuilder::new()
//!     .layer(SecurityHeadersLayer::api())
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new("{}"))
//!     }));
//! let response = service.oneshot(Request::new(())).await.unwrap();
//! assert_eq!(response.headers()["x-content-type-options"], "nosniff");
//! assert_eq!(response.headers()["x-frame-options"], "DENY");
//! # }
//! ```
//!
//! # What it does to a request
//!
//! [`SecurityHeadersLayer`] lets the request pass, and puts its headers on the answer, whatever the status:
//!
//! 1. what names the program behind the service (`Server`, `X-Powered-By`) is removed;
//! 2. a header that the service has set itself stays, all its values; each other one of the layer's is
//!    added, so that none is sent twice. [`force`](SecurityHeadersLayer::force) turns that round;
//! 3. a [`SecurityPatch`] among the response's extensions relaxes, replaces or drops a header for this one
//!    answer; several of them all hold, the outermost last;
//! 4. a handler that has read its [`CspNonce`] has it in the policy, and an answer that may not be stored;
//!    one that has not pays for no randomness, and its policy allows no more for it. Layers around each
//!    other share one nonce;
//! 5. an answer to a gRPC request gets `Strict-Transport-Security` and `X-Content-Type-Options` alone.
//!
//! [`FetchMetadataLayer`] is a second layer, further in: it turns away what other sites' pages ask for.
//!
//! A policy is checked when it is made, and all its mistakes are told at once: see [`Csp`].
//!
//! # Presets
//!
//! | preset | for | takes its values from |
//! |---|---|---|
//! | [`SecurityHeadersLayer::api`] | answers that are data | OWASP's REST cheat sheet |
//! | [`SecurityHeadersLayer::html`] | pages | a policy of nonces and `'strict-dynamic'` |
//! | [`SecurityHeadersLayer::helmet`] | who comes from Helmet | Helmet 8, byte for byte |
//! | [`SecurityHeadersLayer::none`] | to begin from nothing | |
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | a header that the service sets | stays | it knows its route, and is mostly the stricter one |
//! | HSTS | a year, subdomains, over https | RFC 6797, section 7.2; `helmet` sends it always, as Helmet does |
//! | `upgrade-insecure-requests` of `html` | over https | Safari breaks `http://localhost` otherwise |
//! | `Cross-Origin-Embedder-Policy` | not sent | it stops a page from embedding what has not agreed |
//! | `Permissions-Policy` | not sent | which features a page needs, only its author knows |
//! | `Cache-Control` of `api`, and with a nonce | `no-store` | answers hold what is one user's; a stored page has an old nonce |
//! | `304 Not Modified` | no policy with a nonce | it would replace the stored one, whose nonce the stored page has |
//! | | no `Cache-Control` added | it would replace what the stored answer says, and `no-store` would evict that |
//! | `Server`, `X-Powered-By` | removed | they tell which known holes to try |
//!
//! # Where it goes in the stack
//!
//! Outside of whatever answers in the service's place: limits, timeouts, panics caught. Inside of request
//! id, access log and metrics, and of the layer for the client's address, which knows whether the client came by https
//! to a trusted proxy. A server that ends TLS itself puts [`ConnectionScheme`] into each request. What hyper
//! itself answers to a request that it cannot read (400, 431) passes no layer and has no header.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # Compared with the layers people use today
//!
//! - tower-helmet and axum-helmet put their headers in the place of the handler's: a route's stricter
//!   policy is lost. Neither checks a policy, knows nonces, removes `X-Powered-By` or has two policies.
//! - tower-http sets headers one by one, with a layer for each; it has no presets and no types for them.
//! - Helmet itself runs before the handler, which therefore wins, as here. It sends
//!   `Strict-Transport-Security` over http too, and either enforces a policy or reports on it.
//!
//! Pages for who comes from one of them stand in the repository, compiled and option by option:
//! `docs/migrate/helmet.md`, `tower-helmet.md` and `axum-helmet.md`.
//!
//! # When the caller goes away
//!
//! Nothing is held: no count, no permit, no task. After an upgrade the answer's head has been sent and the
//! layer is done.
//!
//! # Feature flags
//!
//! - `axum`: [`CspNonce`] as an extractor, [`SecurityPatch`] as a part of an answer
//! - `serde`: `SecurityHeadersSettings`, in the shape of Helmet's options; `FetchMetadataSettings`

#![cfg_attr(docsrs, feature(doc_cfg))]

mod asked;
#[cfg(feature = "axum")]
mod axum;
mod config;
mod csp;
mod endpoint;
mod fetch_metadata;
mod future;
mod header;
mod layer;
mod nonce;
mod patch;
mod policy;
mod preset;
mod security_header;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod template;

pub use battlement_core::{ConfigError, ConnectionScheme, InvalidField, Scheme};

#[cfg(feature = "axum")]
pub use self::axum::MissingNonce;
#[cfg(feature = "serde")]
pub use self::settings::{FetchMetadataSettings, SecurityHeadersSettings};
pub use self::{
    csp::{Csp, CspBuilder, Directive, InvalidSource, Source, SourceList},
    endpoint::Endpoint,
    fetch_metadata::{FetchMetadata, FetchMetadataFuture, FetchMetadataLayer, FetchSite},
    future::ResponseFuture,
    header::Header,
    layer::SecurityHeadersLayer,
    nonce::CspNonce,
    patch::SecurityPatch,
    policy::{
        CacheControl, ClearSiteData, Coep, ContentTypeOptions, Coop, Corp, CrossDomainPolicies,
        DnsPrefetch, DownloadOptions, Feature, FrameOptions, Hsts, OriginAgentCluster,
        PermissionsPolicy, ReferrerPolicy, ReportOnly, ReportTo, When, XssProtection,
    },
    security_header::SecurityHeader,
    service::SecurityHeaders,
};
