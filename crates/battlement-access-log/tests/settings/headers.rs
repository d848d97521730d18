//! Headers that are never logged.

use battlement_access_log::AccessLogLayer;

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"authorization\", which is never logged"
)]
fn a_header_with_credentials_is_rejected() {
    let _ = AccessLogLayer::new().headers(["authorization"]);
}

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"x-mine\", which is never logged"
)]
fn a_header_of_the_user_s_list_is_rejected_in_either_order() {
    let _ = AccessLogLayer::new().headers(["x-mine"]).never(["x-mine"]);
}
