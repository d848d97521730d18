//! TLS by rustls.

mod builder;
mod certificates;
mod config;
mod files;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use battlement_core::LogLimit;
use tokio::{net::TcpStream, task::spawn_blocking};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{AlertDescription, CertificateError, ClientConfig, Error, pki_types::ServerName},
};

pub(super) use self::certificates::Certificates;
use self::files::Files;
use super::fault::Unreachable;
use crate::InvalidField;

pub(super) const IS_BUILT_IN: bool = true;

/// The means to speak TLS, shared by all connections of a client.
///
/// Files are read again for each connection. While they are being replaced, and cannot be used, connections are made
/// with what was read before.
#[derive(Clone, Debug)]
pub(super) struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    certificates: Certificates,
    loaded: Mutex<Loaded>,
    warnings: LogLimit,
}

/// The files that were read last, and what was made of them.
#[derive(Debug)]
struct Loaded {
    files: Files,
    config: Option<Arc<ClientConfig>>,
}

const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Tls {
    /// Returns the means to speak TLS with these certificates, unless one cannot be used.
    pub(super) fn new(certificates: Certificates) -> Result<Self, InvalidField> {
        let files = Files::read(&certificates)?;
        // The authorities of the system are read with the first connection.
        let config = if files.has_roots() { Some(Arc::new(config::build(&files)?)) } else { None };
        if config.is_none() {
            config::check_client(&files)?;
        }
        let loaded = Mutex::new(Loaded { files, config });
        let warnings = LogLimit::per(BETWEEN_WARNINGS);
        Ok(Self(Arc::new(Inner { certificates, loaded, warnings })))
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Unreachable> {
        let name = ServerName::try_from(host).map_err(|_| Unreachable::UnknownHost)?.to_owned();
        let this = self.clone();
        let (config, invalid) = spawn_blocking(move || this.config()).await.unwrap_or_default();
        if let Some(invalid) = invalid {
            self.warn(&invalid);
        }
        let config = config.ok_or(Unreachable::CertificateFiles)?;
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map_err(|error| {
            let reason = of_io(&error).unwrap_or(Unreachable::ClosedEarly);
            if reason == Unreachable::UntrustedCertificate && !self.0.loaded().files.has_roots() {
                // Those of the system may have changed.
                self.0.loaded().config = None;
            }
            reason
        })
    }

    /// Returns the configuration with the files as they are now. If one cannot be used, returns that, and the
    /// configuration with what was read before.
    fn config(&self) -> (Option<Arc<ClientConfig>>, Option<InvalidField>) {
        let read = Files::read(&self.0.certificates);
        let mut loaded = self.0.loaded();
        let built = read.and_then(|files| {
            if let (Some(config), true) = (&loaded.config, files == loaded.files) {
                return Ok(Arc::clone(config));
            }
            let config = Arc::new(config::build(&files)?);
            *loaded = Loaded { files, config: Some(Arc::clone(&config)) };
            Ok(config)
        });
        match built {
            Ok(config) => (Some(config), None),
            Err(invalid) => (loaded.config.clone(), Some(invalid)),
        }
    }

    fn warn(&self, invalid: &InvalidField) {
        if let Some(suppressed) = self.0.warnings.admit() {
            tracing::warn!(
                setting = invalid.field(),
                problem = invalid.message(),
                suppressed,
                "a certificate or key file for Redis cannot be used; keeping what was read before"
            );
        }
    }
}

impl Inner {
    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the reason that TLS failed, if it was TLS.
pub(super) fn of_io(error: &io::Error) -> Option<Unreachable> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidMessage(_) => Unreachable::TlsNotSpoken,
        Error::AlertReceived(alert) => of_alert(*alert),
        _ => Unreachable::Tls,
    })
}

const fn of_certificate(error: &CertificateError) -> Unreachable {
    match error {
        // The second is of an authority that has the name of a trusted one, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            Unreachable::UntrustedCertificate
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Unreachable::ExpiredCertificate,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Unreachable::CertificateForOtherHost
        }
        _ => Unreachable::InvalidCertificate,
    }
}

const fn of_alert(alert: AlertDescription) -> Unreachable {
    match alert {
        AlertDescription::CertificateRequired => Unreachable::ClientCertificateRequired,
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => Unreachable::ClientCertificateRejected,
        _ => Unreachable::Tls,
    }
}
