//! The parsers of what a caller sends, which only the fuzz targets call directly.

use http::HeaderMap;

use crate::{
    Format,
    service::{Query, negotiate},
};

/// The parameters of a query.
#[derive(Debug)]
pub struct ParsedQuery {
    /// Whether all checks are listed.
    pub is_verbose: bool,
    /// The value of `format`.
    pub format: Option<Vec<u8>>,
    /// The values of `exclude`, sorted.
    pub excluded: Vec<Vec<u8>>,
}

/// Parses a query.
#[must_use]
pub fn parse_query(query: &str) -> ParsedQuery {
    let Query { is_verbose, format, excluded } = Query::parse(query);
    ParsedQuery {
        is_verbose,
        format: format.map(Into::into),
        excluded: excluded.into_iter().map(Into::into).collect(),
    }
}

/// Returns the format and the content type for a caller.
#[must_use]
pub fn choose_format(default: Format, query: &str, headers: &HeaderMap) -> (Format, String) {
    let negotiated = negotiate(default, &Query::parse(query), headers);
    let content_type = String::from_utf8_lossy(negotiated.content_type.as_bytes()).into_owned();
    (negotiated.format, content_type)
}
