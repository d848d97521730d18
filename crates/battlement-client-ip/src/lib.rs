//! Who the client is behind trusted proxies, by an address that nobody can forge.
//!
//! # The failure it prevents
//!
//! A limiter counts requests by `X-Forwarded-For`, and a script that sends another address each time is never
//! counted twice. Or a proxy is put before another, and from that day every customer has the inner proxy's
//! address, is limited as one, and is locked out as one. Or the header holds `192.0.2.1:80`, and every request
//! of that network is answered with 500.
//!
//! ```
//! use battlement_client_ip::{ClientIp, ClientIpLayer, Forwarding, PeerAddr, Proxies};
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let proxies = Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
//! let service = ServiceBuilder::new()
//!     .layer(ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for()))
//!     .service(service_fn(async |request: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(ClientIp::of(&request).unwrap().ip)
//!     }));
//!
//! let mut request = Request::new(());
//! request.extensions_mut().insert(PeerAddr("10.0.0.1:4711".parse().unwrap()));
//! let forged_and_true = "127.0.0.1, 192.0.2.7, 10.0.0.2".parse().unwrap();
//! request.headers_mut().insert("x-forwarded-for", forged_and_true);
//! assert_eq!(service.oneshot(request).await.unwrap().to_string(), "192.0.2.7");
//! # }
//! ```
//!
//! # What it does to a request
//!
//! 1. It asks the server who is at the other end of the connection. Without a proxy of yours there, that is the
//!    client, and no header is read.
//! 2. Else it reads the one header you chose from its end, over every line: the nearest proxy wrote the last
//!    hop, and if that hop is a proxy of yours, it wrote the one before, and so on. The first that is none is
//!    the client.
//! 3. It keeps that in the request's facts, where handlers and other layers find it: [`ClientIp::of`], and with
//!    the feature `axum` as an extractor. The headers stay as they came.
//!
//! It never answers and never fails. Where a hop is hidden (`unknown`, `_name`) or is no address, the client is
//! the last one known, which is a proxy of yours; nothing is passed over, not even an empty element, because
//! what stands before it may be the client's. The service gets no client only where nobody on the way has an
//! address: the server does not tell the peer, or it is a Unix socket.
//!
//! | it reads | as |
//! |---|---|
//! | `192.0.2.1`, `192.0.2.1:80` | the address |
//! | `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`, with a zone | the address |
//! | `"[2001:db8::1]:80"`, `"192.0.2.1:_port"` | the address |
//! | `::ffff:192.0.2.1` | the IPv4 address, on hops, peers and networks |
//! | `unknown`, `_name`, `unix:` | hidden |
//! | anything else | malformed: counted ([`ClientIpLayer::malformed`]) and logged, once a minute at most |
//!
//! The scheme and the host ([`ClientIp::scheme`], [`ClientIp::host`]) are those of the element of `Forwarded`
//! that names the client, or of headers that you say your proxies set: see [`Forwarding`].
//!
//! [`ClientIp::key`] is what a limiter should count by: an IPv6 client has a whole network to send from.
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | trusted | nobody | a service without a proxy must not believe anybody |
//! | header | none | the one that your proxies write; they pass the others on as the client sent them |
//! | scheme and host, beside `Forwarded` | none | most proxies pass `X-Forwarded-Host` on as well |
//! | hops | 32, then it stops | no chain is longer, but a loop is |
//! | bytes | the last 4096 of the header, then it stops | 32 hops fit; the client's own part is not read |
//! | IPv6 to limiters | a /64 | what a household has at least (RFC 6177) |
//! | NAT64 to limiters | the IPv4 address | a /64 would be everybody behind that gateway |
//! | Unix sockets | not trusted | whoever can open the socket could name any client |
//!
//! `0.0.0.0/0`, no networks at all and the like are refused when the layer is made. A forwarding header that
//! comes while nobody is trusted is told of once in the log, with the fix.
//!
//! # Where it goes in the stack
//!
//! Inside the layer for request ids, outside of everything that asks who the client is: access log, metrics,
//! limiters. A server that does not tell the peer is told of once in the log: serve axum with
//! `into_make_service_with_connect_info::<SocketAddr>()` (`::<UnixPeer>()` for a Unix socket), tonic as it is,
//! and have an accept loop of your own put [`PeerAddr`] or [`UnixPeer`] into each request's extensions.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # Compared with the layers people use today
//!
//! - `axum-client-ip` reads the header you choose from whoever sends it. It knows neither networks nor a count
//!   of hops, so behind two proxies the client is the inner one; and an address with a port is an error that
//!   answers with 500.
//! - `real` tries header after header and takes the first address of a list, which is the client's to choose.
//! - Express's `trust proxy` walks as this layer does. With a count of hops and a chain that is shorter it takes
//!   what the client wrote; here that is the peer.
//!
//! # When the caller goes away
//!
//! There is nothing to give back: all is done before the service inside is called, and its future and its
//! response are passed on as they are.
//!
//! # Feature flags
//!
//! - `axum`: [`ClientIp`] as an extractor, and the peer from `ConnectInfo`
//! - `serde`: `ClientIpSettings`
//! - `tonic`: the peer from `TcpConnectInfo` and `UdsConnectInfo`

#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod elements;
mod forwarded;
mod forwarding;
mod hops;
mod ip;
mod layer;
mod node;
mod notices;
mod proxies;
mod resolver;
mod service;
#[cfg(feature = "serde")]
mod settings;

pub use battlement_core::{
    ClientIp, ConfigError, Host, InvalidField, IpKey, PeerAddr, Scheme, UnixPeer, Via,
};

#[cfg(feature = "serde")]
pub use self::settings::ClientIpSettings;
pub use self::{
    forwarding::Forwarding, layer::ClientIpLayer, proxies::Proxies, service::ClientIpService,
};
