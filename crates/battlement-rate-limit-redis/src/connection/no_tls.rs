//! A replacement for TLS where the feature is disabled.

use std::io;
#[cfg(feature = "serde")]
use std::path::PathBuf;

use battlement_core::InvalidField;
use tokio::net::TcpStream;

use crate::fault::Unreachable;

pub(crate) const IS_BUILT_IN: bool = false;

/// The name of a certificate setting, if one was set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates(Option<&'static str>);

impl Certificates {
    #[cfg(feature = "serde")]
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of TLS")]
    pub(crate) fn of_settings(
        roots: (Option<String>, Option<PathBuf>),
        client: (Option<PathBuf>, Option<PathBuf>),
    ) -> Result<Self, InvalidField> {
        let settings = [
            (roots.0.is_some(), "root_certificates"),
            (roots.1.is_some(), "root_certificates_file"),
            (client.0.is_some(), "client_certificate_file"),
            (client.1.is_some(), "client_key_file"),
        ];
        Ok(Self(settings.into_iter().find(|(is_set, _)| *is_set).map(|(_, setting)| setting)))
    }

    pub(crate) const fn setting(&self) -> Option<&'static str> {
        self.0
    }
}

/// A connector that always fails.
#[derive(Clone, Debug)]
pub(crate) struct Tls;

impl Tls {
    pub(crate) fn new(certificates: Certificates) -> Result<Self, InvalidField> {
        match certificates.setting() {
            Some(setting) => Err(InvalidField::new(setting, "requires the feature `redis-tls`")),
            None => Ok(Self),
        }
    }

    #[expect(clippy::unused_async, reason = "the signature is that of TLS")]
    pub(crate) async fn connect(&self, _: &str, _: TcpStream) -> Result<TcpStream, Unreachable> {
        Err(Unreachable::Tls)
    }
}

pub(crate) const fn of_io(_: &io::Error) -> Option<Unreachable> {
    None
}
