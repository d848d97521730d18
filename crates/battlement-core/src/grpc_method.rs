/// The maximum length of a method's name, in bytes.
const LONGEST: usize = 256;

/// Returns the gRPC method of a request's path as `pkg.Name/Method`, which OpenTelemetry calls `rpc.method`.
///
/// `None` if the path does not have that form or is longer than 256 bytes. Clients choose the path, so a method need not
/// exist.
///
/// # Example
///
/// ```
/// use battlement_core::grpc_method;
///
/// assert_eq!(grpc_method("/shop.Orders/Place"), Some("shop.Orders/Place"));
/// assert_eq!(grpc_method("/orders"), None);
/// ```
#[must_use]
pub fn grpc_method(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/').filter(|name| name.len() <= LONGEST)?;
    let (service, method) = name.split_once('/')?;
    (is_grpc_name(service) && is_grpc_name(method)).then_some(name)
}

/// Returns whether `name` can be the name of a service or of a method of gRPC: printable ASCII without slashes.
#[must_use]
pub fn is_grpc_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_a_service_and_a_name() {
        for (path, method) in [
            ("/pkg.Shop/Buy", Some("pkg.Shop/Buy")),
            ("/S/m", Some("S/m")),
            ("pkg.Shop/Buy", None),
            ("/pkg.Shop", None),
            ("/pkg.Shop/", None),
            ("//Buy", None),
            ("/pkg.Shop/Buy/now", None),
            ("/pkg.Shop/Käufe", None),
            ("", None),
        ] {
            assert_eq!(grpc_method(path), method, "{path}");
        }
    }

    #[test]
    fn a_method_has_at_most_256_bytes() {
        let path = format!("/pkg.Shop/{}", "x".repeat(LONGEST - "pkg.Shop/".len()));
        assert_eq!(grpc_method(&path), path.strip_prefix('/'));
        assert_eq!(grpc_method(&format!("{path}x")), None);
    }
}
