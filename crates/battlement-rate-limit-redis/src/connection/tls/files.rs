use std::{fmt, fs, path::Path};

use battlement_core::InvalidField;

use super::certificates::{Certificates, Pem};

/// The contents of all certificate and key files.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) roots: Option<Vec<u8>>,
    /// The certificate of the client, and its key.
    pub(super) client: Option<[Vec<u8>; 2]>,
}

impl Files {
    pub(super) fn read(certificates: &Certificates) -> Result<Self, InvalidField> {
        let roots = match &certificates.roots {
            None => None,
            Some(Pem::Text(text)) => Some(text.clone()),
            Some(Pem::File(path)) => Some(read("root_certificates_file", path)?),
        };
        let client = match &certificates.client {
            None => None,
            Some([certificate, key]) => {
                let certificate = read("client_certificate_file", certificate)?;
                Some([certificate, read("client_key_file", key)?])
            }
        };
        Ok(Self { roots, client })
    }

    pub(super) const fn has_roots(&self) -> bool {
        self.roots.is_some()
    }
}

fn read(setting: &str, path: &Path) -> Result<Vec<u8>, InvalidField> {
    fs::read(path).map_err(|error| {
        InvalidField::new(setting, format!("cannot read {}: {error}", path.display()))
    })
}

/// Omits the contents, which include the key.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}
