use std::sync::Arc;

use battlement_core::InvalidField;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use super::files::Files;

const NOT_PEM: &str = "must contain at least one certificate as PEM";
const NOT_A_KEY: &str = "must contain a private key as PEM";
const WRONG_KEY: &str = "must be the private key of `client_certificate_file`";
const NO_ROOTS: &str = "must be set, since the system has no trusted certificates";

/// Returns the configuration for these files.
pub(super) fn build(files: &Files) -> Result<ClientConfig, InvalidField> {
    let roots = match &files.roots {
        Some(pem) => trusted(pem)?,
        None => of_system()?,
    };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| InvalidField::new("url", format!("TLS cannot be used: {error}")))?
        .with_root_certificates(roots);
    let Some([certificate, key]) = &files.client else { return Ok(config.with_no_client_auth()) };
    let (certificate, key) = (chain(certificate)?, private(key)?);
    config
        .with_client_auth_cert(certificate, key)
        .map_err(|_| InvalidField::new("client_key_file", WRONG_KEY))
}

/// Checks the certificate and the key of the client.
pub(super) fn check_client(files: &Files) -> Result<(), InvalidField> {
    let Some([certificate, key]) = &files.client else { return Ok(()) };
    CertifiedKey::from_der(chain(certificate)?, private(key)?, &provider())
        .map(drop)
        .map_err(|_| InvalidField::new("client_key_file", WRONG_KEY))
}

/// Returns the default provider of the process, or that of *ring*. No provider is installed, so that the application
/// can still install one later.
fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()))
}

fn trusted(pem: &[u8]) -> Result<RootCertStore, InvalidField> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("root_certificates", pem)? {
        roots.add(certificate).map_err(|_| InvalidField::new("root_certificates", NOT_PEM))?;
    }
    Ok(roots)
}

fn of_system() -> Result<RootCertStore, InvalidField> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be used must not prevent the use of the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(InvalidField::new("root_certificates", NO_ROOTS)) } else { Ok(roots) }
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, InvalidField> {
    certificates("client_certificate_file", pem)
}

fn certificates(setting: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, InvalidField> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|all| !all.is_empty()).ok_or_else(|| InvalidField::new(setting, NOT_PEM))
}

fn private(pem: &[u8]) -> Result<PrivateKeyDer<'static>, InvalidField> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| InvalidField::new("client_key_file", NOT_A_KEY))
}
