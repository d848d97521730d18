//! The lines of a writer, which only the fuzz targets make directly.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use battlement_core::RequestFacts;
use http::{HeaderValue, Request, Uri, header};
use tokio::time::Instant;
use tracing::Level;

use crate::{
    Format, Query,
    config::Config,
    entry::{Entry, Origin},
    head::Head,
    record::Record,
    stage::Stage,
};

/// Returns the line of a request with this target and user agent.
#[must_use]
pub fn line(format: Format, target: &Uri, agent: &HeaderValue) -> Vec<u8> {
    let headers = vec![header::USER_AGENT];
    let config = Config { query: Query::Redact, headers, ..Config::default() };
    let mut request = Request::new(());
    *request.uri_mut() = target.clone();
    request.headers_mut().insert(header::USER_AGENT, agent.clone());
    let head = Head::of(&config, &request);
    let origin = Origin::Request(RequestFacts::starting(Instant::now()));
    let entry = Entry::new(&Arc::new(config), origin, head);
    let query = entry.head.query(Query::Redact);
    let (stage, level, weight) = (Stage::Complete, Level::INFO, 1);
    let record = Record { entry: &entry, stage, level, duration: Duration::ZERO, weight, query };
    format.line(&record, SystemTime::now())
}
