use std::{fs, io, path::Path};

use crate::certificates::CertificateAuthority;

/// Writes a server certificate of `authority` and its key to `dir`, and returns the server options that refer to them.
pub(super) fn options(
    authority: &CertificateAuthority,
    dir: &Path,
    clients: Clients,
) -> io::Result<Vec<String>> {
    let [certificate, key] = authority.issue();
    let mut options = vec!["--tls-auth-clients".to_owned(), clients.option().to_owned()];
    for (option, pem) in [
        ("--tls-ca-cert-file", authority.pem()),
        ("--tls-cert-file", certificate),
        ("--tls-key-file", key),
    ] {
        let file = dir.join(option.trim_start_matches('-')).with_extension("pem");
        fs::write(&file, pem)?;
        options.extend([option.to_owned(), file.display().to_string()]);
    }
    Ok(options)
}

/// The certificates that a server with TLS requires of its clients.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clients {
    Any,
    WithCertificate,
}

impl Clients {
    const fn option(self) -> &'static str {
        match self {
            Self::Any => "no",
            Self::WithCertificate => "yes",
        }
    }
}
