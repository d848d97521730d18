use std::sync::Arc;

use super::{
    TlsError,
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// Creates a configuration from a certificate chain and its private key in PEM format.
pub(super) fn config(chain: &[u8], key: &[u8]) -> Result<ServerConfig, TlsError> {
    // Errors of the parser contain lines of the file, so they are dropped.
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or(TlsError::CHAIN)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::KEY)?;
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(ring::default_provider()));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::config)
}
