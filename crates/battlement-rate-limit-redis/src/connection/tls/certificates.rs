use std::{fmt, path::PathBuf};

#[cfg(feature = "serde")]
use battlement_core::InvalidField;

/// The certificate settings of TLS connections.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    /// The trusted authorities, in place of those of the system.
    pub(crate) roots: Option<Pem>,
    /// The files of the client's certificate and of its key.
    pub(crate) client: Option<[PathBuf; 2]>,
}

/// Certificates in PEM.
#[derive(Clone)]
pub(crate) enum Pem {
    Text(Vec<u8>),
    /// Read again for each connection.
    File(PathBuf),
}

impl Certificates {
    /// Reads the settings: the text or the file of the authorities, and the files of the client's certificate and key.
    #[cfg(feature = "serde")]
    pub(crate) fn of_settings(
        roots: (Option<String>, Option<PathBuf>),
        client: (Option<PathBuf>, Option<PathBuf>),
    ) -> Result<Self, InvalidField> {
        let roots = match roots {
            (Some(_), Some(_)) => {
                let message = "must not be set together with `root_certificates`";
                return Err(InvalidField::new("root_certificates_file", message));
            }
            (text, file) => text.map(|text| Pem::Text(text.into())).or(file.map(Pem::File)),
        };
        let client = match client {
            (Some(certificate), Some(key)) => Some([certificate, key]),
            (None, None) => None,
            (Some(_), None) => {
                return Err(required_with("client_key_file", "client_certificate_file"));
            }
            (None, Some(_)) => {
                return Err(required_with("client_certificate_file", "client_key_file"));
            }
        };
        Ok(Self { roots, client })
    }

    /// Returns the name of the first setting that was set.
    pub(crate) const fn setting(&self) -> Option<&'static str> {
        match self {
            Self { roots: Some(Pem::Text(_)), .. } => Some("root_certificates"),
            Self { roots: Some(Pem::File(_)), .. } => Some("root_certificates_file"),
            Self { client: Some(_), .. } => Some("client_certificate_file"),
            Self { roots: None, client: None } => None,
        }
    }
}

#[cfg(feature = "serde")]
fn required_with(setting: &str, other: &str) -> InvalidField {
    InvalidField::new(setting, format!("must be set if `{other}` is set"))
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}
