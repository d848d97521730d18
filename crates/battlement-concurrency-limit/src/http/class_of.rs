use std::{fmt, sync::Arc};

use battlement_core::{RequestHead, TrustedPeers};
use http::HeaderName;
use tracing::warn;

use crate::class::Classes;

/// The source of the class of a request of HTTP.
#[derive(Clone, Default)]
pub(crate) enum ClassOf {
    /// The default class.
    #[default]
    Default,
    Closure(Arc<Closure>),
    /// The header of trusted peers.
    Header(HeaderName, TrustedPeers),
}

type Closure = dyn for<'a> Fn(&'a RequestHead<'a>) -> &'a str + Send + Sync;

impl ClassOf {
    /// Reads the header of the proxies that the layer of client IP trusts.
    pub(super) fn by_header(header: HeaderName) -> Self {
        Self::Header(header, TrustedPeers::default())
    }

    /// Returns the index of the class of a request.
    #[inline(always)]
    pub(super) fn of<'a>(
        &self,
        head: impl FnOnce() -> RequestHead<'a>,
        classes: &Classes,
    ) -> usize {
        match self {
            Self::Default => classes.default_class(),
            Self::Closure(class) => classes.index(class(&head())),
            Self::Header(header, peers) => by_header(header, peers, &head(), classes),
        }
    }
}

#[cfg(feature = "serde")]
impl ClassOf {
    /// Reads the settings of the header and of the peers that it is read from, and records the fields that cannot be
    /// read.
    pub(crate) fn read(
        header: Option<String>,
        trusted: Option<Vec<String>>,
        invalid: &mut Vec<battlement_core::InvalidField>,
    ) -> Self {
        use battlement_core::{InvalidField, settings::networks};

        if header.is_none() && trusted.is_some() {
            let message = "must be absent without a header; name the header in `class_header`";
            invalid.push(InvalidField::new("trusted", message));
        }
        let peers = trusted.map_or_else(TrustedPeers::default, |trusted| {
            TrustedPeers::within(networks("trusted", &trusted, invalid))
        });
        let Some(name) = header else { return Self::Default };
        match name.parse() {
            Ok(header) => Self::Header(header, peers),
            Err(_) => {
                let message = format!("must be the name of a header, got {name:?}");
                invalid.push(InvalidField::new("class_header", message));
                Self::Default
            }
        }
    }
}

fn by_header(
    header: &HeaderName,
    peers: &TrustedPeers,
    head: &RequestHead<'_>,
    classes: &Classes,
) -> usize {
    let Some(value) = head.headers.get(header) else { return classes.default_class() };
    if !peers.contains(head) {
        if peers.logs_ignored() {
            warn_of_ignored(header);
        }
        return classes.default_class();
    }
    // Values are ASCII names in practice; others are unknown.
    value.to_str().map_or(classes.default_class(), |name| classes.index(name))
}

#[cold]
fn warn_of_ignored(header: &HeaderName) {
    warn!(
        %header,
        "ignored the class header of a peer that is not trusted; to read it, trust the peer with \
         ClientIpLayer::behind, ConcurrencyLimitLayer::trust_peers or ConcurrencyLimitLayer::trust"
    );
}

impl fmt::Debug for ClassOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("Default"),
            Self::Closure(_) => f.write_str("Closure"),
            Self::Header(header, peers) => {
                f.debug_tuple("Header").field(header).field(peers).finish()
            }
        }
    }
}
