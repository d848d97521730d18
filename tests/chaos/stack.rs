//! The layers of a service and of its client, in the order of the stack, and their metrics.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use battlement::{
    client_ip::{ClientIpLayer, Forwarding, PeerAddr, Proxies},
    metrics::{Exposition, Format, HttpMetrics, rate_limit::RateLimitMetrics},
    problem::ProblemLayer,
    rate_limit::{Handle, Key, Policy, RateLimitLayer},
    request_id::{PropagateLayer, RequestIdLayer},
    security_headers::SecurityHeadersLayer,
};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use tower::{ServiceBuilder, util::BoxCloneSyncService};

use crate::{
    dice::Dice,
    page::Page,
    script::Script,
    service::{AnyBody, RequestBody, Scripted, Upstream},
};

/// Short, since many requests wait for a service that hangs.
const DEADLINE: Duration = Duration::from_millis(2);
/// Fewer cells than clients, so that the store is full.
pub(crate) const CELLS: usize = 2_000;
const CLIENTS: u32 = 10_000;
const PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 4711);
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
const TENANT: HeaderName = HeaderName::from_static("x-tenant");

/// The service with all layers around it.
pub(crate) type Layered = BoxCloneSyncService<Request<RequestBody>, Response<AnyBody>, Infallible>;

pub(crate) struct Stack {
    pub(crate) metrics: HttpMetrics,
    pub(crate) clients: Handle,
    /// The service inside all layers.
    pub(crate) inside: Upstream,
    /// The service that it calls.
    pub(crate) upstream: Upstream,
    limits: RateLimitMetrics,
    client_ip: ClientIpLayer,
    by_client: RateLimitLayer,
    by_tenant: RateLimitLayer,
}

impl Stack {
    pub(crate) fn new() -> Self {
        let limits = RateLimitMetrics::new();
        let by_client = Policy::per_minute("client", 60).burst(60);
        let (by_client, clients) = RateLimitLayer::new(by_client, Key::client_ip())
            .capacity(CELLS)
            .observe(limits.clone())
            .pair();
        let by_tenant = [Policy::per_second("burst", 5_000), Policy::per_day("day", 100_000_000)];
        let by_tenant = RateLimitLayer::new(by_tenant, Key::header(TENANT))
            .refund(|head| head.status.is_server_error())
            .expose(true)
            .observe(limits.clone());
        let proxies = Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
        Self {
            metrics: HttpMetrics::new(),
            clients,
            inside: Upstream::default(),
            upstream: Upstream::default(),
            limits,
            client_ip: ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for()),
            by_client,
            by_tenant,
        }
    }

    /// Applies the layers to a new service. All of them share the same metrics.
    pub(crate) fn service(&self) -> Layered {
        let client = ServiceBuilder::new()
            .layer(self.metrics.client_layer("upstream"))
            .layer(PropagateLayer::new())
            .service(self.upstream.clone());
        let layered = ServiceBuilder::new()
            .map_response(|response: Response<_>| response.map(BodyExt::boxed_unsync))
            .layer(RequestIdLayer::new())
            .layer(self.client_ip.clone())
            .layer(self.metrics.server_layer())
            .layer(SecurityHeadersLayer::html())
            .layer(ProblemLayer::new())
            .timeout(DEADLINE)
            .layer(self.by_client.clone())
            .layer(self.by_tenant.clone())
            .service(Scripted { own: self.inside.clone(), client });
        BoxCloneSyncService::new(layered)
    }

    pub(crate) fn page(&self) -> Page {
        let page = Exposition::new()
            .metrics(&self.metrics)
            .rate_limit(&self.limits)
            .client_ip(&self.client_ip);
        Page(page.render(Format::Text))
    }
}

/// Returns a request of a random client for a random tenant, with the script of its response.
pub(crate) fn request(dice: &mut Dice) -> Request<RequestBody> {
    let method = if dice.one_in(3) { Method::POST } else { Method::GET };
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    let client = Ipv4Addr::from(0xc612_0000 + dice.below(CLIENTS));
    let headers = request.headers_mut();
    headers.insert(FORWARDED, HeaderValue::try_from(client.to_string()).unwrap());
    if !dice.one_in(10) {
        headers.insert(TENANT, HeaderValue::from(dice.below(20)));
    }
    let extensions = request.extensions_mut();
    extensions.insert(PeerAddr(PROXY));
    extensions.insert(Script::random(dice));
    request
}
