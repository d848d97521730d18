//! The parts of a server that all of its connections share.

use battlement_core::Phases;

use crate::{
    Limits, admit::Admit, drain::CutOff, observe::Observer, report::Aborted, transport::Acceptor,
};

/// The configuration of all connections of a server.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) limits: Limits,
    pub(crate) phases: Option<Phases>,
    pub(crate) observer: Observer,
    pub(crate) cut_off: CutOff,
    pub(crate) admit: Admit,
    /// The acceptor of listeners that have no acceptor of their own.
    pub(crate) acceptor: Acceptor,
    pub(crate) aborted: Aborted,
}
