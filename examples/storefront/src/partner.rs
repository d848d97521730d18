//! Customers with a key of their own: the shop's partners. Everybody else is a guest.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem;

/// Nobody guesses what is as long.
const SHORTEST_KEY: usize = 16;

/// A customer who has shown a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partner(Arc<str>);

/// The keys, and whose they are. They are secrets: this type has no `Debug`.
#[derive(Clone, Default)]
pub struct Partners(Arc<HashMap<String, Partner>>);

/// Lets partners in by `Authorization: Bearer <key>`, which the layers and handlers further in find as a
/// [`Partner`] in the request; guests without. A key that is nobody's is a mistake worth telling.
pub async fn authenticate(
    State(partners): State<Partners>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(credentials) = request.headers().get(AUTHORIZATION) {
        let Some(partner) = partners.who_shows(credentials) else {
            return problem::unknown_key().into_response();
        };
        request.extensions_mut().insert(partner);
    }
    next.run(request).await
}

impl Partners {
    fn who_shows(&self, credentials: &HeaderValue) -> Option<Partner> {
        let key = credentials.to_str().ok()?.strip_prefix("Bearer ")?;
        self.0.get(key).cloned()
    }
}

/// `name=key,name=key`. A partner may have several keys, as while one takes the place of another.
impl FromStr for Partners {
    type Err = NotPartners;

    fn from_str(text: &str) -> Result<Self, NotPartners> {
        let mut by_key = HashMap::new();
        for part in text.split(',') {
            let (name, key) = part.trim().split_once('=').ok_or(NotPartners)?;
            let is_new = by_key.insert(key.to_owned(), Partner(name.into())).is_none();
            if name.is_empty() || key.len() < SHORTEST_KEY || !is_new {
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
    fn a_partner_has_a_name_and_keys_that_are_long_enough_and_nobody_else_s() {
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
