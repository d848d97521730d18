use http::{
    HeaderMap, HeaderValue,
    header::{CONNECTION, Entry, OccupiedEntry},
};

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Adds `close` to the `Connection` header of an HTTP/1 response (RFC 9112, section 9.6). Options other than
/// `keep-alive` are kept.
#[cold]
pub fn announce_close(headers: &mut HeaderMap) {
    match headers.entry(CONNECTION) {
        Entry::Vacant(entry) => drop(entry.insert(CLOSE)),
        Entry::Occupied(mut entry) => drop(entry.insert(merged(&entry))),
    }
}

fn merged(entry: &OccupiedEntry<'_, HeaderValue>) -> HeaderValue {
    let mut options = Vec::new();
    for option in entry.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
        let option = option.trim_ascii();
        let is_replaced = ["", "close", "keep-alive"]
            .iter()
            .any(|replaced| option.eq_ignore_ascii_case(replaced.as_bytes()));
        if !is_replaced {
            options.extend_from_slice(option);
            options.extend_from_slice(b", ");
        }
    }
    options.extend_from_slice(b"close");
    HeaderValue::from_bytes(&options).unwrap_or(CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(values: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONNECTION, HeaderValue::from_static(value));
        }
        announce_close(&mut headers);
        let values = headers.get_all(CONNECTION).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn close_joins_the_options_of_the_service_in_one_header() {
        for (values, expected) in [
            (&[] as &[_], "close"),
            (&["close"], "close"),
            (&["Keep-Alive"], "close"),
            (&["upgrade"], "upgrade, close"),
            (&["x-a , keep-alive", "", "Close,x-b"], "x-a, x-b, close"),
        ] {
            assert_eq!(closed(values), [expected], "{values:?}");
        }
    }
}
