use std::path::PathBuf;

use super::certificates::Pem;
use crate::redis::Builder;

impl Builder {
    /// The only authorities whose certificates are trusted, as PEM, for a server that has one of your own.
    /// Default: those of the system.
    #[must_use]
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.certificates.roots = Some(Pem::Text(pem.as_ref().to_vec()));
        self
    }

    /// Sets a file of certificates in place of [`root_certificates`](Self::root_certificates). It is read again for
    /// each connection; while it cannot be read or used, what was read before stays.
    #[must_use]
    pub fn root_certificates_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificates.roots = Some(Pem::File(path.into()));
        self
    }

    /// Sets the files of the client's certificate (with the authorities in between, if there are some) and of its
    /// private key, both as PEM. Default: none.
    ///
    /// A Redis with TLS requires them unless it has `tls-auth-clients no`. The files are read again for each
    /// connection, together with a [`root_certificates_file`](Self::root_certificates_file), so that a rotated
    /// certificate is used by the next one. While they cannot be read or do not belong together, as in the middle of
    /// a rotation, what was read before stays, and a warning is logged.
    #[must_use]
    pub fn client_certificate_files(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.certificates.client = Some([certificate.into(), key.into()]);
        self
    }
}
