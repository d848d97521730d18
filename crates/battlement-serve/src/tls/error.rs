use std::{error::Error, fmt};

use super::rustls;

/// An invalid certificate chain or private key.
///
/// Neither the message nor the source contains any part of the files.
#[derive(Debug)]
pub struct TlsError(Reason);

#[derive(Debug)]
enum Reason {
    Chain,
    Key,
    Config(rustls::Error),
}

impl TlsError {
    pub(super) const CHAIN: Self = Self(Reason::Chain);
    pub(super) const KEY: Self = Self(Reason::Key);

    pub(super) const fn config(error: rustls::Error) -> Self {
        Self(Reason::Config(error))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Reason::Chain => "certificate chain must contain a certificate in PEM format",
            Reason::Key => "private key must be an unencrypted key in PEM format",
            Reason::Config(_) => "certificate chain and private key cannot be used together",
        })
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Reason::Chain | Reason::Key => None,
            Reason::Config(error) => Some(error),
        }
    }
}
