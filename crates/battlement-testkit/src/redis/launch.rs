use std::path::Path;

use tempfile::TempDir;

use super::{
    CertificateAuthority, StartError, port,
    tls::{self, Clients},
};

/// The settings of a server to start.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) dir: TempDir,
    args: Vec<String>,
    second_port: Option<&'static str>,
}

/// Free ports, and all arguments of a server that listens on them.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) second: Option<u16>,
    pub(super) args: Vec<String>,
}

impl Launch {
    pub(super) fn new(args: &[&str]) -> Result<Self, StartError> {
        let dir = tempfile::tempdir().map_err(StartError::Io)?;
        let args = args.iter().map(ToString::to_string).collect();
        Ok(Self { dir, args, second_port: None })
    }

    /// Adds a second port, set by the given option.
    pub(super) fn second_port(self, option: &'static str) -> Self {
        Self { second_port: Some(option), ..self }
    }

    pub(super) fn tls(
        mut self,
        authority: &CertificateAuthority,
        clients: Clients,
    ) -> Result<Self, StartError> {
        let options = tls::options(authority, self.dir(), clients).map_err(StartError::Io)?;
        self.args.extend(options);
        Ok(self.second_port("--tls-port"))
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn ports(&self) -> Result<Ports, StartError> {
        let first = port::free().map_err(StartError::Io)?;
        let mut ports = Ports { first, second: None, args: self.args.clone() };
        if let Some(option) = self.second_port {
            let second = port::free().map_err(StartError::Io)?;
            ports.args.extend([option.to_owned(), second.to_string()]);
            ports.second = Some(second);
        }
        Ok(ports)
    }
}
