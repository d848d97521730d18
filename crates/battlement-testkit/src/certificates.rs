//! Certificates for servers and clients of a test.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};

/// A certificate authority for servers at `localhost` and `127.0.0.1`.
///
/// Each authority has its own key: a client that trusts one authority rejects the servers of another.
pub struct CertificateAuthority(CertifiedIssuer<'static, KeyPair>);

impl CertificateAuthority {
    /// Creates an authority with a new key.
    ///
    /// # Panics
    ///
    /// Panics if the system provides no randomness for the key.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("failed to generate a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("failed to sign the certificate"))
    }

    /// Returns the certificate of the authority in PEM format, for the trust store of clients.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for `localhost` and `127.0.0.1`, for a server or a client, and returns it with its key, both
    /// in PEM format.
    ///
    /// # Panics
    ///
    /// Panics if the system provides no randomness for the key.
    #[must_use]
    pub fn issue(&self) -> [String; 2] {
        let key = KeyPair::generate().expect("failed to generate a key");
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("failed to describe the certificate");
        // With the name of the authority, OpenSSL would treat the certificate as self-signed.
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let certificate = params.signed_by(&key, &self.0).expect("failed to sign the certificate");
        [certificate.pem(), key.serialize_pem()]
    }
}

impl Default for CertificateAuthority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateAuthority")
    }
}
