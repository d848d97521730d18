//! Fetch Metadata: which site's page made a request, as its browser says, and whether it may.

mod decide;
mod exempt;
mod future;
mod layer;
mod service;

pub use self::{
    decide::FetchSite, future::FetchMetadataFuture, layer::FetchMetadataLayer,
    service::FetchMetadata,
};
