use http::{HeaderMap, HeaderName, Method};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The site whose page made a request, as the browser reports it in `Sec-Fetch-Site`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchSite {
    /// A page of the same origin.
    SameOrigin,
    /// A page of the same site, as `blog.example.com` for `shop.example.com`.
    SameSite,
    /// A page of another site, or a value that no browser sends: an unknown one, or several.
    CrossSite,
    /// No page: the user typed the address or followed a bookmark.
    None,
}

impl FetchSite {
    /// Reads the site from the headers of a request. `None` if no browser sent it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut sites = headers.get_all(SITE).iter();
        Some(match sites.next()?.as_bytes() {
            _ if sites.next().is_some() => Self::CrossSite,
            b"same-origin" => Self::SameOrigin,
            b"same-site" => Self::SameSite,
            b"none" => Self::None,
            _ => Self::CrossSite,
        })
    }
}

/// Returns whether the resource isolation policy allows a request of `method` with these headers.
///
/// From another site only a navigation, as by a link, is allowed.
pub(super) fn allows(method: &Method, headers: &HeaderMap, same_site: bool) -> bool {
    match FetchSite::of(headers) {
        None | Some(FetchSite::SameOrigin | FetchSite::None) => true,
        Some(FetchSite::SameSite) if same_site => true,
        Some(_) => is_plain_navigation(method, headers),
    }
}

/// Returns whether a request is a navigation of a page. A plug-in's element navigates too, and passes its content to
/// the page around it.
fn is_plain_navigation(method: &Method, headers: &HeaderMap) -> bool {
    let mut modes = headers.get_all(MODE).iter();
    let navigates = modes.next().is_some_and(|mode| mode == "navigate") && modes.next().is_none();
    let embeds = headers.get_all(DEST).iter().any(|dest| dest == "object" || dest == "embed");
    navigates && !embeds && (*method == Method::GET || *method == Method::HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: Method, site: &str, mode: &str, dest: &str) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [(SITE, site), (MODE, mode), (DEST, dest)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        allows(&method, &headers, true)
    }

    #[test]
    fn a_request_without_fetch_metadata_is_allowed() {
        assert!(allowed(Method::POST, "", "", ""));
        assert!(allowed(Method::POST, "", "cors", "empty"));
    }

    #[test]
    fn the_same_origin_the_same_site_and_the_user_may_do_anything() {
        for site in ["same-origin", "same-site", "none"] {
            assert!(allowed(Method::DELETE, site, "cors", "empty"), "{site}");
        }
    }

    #[test]
    fn another_site_may_link_and_nothing_else() {
        assert!(allowed(Method::GET, "cross-site", "navigate", "document"));
        assert!(allowed(Method::HEAD, "cross-site", "navigate", "iframe"));
        assert!(!allowed(Method::POST, "cross-site", "navigate", "document"));
        assert!(!allowed(Method::GET, "cross-site", "navigate", "object"));
        assert!(!allowed(Method::GET, "cross-site", "navigate", "embed"));
        assert!(!allowed(Method::GET, "cross-site", "no-cors", "image"));
        assert!(!allowed(Method::GET, "cross-site", "cors", "empty"));
    }

    #[test]
    fn an_unknown_site_is_another_one() {
        for site in ["Same-Origin", "same-origin, none", "?", "cross-origin"] {
            assert!(!allowed(Method::GET, site, "cors", "empty"), "{site}");
        }
    }

    #[test]
    fn two_lines_of_the_site_count_as_cross_site() {
        for sites in [["same-origin", "same-origin"], ["same-origin", "cross-site"], ["none", ""]] {
            let mut headers = HeaderMap::new();
            for site in sites {
                headers.append(SITE, site.parse().unwrap());
            }
            assert_eq!(FetchSite::of(&headers), Some(FetchSite::CrossSite), "{sites:?}");
            assert!(!allows(&Method::POST, &headers, true));
        }
    }

    #[test]
    fn a_navigation_is_one_by_every_line_of_its_mode_and_destination() {
        for (name, second) in [(MODE, "cors"), (MODE, "navigate"), (DEST, "embed")] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")] {
                headers.insert(name, value.parse().unwrap());
            }
            assert!(allows(&Method::GET, &headers, true));
            headers.append(&name, second.parse().unwrap());
            assert!(!allows(&Method::GET, &headers, true), "{name}: {second}");
        }
    }

    #[test]
    fn the_same_site_can_be_another_one() {
        let mut headers = HeaderMap::new();
        headers.insert(SITE, "same-site".parse().unwrap());
        assert!(!allows(&Method::GET, &headers, false));
        headers.insert(MODE, "navigate".parse().unwrap());
        assert!(allows(&Method::GET, &headers, false));
    }
}
