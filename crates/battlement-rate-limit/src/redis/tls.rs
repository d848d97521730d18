//! TLS by rustls.

#[cfg(feature = "redis-cluster")]
use redis::cluster::ClusterClientBuilder;
use redis::{Client, ConnectionAddr, ConnectionInfo, TlsCertificates};
use rustls::{
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::InvalidField;

pub(super) const IS_BUILT_IN: bool = true;

pub(super) fn client(info: ConnectionInfo, roots: Option<&[u8]>) -> Result<Client, InvalidField> {
    if let ConnectionAddr::TcpTls { .. } = info.addr() {
        choose_provider();
    } else if roots.is_some() {
        return Err(InvalidField::new(
            "url",
            "must begin with rediss:// where root_certificates are set",
        ));
    }
    if !roots.is_none_or(are_certificates) {
        return Err(InvalidField::new("root_certificates", NO_PEM));
    }
    let client = match roots {
        Some(roots) => Client::build_with_tls(info, certificates(roots)),
        None => Client::open(info),
    };
    client.map_err(|_| InvalidField::new("root_certificates", NO_PEM))
}

const NO_PEM: &str = "must be one certificate or more, as PEM";

fn are_certificates(pem: &[u8]) -> bool {
    let mut found = CertificateDer::pem_slice_iter(pem).peekable();
    found.peek().is_some() && found.all(|certificate| certificate.is_ok())
}

fn certificates(roots: &[u8]) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: Some(roots.to_vec()) }
}

/// rustls asks for one where two are built in. What the application has chosen stays.
fn choose_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster, with one that does as well.
        let _ = ring::default_provider().install_default();
    }
}

/// The same for all nodes of a cluster.
#[cfg(feature = "redis-cluster")]
pub(super) fn cluster(builder: ClusterClientBuilder, roots: Option<&[u8]>) -> ClusterClientBuilder {
    match roots {
        Some(roots) => builder.certs(certificates(roots)),
        None => builder,
    }
}
