use http::Method;

/// The label value of an unknown method.
const OTHER: &str = "_OTHER";

/// The methods that are label values; any other is `_OTHER`, since a client may send any token.
#[derive(Clone, Debug)]
pub(crate) struct Methods {
    known: Box<[Method]>,
    /// The numbers of the [`STANDARD`] methods, for look-ups without a search.
    standard: [u8; STANDARD.len()],
}

/// The methods of RFC 9110, and PATCH.
const STANDARD: [Method; 9] = [
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

impl Default for Methods {
    /// Returns the standard methods and QUERY, the methods of OpenTelemetry's conventions.
    fn default() -> Self {
        Self::new(STANDARD.into_iter().chain(Method::from_bytes(b"QUERY")))
    }
}

impl Methods {
    /// The maximum number of methods.
    pub(crate) const MOST: usize = 32;

    pub(crate) fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        let known: Box<[Method]> = methods.into_iter().collect();
        let standard = STANDARD.map(|method| place(&known, &method));
        Self { known, standard }
    }

    /// Returns the index of `method`, or the index after the last for an unknown method.
    #[inline]
    pub(crate) fn number(&self, method: &Method) -> u8 {
        match *method {
            Method::GET => self.standard[0],
            Method::POST => self.standard[1],
            Method::PUT => self.standard[2],
            Method::DELETE => self.standard[3],
            Method::HEAD => self.standard[4],
            Method::OPTIONS => self.standard[5],
            Method::PATCH => self.standard[6],
            Method::CONNECT => self.standard[7],
            Method::TRACE => self.standard[8],
            _ => place(&self.known, method),
        }
    }

    pub(crate) fn known(&self) -> &[Method] {
        &self.known
    }

    pub(crate) fn label(&self, number: u8) -> &str {
        self.known.get(usize::from(number)).map_or(OTHER, Method::as_str)
    }

    /// Returns the number of indexes, including that of unknown methods.
    pub(crate) fn count(&self) -> usize {
        self.known.len() + 1
    }
}

/// Returns the standard method that differs from `method` in case alone, which is a mistake.
pub(crate) fn standard(method: &Method) -> Option<Method> {
    let is_meant = |known: &Method| known.as_str().eq_ignore_ascii_case(method.as_str());
    Methods::default().known.iter().find(|known| is_meant(known) && *known != method).cloned()
}

fn place(known: &[Method], method: &Method) -> u8 {
    let place = known.iter().position(|known| known == method).unwrap_or(known.len());
    u8::try_from(place).unwrap_or(u8::MAX)
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

    #[test]
    fn each_standard_method_has_its_own_label_if_it_is_known() {
        let some = Methods::new([Method::TRACE, Method::GET]);
        for method in STANDARD {
            let known = [Method::TRACE, Method::GET].contains(&method);
            let label = if known { method.as_str() } else { OTHER };
            assert_eq!(some.label(some.number(&method)), label);
            let all = Methods::default();
            assert_eq!(all.label(all.number(&method)), method.as_str());
        }
    }
}
