//! `cargo xtask trace-context DIR`: runs the W3C trace-context harness against a service with our layers.

mod harness;
mod pass_through;
mod service;

use std::path::Path;

use harness::Harness;
use service::Service;

use crate::{Fallible, install, tool};

/// The levels of the specification that the harness tests.
const SPEC_LEVELS: [&str; 2] = ["1", "2"];

pub(crate) fn run(folder: &Path) -> Fallible {
    install::require(&[tool::PYTHON], false)?;
    let harness = Harness::open(folder)?;
    Service::build()?;
    let service = Service::start("own")?;
    for spec_level in SPEC_LEVELS {
        let score = harness.run(service.url(), spec_level)?;
        println!("SPEC_LEVEL={spec_level}: {score}");
    }
    pass_through::check(&Service::start("default")?)?;
    println!("defaults: traceparent and tracestate are passed on unchanged");
    Ok(())
}
