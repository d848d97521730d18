/// A response extension that makes the layer leave the response unchanged.
///
/// For an error page of your own without a content type, or a 5xx whose plain text is meant for callers. A response
/// with a content type other than `text/plain` is left unchanged in any case.
///
/// # Example
///
/// ```
/// use battlement_problem::Untouched;
/// use http::Response;
///
/// let mut response = Response::builder().status(503).body("scheduled maintenance").unwrap();
/// response.extensions_mut().insert(Untouched);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untouched;
