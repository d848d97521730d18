//! The hops that a header names, the nearest first.

use std::iter;

use http::{HeaderMap, HeaderName};

use crate::{
    elements::{Elements, TooLong, last_comma, last_unquoted_comma},
    forwarded::Hop,
    ip::Ip,
    node::{self, Unusable},
};

/// Returns the hops of a list of addresses.
pub(crate) fn listed<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Result<Hop<'a>, TooLong>> {
    let mut elements = Elements::new(headers, name, last_comma);
    iter::from_fn(move || {
        if let Some(ip) = elements.next_ipv4() {
            return Some(Ok(Hop::at(Ok(Ip::v4(ip)))));
        }
        let element = elements.next()?;
        Some(element.map(|element| Hop::at(node::parse(element.trimmed().bytes()))))
    })
}

/// Returns the hops of `Forwarded`.
pub(crate) fn forwarded<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Result<Hop<'a>, TooLong>> {
    let elements = Elements::new(headers, name, last_unquoted_comma);
    elements.map(|element| element.map(|element| Hop::of_forwarded(&element)))
}

/// Returns the hop of a header with one address.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Result<Hop<'a>, TooLong>> {
    let mut lines = Elements::new(headers, name, |_: &[u8]| None);
    iter::from_fn(move || {
        let line = lines.next()?;
        // A proxy that sets the header sends one line. Two lines are the client's.
        let is_alone = lines.next().is_none();
        let node = |text| if is_alone { node::parse(text) } else { Err(Unusable::Malformed) };
        Some(line.map(|line| Hop::at(node(line.trimmed().bytes()))))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::elements::Element;

    const NAME: HeaderName = HeaderName::from_static("list");

    fn lines() -> impl Strategy<Value = Vec<String>> {
        let octet = "(1?[0-9]{1,2}|25[0-9]|0[0-9])";
        let address = format!("{octet}(\\.{octet}){{2,4}}");
        let element = format!("[ \t]{{0,2}}({address}|{address}:80|::1|x?)[ \t]{{0,2}}");
        let element = prop::string::string_regex(&element).unwrap();
        let elements = prop::collection::vec(element, 0..5);
        // No text before them, or about as much as is read.
        let before = prop_oneof![4 => Just(0), 1 => 4060..4110_usize];
        let line = (prop::sample::select(vec!["x", " ", ","]), before, elements)
            .prop_map(|(filler, len, elements)| filler.repeat(len) + &elements.join(","));
        prop::collection::vec(line, 0..3)
    }

    proptest! {
        #[test]
        fn a_list_read_once_from_its_end_names_the_same_hops(lines in lines()) {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(NAME, HeaderValue::from_str(line).unwrap());
            }
            let name = NAME;
            let node = |element: Element<'_>| node::parse(element.trimmed().bytes());
            let searched: Vec<_> = Elements::new(&headers, &name, last_comma)
                .map(|element| element.map(node))
                .collect();
            let read: Vec<_> =
                listed(&headers, &name).map(|hop| hop.map(|hop| hop.node)).collect();
            prop_assert_eq!(read, searched);
        }
    }
}
