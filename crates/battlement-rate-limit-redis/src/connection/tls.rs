//! TLS connections with rustls.

mod certificates;
mod config;
mod files;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use battlement_core::{InvalidField, LogLimit};
use tokio::{net::TcpStream, task::spawn_blocking};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{AlertDescription, CertificateError, ClientConfig, Error, pki_types::ServerName},
};

pub(crate) use self::certificates::{Certificates, Pem};
use self::files::Files;
use crate::fault::Unreachable;

pub(crate) const IS_BUILT_IN: bool = true;

/// A TLS connector, shared by all connections of a client.
///
/// Files are read again for each connection. While they are being replaced and cannot be used, the last valid contents
/// are used.
#[derive(Clone, Debug)]
pub(crate) struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    certificates: Certificates,
    loaded: Mutex<Loaded>,
    warnings: LogLimit,
}

/// The last valid files, and the configuration built from them.
#[derive(Debug)]
struct Loaded {
    files: Files,
    config: Option<Arc<ClientConfig>>,
}

const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Tls {
    /// Creates a connector with these certificates, or returns an error if one cannot be used.
    pub(crate) fn new(certificates: Certificates) -> Result<Self, InvalidField> {
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

    pub(crate) async fn connect(
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
                // The authorities of the system may have changed.
                self.0.loaded().config = None;
            }
            reason
        })
    }

    /// Returns the configuration for the current contents of the files. If a file cannot be used, returns the error
    /// with the last valid configuration.
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
                error = invalid.message(),
                suppressed,
                "a certificate or key file for Redis cannot be used; keeping the last valid contents"
            );
        }
    }
}

impl Inner {
    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the reason TLS failed, or `None` if the error is not from TLS.
pub(crate) fn of_io(error: &io::Error) -> Option<Unreachable> {
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
        // `BadSignature` is that of an authority with the name of a trusted one, and another key.
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
