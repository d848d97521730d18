use std::any::{Any, type_name};

use tower::util::BoxCloneSyncService;

use super::{over_http::HttpSubject, values::ValueSubject};
use crate::probe::{CallProbe, Counts, Misuse, Probe, ProbeError, Reply, State};

/// The layer's service with erased types, so that every rule of all services is compiled once.
pub(super) type Outer = BoxCloneSyncService<(), Answer, Failure>;

/// The result of a check; the error describes the violation.
pub(super) type Check<T = ()> = Result<T, String>;

/// Creates a new layer and a new probe with each call.
pub(super) type Make<'a, T = Subject> = &'a dyn Fn() -> T;

/// The kind of service that the layer is around.
#[derive(Clone, Copy)]
pub(super) enum Suite<'a> {
    /// A service of any request and response.
    Any(Make<'a, ValueSubject>),
    /// An HTTP service.
    Http(Make<'a, HttpSubject>),
}

impl Suite<'_> {
    pub(super) fn subject(self) -> Subject {
        match self {
            Self::Any(make) => make().base,
            Self::Http(make) => make().base,
        }
    }
}

/// A response that the layer returned, which holds everything that a response can hold.
pub(super) struct Answer {
    /// The part of the response that is equal in all calls with the same outcome.
    pub(super) summary: String,
    pub(super) response: Box<dyn Any + Send>,
}

impl Answer {
    pub(super) fn new(summary: String, response: impl Any + Send) -> Self {
        Self { summary, response: Box::new(response) }
    }
}

/// An error that the layer returned.
#[derive(Debug)]
pub(super) enum Failure {
    /// The error of the probe.
    Probe(ProbeError),
    /// An error of another type, with the name of that type.
    Other(&'static str),
}

impl Failure {
    pub(super) fn new<E>(error: E, extract: fn(E) -> Option<ProbeError>) -> Self {
        extract(error).map_or_else(|| Self::Other(type_name::<E>()), Self::Probe)
    }

    pub(super) fn must_be(self, expected: ProbeError) -> Check {
        match self {
            Self::Probe(error) if error == expected => Ok(()),
            Self::Probe(error) => Err(format!("`{error}` was returned instead of `{expected}`")),
            Self::Other(name) => Err(format!(
                "an error of type `{name}` was returned, which does not contain `{expected}`"
            )),
        }
    }

    pub(super) fn describe(self) -> String {
        match self {
            Self::Probe(error) => format!("the call failed with `{error}`"),
            Self::Other(name) => format!("the call failed with an error of type `{name}`"),
        }
    }
}

/// A probe of any kind, whose successful replies have the response that the probe was created with.
pub(super) trait AnyProbe {
    fn state(&self) -> &State;
    fn next(&self, reply: Reply<()>);
    fn always(&self, reply: Reply<()>);
}

impl AnyProbe for Probe {
    fn state(&self) -> &State {
        self.state()
    }

    fn next(&self, reply: Reply<()>) {
        self.next(reply.map(|()| http::Response::default()));
    }

    fn always(&self, reply: Reply<()>) {
        self.always(reply.map(|()| http::Response::default()));
    }
}

impl<Q, R: Clone> AnyProbe for CallProbe<Q, R> {
    fn state(&self) -> &State {
        self.state()
    }

    fn next(&self, reply: Reply<()>) {
        self.next(reply.map(|()| self.response().clone()));
    }

    fn always(&self, reply: Reply<()>) {
        self.always(reply.map(|()| self.response().clone()));
    }
}

/// A layer and its own counts.
pub(super) struct Inspected {
    pub(super) idle: Box<dyn Fn() -> bool>,
    pub(super) counts: Option<Box<dyn Fn() -> u64>>,
    pub(super) waits_inside: bool,
}

/// A layer around a probe of any kind.
pub(super) struct Subject {
    pub(super) probe: Box<dyn AnyProbe>,
    pub(super) apply: Box<dyn Fn() -> Outer>,
    pub(super) layer: Inspected,
}

impl Subject {
    /// Applies the layer once more.
    pub(super) fn service(&self) -> Outer {
        (self.apply)()
    }

    pub(super) fn counts(&self) -> Counts {
        self.probe.state().counts()
    }

    /// Checks that everything was released, according to the counts of the probe and of the layer.
    pub(super) fn at_rest(&self) -> Check {
        let counts = self.counts();
        if counts.futures > 0 {
            return Err("the service's future was not dropped".to_owned());
        }
        if counts.in_flight > 0 {
            return Err("the service's body was not dropped".to_owned());
        }
        if !(self.layer.idle)() {
            return Err("the layer is not idle, according to its own count".to_owned());
        }
        Ok(())
    }

    /// Checks that the probe has not recorded `misuse`.
    pub(super) fn without(&self, misuse: Misuse) -> Check {
        if self.probe.state().misuses().contains(&misuse) {
            return Err(format!("the layer misused the service: {misuse:?}"));
        }
        Ok(())
    }
}
