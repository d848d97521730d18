/// Put into the extensions of a response, it says that the layer is to leave the response alone.
///
/// For an error page of your own without a content type, or a 5xx whose plain text callers are to read. A
/// response with a content type that is not `text/plain` is left alone anyhow.
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
