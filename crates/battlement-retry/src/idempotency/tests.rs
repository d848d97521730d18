use super::*;

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

const GRPC: (&str, &str) = ("content-type", "application/grpc+proto");
const RESERVE: &str = "/inventory.v1.Inventory/Reserve";

#[test]
fn the_methods_of_rfc_9110_are_idempotent_and_no_others() {
    let is = |method| Idempotency::default().is_idempotent(&request(method, "/", &[]));
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        assert!(is(method), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "PURGE", "get"] {
        assert!(!is(method), "{method}");
    }
}

#[test]
fn a_post_with_an_idempotency_key_is_idempotent_unless_keys_are_not_honored() {
    let rules = Idempotency::default();
    let of = |key| request("POST", "/orders", &[("idempotency-key", key)]);
    assert!(rules.is_idempotent(&of("\"8e03978e\"")) && rules.is_idempotent(&of("7")));
    assert!(!rules.is_idempotent(&of("")));
    let proxy = rules.idempotency_key(false);
    assert!(!proxy.is_idempotent(&of("7")));
    assert!(proxy.is_idempotent(&request("GET", "/", &[("idempotency-key", "7")])));
}

#[test]
fn a_grpc_call_is_idempotent_only_if_its_method_is_named() {
    let default = Idempotency::default();
    assert!(!default.is_idempotent(&request("POST", RESERVE, &[GRPC])));
    for name in [RESERVE, &RESERVE[1..]] {
        let rules = default.clone().grpc_methods(["inventory.v1.Inventory/Release", name]);
        assert!(rules.is_idempotent(&request("POST", RESERVE, &[GRPC])));
        let other = "/inventory.v1.Inventory/ReserveAll";
        assert!(!rules.is_idempotent(&request("POST", other, &[GRPC])));
        assert!(!rules.is_idempotent(&request("POST", RESERVE, &[])), "not a gRPC call");
        assert!(
            !rules.is_idempotent(&request("PATCH", RESERVE, &[GRPC])),
            "gRPC requests are POST"
        );
    }
}

#[test]
fn anything_but_a_service_and_a_method_is_a_settings_error() {
    let set = |name: &str| Idempotency::default().try_grpc_methods(["a.B/C", name]);
    for name in [
        "", "/", "a.B", "a.B/", "/C", "a.B/C/D", "a..B/C", ".B/C", "a.B/C ", "a.B/*", "//C", "1a/B",
    ] {
        let error = set(name).unwrap_err().to_string();
        let expected = format!(
            "retry: idempotent_methods[1]: must be a gRPC method as `pkg.Svc/Method`, got {name:?}"
        );
        assert_eq!(error, expected);
    }
    for name in ["Svc/Method", "/a.b_1.Svc/Do_2", "_a/_b"] {
        assert!(set(name).is_ok(), "{name}");
    }
    let both = Idempotency::default().try_grpc_methods(["a", "b"]).unwrap_err();
    assert_eq!(both.fields().len(), 2);
}

#[test]
#[should_panic(expected = "retry: idempotent_methods[0]: must be a gRPC method")]
fn an_invalid_literal_panics() {
    let _ = Idempotency::default().grpc_methods(["Reserve"]);
}

#[test]
fn a_closure_marks_and_excludes_requests() {
    let rules = Idempotency::default().rule(|head| match head.uri.path() {
        "/search" => Some(true),
        "/counter" => Some(false),
        _ => None,
    });
    let is = |method, path| rules.is_idempotent(&request(method, path, &[]));
    assert!(is("POST", "/search") && !is("PUT", "/counter"));
    assert!(is("PUT", "/orders") && !is("POST", "/orders"));
    let with_key = request("POST", "/counter", &[("idempotency-key", "7")]);
    assert!(!rules.is_idempotent(&with_key));
}

#[test]
fn an_extension_precedes_every_other_rule() {
    let rules = Idempotency::default().rule(|head| Some(head.method == Method::POST));
    let with = |method, is_idempotent| {
        let mut request = request(method, "/", &[("idempotency-key", "7")]);
        request.extensions_mut().insert(Idempotent(is_idempotent));
        rules.is_idempotent(&request)
    };
    assert!(!with("POST", false) && with("PUT", true));
    assert!(with("POST", true) && !with("PUT", false));
}

#[test]
fn the_rules_are_shown_and_of_a_closure_that_there_is_one() {
    let rules = Idempotency::default().grpc_methods(["a.B/C"]).rule(|_| None);
    let shown = "Idempotency { key: true, grpc_methods: [\"a.B/C\"], has_rule: true }";
    assert_eq!(format!("{rules:?}"), shown);
}
