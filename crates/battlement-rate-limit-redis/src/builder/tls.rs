use std::path::PathBuf;

use super::Builder;
use crate::connection::tls::Pem;

impl Builder {
    /// Sets the trusted authorities, as PEM, in place of those of the system. Default: those of the system.
    #[must_use]
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.certificates.roots = Some(Pem::Text(pem.as_ref().to_vec()));
        self
    }

    /// Sets a file of certificates in place of [`root_certificates`](Self::root_certificates). The file is read again
    /// for each connection; while it cannot be used, the last valid contents are used.
    #[must_use]
    pub fn root_certificates_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificates.roots = Some(Pem::File(path.into()));
        self
    }

    /// Sets the files of the client's certificate (with intermediate authorities, if any) and of its private key, both
    /// as PEM. Default: none.
    ///
    /// A Redis with TLS requires a client certificate unless it has `tls-auth-clients no`. The files are read again
    /// for each connection, together with a [`root_certificates_file`](Self::root_certificates_file), so that the next
    /// connection uses a rotated certificate. While the files cannot be read or do not match, such as during a
    /// rotation, the last valid contents are used, and a warning is logged.
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
