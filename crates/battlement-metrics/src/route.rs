use std::borrow::Cow;

#[cfg(feature = "axum")]
use battlement_core::{RequestFacts, matched_path};
use http::Extensions;

/// The template of the matched route, as an extension of the *response*: for custom routers, and handlers that know
/// their route.
///
/// The template must not be the path, which the client chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTemplate(pub Cow<'static, str>);

impl RouteTemplate {
    pub(crate) fn of(extensions: &Extensions) -> Option<&str> {
        extensions.get::<Self>().map(|template| template.0.as_ref())
    }
}

/// Records the route of axum's router for layers outside of it. Use it in axum's `route_layer`, with tower's
/// `MapRequestLayer`.
///
/// A layer inside the router (`Router::layer`) knows the route already; a layer around the whole router does not. The
/// template is copied once per request.
///
/// # Example
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use battlement_metrics::{HttpMetrics, note_route};
/// use tower::{Layer, util::MapRequestLayer};
///
/// let metrics = HttpMetrics::new();
/// let router = Router::new()
///     .route("/users/{id}", get(async || "a user"))
///     .route_layer(MapRequestLayer::new(note_route::<Body>));
/// // `axum::serve` accepts routers only.
/// let app: Router = Router::new().fallback_service(metrics.server_layer().layer(router));
/// ```
#[cfg(feature = "axum")]
#[must_use]
pub fn note_route<B>(request: http::Request<B>) -> http::Request<B> {
    if let (Some(facts), Some(template)) =
        (RequestFacts::of(&request), matched_path(request.extensions()))
    {
        facts.set_route(template.to_owned());
    }
    request
}
