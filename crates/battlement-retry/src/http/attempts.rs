use http::Response;

/// The number of attempts that a call took, in the extensions of its response.
///
/// # Example
///
/// ```
/// use battlement_retry::Attempts;
/// use http::Response;
///
/// let mut response = Response::new(());
/// assert_eq!(Attempts::of(&response), Attempts(1));
/// response.extensions_mut().insert(Attempts(3));
/// assert_eq!(Attempts::of(&response).0, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempts(pub u32);

impl Attempts {
    /// Returns the number of attempts of a call with this response. The extension is present from two attempts.
    pub fn of<B>(response: &Response<B>) -> Self {
        response.extensions().get().copied().unwrap_or(Self(1))
    }
}
