use std::{fmt, fs, io, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A certificate authority of the test's own, for servers at `localhost` and `127.0.0.1`.
///
/// Two are strangers to each other: whoever trusts one does not trust the servers of the other.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One with a new key.
    ///
    /// # Panics
    ///
    /// If the system has no randomness for a key.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate of plain parts"))
    }

    /// Its certificate, which clients are to trust, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes a server's certificate and key to `dir`, and the options that name them.
    pub(super) fn equip(&self, dir: &Path) -> io::Result<Vec<String>> {
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

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
