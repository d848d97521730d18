use battlement_core::{InvalidField, StreamKind};

use super::limits::BodyLimits;
use crate::observe::Observer;

#[cfg(feature = "serde")]
pub(crate) const SETTINGS: &str = "body timeout settings";

/// The checked settings of a [`BodyTimeoutLayer`](crate::BodyTimeoutLayer).
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) request: BodyLimits,
    pub(crate) response: BodyLimits,
    pub(crate) event_streams: bool,
    pub(crate) grpc_streams: bool,
    pub(crate) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            request: BodyLimits::requests(),
            response: BodyLimits::responses(),
            event_streams: false,
            grpc_streams: false,
            observer: Observer::default(),
        }
    }
}

impl Config {
    pub(super) const fn limits(&self, stream: StreamKind) -> bool {
        match stream {
            StreamKind::None => true,
            StreamKind::Events => self.event_streams,
            StreamKind::Grpc(_) => self.grpc_streams,
            StreamKind::Upgrade => false,
        }
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let under = |setting: &str, limits: &BodyLimits| {
            let fields = limits.invalid_fields().into_iter();
            fields.map(|field| field.under(setting)).collect::<Vec<_>>()
        };
        [under("request", &self.request), under("response", &self.response)].concat()
    }
}
