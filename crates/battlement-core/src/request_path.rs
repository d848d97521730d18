use http::uri::PathAndQuery;

/// Checks that a request can have `path` as its path, for settings that compare paths as a whole.
///
/// # Errors
///
/// Returns the rule that `path` violates. Otherwise, a path that no request can have would silently never match.
///
/// # Example
///
/// ```
/// use battlement_core::check_request_path;
///
/// assert_eq!(check_request_path("/livez"), Ok(()));
/// for path in ["livez", "*", "/livez?full", "/livez/{probe}", "/live z"] {
///     assert!(check_request_path(path).is_err(), "{path}");
/// }
/// ```
pub fn check_request_path(path: &str) -> Result<(), &'static str> {
    let is_pattern = path.contains(['*', '{', '}']);
    match path.parse::<PathAndQuery>() {
        _ if !path.starts_with('/') => Err("must be a path that begins with a slash"),
        _ if is_pattern => Err("must be an exact path; patterns are not supported"),
        Ok(parsed) if parsed.as_str() == path && parsed.query().is_none() => Ok(()),
        _ => Err("must be a path that a request can have, without a query"),
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_that_is_accepted_is_the_path_of_a_request(path in "/?[ -~é]{0,8}") {
            if check_request_path(&path).is_ok() {
                let uri: Uri = format!("https://shop.example{path}").parse().unwrap();
                prop_assert_eq!(uri.path(), path);
            }
        }

        #[test]
        fn the_path_of_a_request_is_accepted_unless_it_holds_signs_of_a_pattern(
            path in "/[!-~]{0,8}",
        ) {
            let uri: Result<Uri, _> = path.parse();
            let is_path = uri.is_ok_and(|uri| uri.path() == path) && !path.contains(['*', '{', '}']);
            prop_assert_eq!(check_request_path(&path).is_ok(), is_path);
        }
    }
}
