use std::collections::BTreeMap;

use http::{HeaderName, header};

use crate::{
    ConfigError, Csp, Endpoint, Header, InvalidField, SecurityHeader, security_header::Content,
};

/// The subject of a `ConfigError`.
pub(crate) const SUBJECT: &str = "security headers";

/// The checked settings of a [`SecurityHeadersLayer`](crate::SecurityHeadersLayer).
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) headers: BTreeMap<Header, SecurityHeader>,
    /// Endpoints that policies may name, in addition to those that policies contain.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) forced: Vec<Header>,
    pub(crate) removed: Vec<HeaderName>,
}

/// Headers without which a client cannot read a response.
const FRAMING: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The name of a header that discloses the program behind a service, and often its version.
pub(crate) const X_POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

impl Config {
    pub(crate) fn new(headers: impl IntoIterator<Item = SecurityHeader>) -> Self {
        Self {
            enabled: true,
            headers: headers.into_iter().map(|header| (header.header, header)).collect(),
            endpoints: Vec::new(),
            forced: Vec::new(),
            removed: vec![header::SERVER, X_POWERED_BY],
        }
    }

    pub(crate) fn set(&mut self, header: SecurityHeader) {
        self.headers.insert(header.header, header);
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = (Header, &Csp)> {
        self.headers.values().filter_map(|header| match &header.content {
            Content::Csp(csp) => Some((header.header, csp)),
            _ => None,
        })
    }

    /// Returns every endpoint once.
    pub(crate) fn all_endpoints(&self) -> Vec<&Endpoint> {
        let brought = self.headers.values().filter_map(SecurityHeader::endpoint);
        let mut all: Vec<&Endpoint> = Vec::new();
        for endpoint in self.endpoints.iter().chain(brought) {
            if !all.contains(&endpoint) {
                all.push(endpoint);
            }
        }
        all
    }

    pub(crate) fn checked(self) -> Result<Self, ConfigError> {
        ConfigError::check(SUBJECT, self.invalid_fields(), self)
    }

    /// Returns every invalid setting.
    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid_fields: Vec<_> =
            self.headers.values().flat_map(|header| header.invalid_fields.clone()).collect();
        let mut refuse = |header: Header, message| {
            invalid_fields.push(InvalidField::new(header.name().as_str(), message));
        };
        let endpoints = self.all_endpoints();
        for (header, csp) in self.policies() {
            if csp.has_fixed_nonce() {
                let message = "has a nonce that is the same in every response; write 'nonce' for a nonce per request";
                refuse(header, message.to_owned());
            }
            if let Some(name) = csp.endpoint_name()
                && !endpoints.iter().any(|endpoint| endpoint.name() == name)
            {
                refuse(header, format!("`report-to` refers to unknown endpoint {name:?}"));
            }
        }
        for (index, endpoint) in endpoints.iter().enumerate() {
            if endpoints[..index].iter().any(|other| other.name() == endpoint.name()) {
                let message = format!("{:?} names two URLs", endpoint.name());
                refuse(Header::ReportingEndpoints, message);
            }
        }
        for name in self.removed.iter().filter(|name| FRAMING.contains(name)) {
            let message = format!(
                "\"{name}\" must not be removed, since clients need it to read the response"
            );
            invalid_fields.push(InvalidField::new("remove", message));
        }
        invalid_fields
    }
}
