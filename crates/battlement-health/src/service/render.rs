//! The formats of an answer.

mod bounded;
mod health_json;
mod json;
mod microprofile;
mod spring;
mod text;

use bytes::Bytes;

use super::{format::Format, page::Page};

/// The length that the body of an answer stays below, in bytes: a kubelet reads no more.
pub(super) const MAX_BODY: usize = 10 * 1024;

/// Returns the body of an answer.
pub(super) fn render(format: Format, page: &Page<'_>) -> Bytes {
    let body = match format {
        Format::Text => text::render(page),
        Format::Health => health_json::render(page),
        Format::Spring => spring::render(page),
        Format::MicroProfile => microprofile::render(page),
    };
    body.into()
}

#[cfg(test)]
mod tests;
