//! Fetch Metadata: the site whose page made a request, as the browser reports it, and the resulting decision.

mod decide;
mod exempt;
mod future;
mod layer;
mod service;

pub use self::{
    decide::FetchSite, future::FetchMetadataFuture, layer::FetchMetadataLayer,
    service::FetchMetadata,
};
