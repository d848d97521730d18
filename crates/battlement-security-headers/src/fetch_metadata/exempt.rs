use battlement_core::{InvalidField, check_request_path};

/// Returns whether `exempt` covers `path`: as the same path, or as a path below it if `exempt` ends with a slash.
pub(super) fn covers(exempt: &str, path: &str) -> bool {
    if exempt.ends_with('/') {
        path.starts_with(exempt) && stays_below(path)
    } else {
        path == exempt
    }
}

/// Returns whether a path stays below its prefix. A router or proxy that resolves dots could find another resource.
fn stays_below(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !["..", "%2e", "%2f", "%5c", "\\"].iter().any(|way_out| path.contains(way_out))
}

/// Returns every path that exempts no request.
pub(super) fn invalid_fields(paths: &[String]) -> Vec<InvalidField> {
    let invalid = paths.iter().enumerate().filter_map(|(at, path)| {
        let message = match check_request_path(path) {
            Err(message) => message,
            Ok(()) if path.ends_with('/') && !stays_below(path) => {
                "must not have dots, slashes or backslashes that a router could resolve"
            }
            Ok(()) => return None,
        };
        Some(InvalidField::new(format!("exemptPaths[{at}]"), format!("{path:?}: {message}")))
    });
    invalid.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_that_is_accepted_exempts_a_request(path in "/?[a-z%2e./*?\\\\]{0,8}") {
            let below = format!("{path}below");
            let is_exempting = covers(&path, if path.ends_with('/') { &below } else { &path });
            if invalid_fields(std::slice::from_ref(&path)).is_empty() {
                prop_assert!(is_exempting && path.starts_with('/'));
            }
        }
    }
}
