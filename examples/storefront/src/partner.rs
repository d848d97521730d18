//! Partners: customers with a key of their own. All other customers are guests.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem;

/// The length of 16 characters, which cannot be guessed.
const MIN_KEY_CHARS: usize = 16;

/// A customer that has been authenticated by a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partner(Arc<str>);

/// The partners by their keys. The keys are secrets, so this type does not implement `Debug`.
#[derive(Clone, Default)]
pub struct Partners(Arc<HashMap<String, Partner>>);

/// Authenticates a partner by `Authorization: Bearer <key>`, and adds the [`Partner`] to the request for inner layers
/// and handlers. A request without a key is a guest's; a request with an unknown key is rejected.
pub async fn authenticate(
    State(partners): State<Partners>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(credentials) = request.headers().get(AUTHORIZATION) {
        let Some(partner) = partners.with_key(credentials) else {
            return problem::unknown_key().into_response();
        };
        request.extensions_mut().insert(partner);
    }
    next.run(request).await
}

impl Partners {
    fn with_key(&self, credentials: &HeaderValue) -> Option<Partner> {
        let key = credentials.to_str().ok()?.strip_prefix("Bearer ")?;
        self.0.get(key).cloned()
    }
}

/// Parses `name=key,name=key`. A partner may have several keys, for example while a key is being replaced.
impl FromStr for Partners {
    type Err = NotPartners;

    fn from_str(text: &str) -> Result<Self, NotPartners> {
        let mut by_key = HashMap::new();
        for part in text.split(',') {
            let (name, key) = part.trim().split_once('=').ok_or(NotPartners)?;
            let is_new = by_key.insert(key.to_owned(), Partner(name.into())).is_none();
            if name.is_empty() || key.len() < MIN_KEY_CHARS || !is_new {
                return Err(NotPartners);
            }
        }
        Ok(Self(Arc::new(by_key)))
    }
}

#[derive(Debug)]
pub struct NotPartners;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_has_a_name_and_unique_keys_that_are_long_enough() {
        let partners: Partners = "acme=0123456789abcdef, globex=fedcba9876543210".parse().unwrap();
        assert_eq!(partners.0["0123456789abcdef"], Partner("acme".into()));
        for wrong in [
            "acme",
            "acme=",
            "acme=0123456789",
            "=0123456789abcdef",
            "acme=0123456789abcdef,",
            "acme=0123456789abcdef,globex=0123456789abcdef",
        ] {
            assert!(wrong.parse::<Partners>().is_err(), "{wrong}");
        }
    }
}
