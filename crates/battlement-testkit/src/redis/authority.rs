use std::{fmt, fs, io, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

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

    /// Writes a server certificate and its key to `dir`, and returns the server options that refer to them.
    pub(super) fn issue(&self, dir: &Path) -> io::Result<Vec<String>> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let params = CertificateParams::new(names).map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        let mut options = vec!["--tls-auth-clients".to_owned(), "no".to_owned()];
        for (option, pem) in [
            ("--tls-ca-cert-file", self.pem()),
            ("--tls-cert-file", certificate.pem()),
            ("--tls-key-file", key.serialize_pem()),
        ] {
            let file = dir.join(option.trim_start_matches('-')).with_extension("pem");
            fs::write(&file, pem)?;
            options.extend([option.to_owned(), file.display().to_string()]);
        }
        Ok(options)
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
