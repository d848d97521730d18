use std::fmt;

/// The parts of an `http` URL that a probe needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The host and the port as in the URL.
    authority: String,
    /// The path with the query.
    path: String,
}

/// A URL that cannot be probed, with the fix. The text contains no part of the URL, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidUrl(&'static str);

const EXAMPLE: &str = "must be an absolute `http` URL, such as `http://127.0.0.1:9090/readyz`";
const TLS: &str = "must be an `http` URL: TLS is not supported, so probe a listener without TLS";
const CREDENTIALS: &str =
    "must not contain a user or password: probe a listener without authentication";
const CHARACTERS: &str = "must be ASCII without spaces: percent-encode other characters";
const HOST: &str =
    "must contain a host; brackets enclose an IPv6 address, such as `http://[::1]:9090/readyz`";
const PORT: &str = "must contain a port from 1 to 65535, or none for port 80";

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, InvalidUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl(EXAMPLE))?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(InvalidUrl(TLS));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(InvalidUrl(EXAMPLE));
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidUrl(CHARACTERS));
        }
        // A fragment is not sent.
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?', '\\']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(InvalidUrl(CREDENTIALS));
        }
        let (host, port) = host_and_port(authority)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host: host.to_owned(), port, authority: authority.to_owned(), path })
    }

    /// Returns the bytes of the request.
    pub(crate) fn request(&self) -> Vec<u8> {
        let Self { authority, path, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "GET {path} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: battlement-health/{version}\r\n\
             accept: */*\r\nconnection: close\r\n\r\n"
        )
        .into_bytes()
    }
}

/// Splits `host:port`; the port is 80 if there is none.
fn host_and_port(authority: &str) -> Result<(&str, u16), InvalidUrl> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(InvalidUrl(HOST))?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidUrl(HOST))?;
            (host, port)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err(InvalidUrl(HOST));
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, 80)),
        // A sign is a number for `parse`.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => match port.parse() {
            Ok(port @ 1..) => Ok((host, port)),
            _ => Err(InvalidUrl(PORT)),
        },
        _ => Err(InvalidUrl(PORT)),
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_into_host_port_and_path() {
        for (url, host, port, line, authority) in [
            ("http://127.0.0.1:9090/readyz", "127.0.0.1", 9090, "GET /readyz ", "127.0.0.1:9090"),
            ("HTTP://shop", "shop", 80, "GET / ", "shop"),
            ("http://[::1]:81/a?b=c#d", "::1", 81, "GET /a?b=c ", "[::1]:81"),
            ("http://[::1]", "::1", 80, "GET / ", "[::1]"),
            ("http://shop?verbose", "shop", 80, "GET /?verbose ", "shop"),
            ("http://shop:65535/a@b:c//d", "shop", 65535, "GET /a@b:c//d ", "shop:65535"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
            let request = String::from_utf8(target.request()).unwrap();
            assert!(request.starts_with(line), "{request}");
            assert!(request.contains(&format!("\r\nhost: {authority}\r\n")), "{request}");
            assert!(request.ends_with("\r\nconnection: close\r\n\r\n"), "{request}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_probed_is_refused_with_the_fix() {
        for (url, error) in [
            ("", EXAMPLE),
            ("127.0.0.1:9090/readyz", EXAMPLE),
            ("ftp://shop/", EXAMPLE),
            ("https://shop/readyz", TLS),
            ("http://user:hunter2@shop/", CREDENTIALS),
            ("http://hunter2@shop", CREDENTIALS),
            ("http://shop/a b", CHARACTERS),
            ("http://shop/\r\nx: y", CHARACTERS),
            ("http://sh\u{f6}p/", CHARACTERS),
            ("http://", HOST),
            ("http:///readyz", HOST),
            ("http://:80/", HOST),
            ("http://[::1/", HOST),
            ("http://[shop]/", HOST),
            ("http://::1/", HOST),
            ("http://shop:/", PORT),
            ("http://shop:0/", PORT),
            ("http://shop:65536/", PORT),
            ("http://shop:+80/", PORT),
            ("http://shop:80:81/", PORT),
            ("http://[::1]81/", PORT),
        ] {
            assert_eq!(Target::parse(url), Err(InvalidUrl(error)), "{url}");
        }
    }
}
