//! Certificates and keys in PEM format.

use std::error::Error as _;

use battlement_serve::tls::Tls;
use battlement_testkit::certificates::CertificateAuthority;

/// Returns the error of an invalid chain or key, with all that it shows.
fn error(chain: &str, key: &str) -> String {
    let error = Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
    let source = error.source().map(ToString::to_string);
    format!("{error}; {error:?}; {source:?}")
}

#[test]
fn each_invalid_file_is_named() {
    let [chain, key] = CertificateAuthority::new().issue();
    for invalid in ["", "certificate", key.as_str()] {
        assert!(error(invalid, &key).starts_with("certificate chain must"), "{invalid}");
    }
    for invalid in ["", "key", chain.as_str()] {
        assert!(error(&chain, invalid).starts_with("private key must"), "{invalid}");
    }
    let other = CertificateAuthority::new().issue();
    assert!(error(&chain, &other[1]).starts_with("certificate chain and private key cannot"));
}

#[test]
fn no_error_shows_a_part_of_the_key() {
    let [chain, key] = CertificateAuthority::new().issue();
    let secret = key.lines().nth(1).unwrap();
    let on_one_line = key.replace('\n', "");
    let unended = key.replace("-----END", "-----");
    for broken in [on_one_line.as_str(), &unended, secret, &key.replace("PRIVATE", "SECRET")] {
        for text in [error(&chain, broken), error(broken, &key)] {
            assert!(!text.contains(&secret[..16]), "{text}");
        }
    }
}

#[test]
fn debug_shows_no_configuration() {
    let [chain, key] = CertificateAuthority::new().issue();
    let tls = Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(format!("{tls:?} {:?}", tls.handle()), "Tls TlsHandle");
}
