use http::Method;

/// The label of a method that is not known.
const OTHER: &str = "_OTHER";

/// The methods that are labels; every other one is `_OTHER`, since a client may send any word.
#[derive(Clone, Debug)]
pub(crate) struct Methods(Box<[Method]>);

impl Default for Methods {
    /// Those of RFC 9110, PATCH and QUERY: what OpenTelemetry's conventions know.
    fn default() -> Self {
        let query = Method::from_bytes(b"QUERY").ok();
        let standard = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::HEAD,
            Method::OPTIONS,
            Method::PATCH,
            Method::CONNECT,
            Method::TRACE,
        ];
        Self(standard.into_iter().chain(query).collect())
    }
}

impl Methods {
    /// The most there may be.
    pub(crate) const MOST: usize = 32;

    pub(crate) fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        Self(methods.into_iter().collect())
    }

    /// The place of `method`; that behind the last is for all others.
    pub(crate) fn number(&self, method: &Method) -> u8 {
        let place = self.0.iter().position(|known| known == method).unwrap_or(self.0.len());
        u8::try_from(place).unwrap_or(u8::MAX)
    }

    pub(crate) fn label(&self, number: u8) -> &str {
        self.0.get(usize::from(number)).map_or(OTHER, Method::as_str)
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_is_not_known_is_other() {
        let methods = Methods::default();
        for (method, label) in [("GET", "GET"), ("QUERY", "QUERY"), ("BREW", OTHER), ("get", OTHER)]
        {
            let number = methods.number(&Method::from_bytes(method.as_bytes()).unwrap());
            assert_eq!(methods.label(number), label);
        }
    }
}
