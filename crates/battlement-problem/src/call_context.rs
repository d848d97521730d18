use std::sync::Arc;

use http::{HeaderValue, Response, header, response::Parts};
use http_body::Body;

use crate::{
    BoxError, Problem, ResponseBody,
    answer::Answerer,
    body::Watch,
    body_reader::{BodyReader, ReadBody},
    catch::catch,
    config::Config,
    existing::Existing,
    explain,
    report::Reporter,
    request_context::RequestContext,
};

/// A request in flight, to which the layer has to respond.
#[derive(Debug)]
pub(crate) struct CallContext {
    pub(crate) config: Arc<Config>,
    pub(crate) request: RequestContext,
}

/// The result of inspecting an error response.
pub(crate) enum Inspected<B> {
    Answer(Response<ResponseBody<B>>),
    Text(BodyReader<B>),
}

impl CallContext {
    /// Returns the state that the wrapper of the response body needs.
    #[inline]
    pub(crate) fn watch(self) -> Watch {
        Watch { config: self.config, facts: self.request.facts }
    }

    /// Returns the reporter of this request's failures.
    pub(crate) fn reporter(&self) -> Reporter<'_> {
        Reporter { config: &self.config, facts: self.request.facts.as_ref() }
    }

    /// Inspects an error response and decides whether to replace it.
    #[cold]
    pub(crate) fn inspect<B: Body<Error: Into<BoxError>>>(
        &self,
        mut response: Response<B>,
    ) -> Inspected<B> {
        // The body's `size_hint` is the application's code, which may panic.
        let existing =
            catch(|| Existing::of(&mut response, &self.request)).unwrap_or_else(|caught| {
                self.reporter().panicked(caught, "the body of an error response panicked");
                Existing::Problem(Problem::of_status(response.status()))
            });
        match existing {
            Existing::Whole => {
                let (config, facts) = (Arc::clone(&self.config), self.request.facts.clone());
                let watch = Some(Watch { config, facts });
                Inspected::Answer(response.map(|body| ResponseBody::new(body, watch)))
            }
            Existing::Problem(problem) => Inspected::Answer(self.replace(response, problem)),
            Existing::Unread(problem) => {
                let mut answer = self.replace(response, problem);
                // A wrong length is worse than a missing one (RFC 9110, section 8.6).
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                Inspected::Answer(answer.map(|_: ResponseBody<B>| ResponseBody::unread()))
            }
            Existing::Text(text) => {
                let (parts, body) = response.into_parts();
                Inspected::Text(BodyReader::new(parts, body, text))
            }
        }
    }

    /// Responds with the problem that a short body contained.
    pub(crate) fn answer_read<B>(&self, read: ReadBody) -> Response<ResponseBody<B>> {
        let reporter = self.reporter();
        if let Some(failure) = read.failure {
            reporter.broke_off(failure.as_ref());
            reporter.drop(failure);
        }
        if read.is_unreadable {
            reporter.unreadable(read.parts.status, &read.parts.headers);
        }
        self.answer(read.parts, read.problem)
    }

    /// Replaces a response with `problem`.
    fn replace<B>(&self, response: Response<B>, problem: Problem) -> Response<ResponseBody<B>> {
        let (parts, body) = response.into_parts();
        self.reporter().drop(body);
        self.answer(parts, problem)
    }

    /// Responds with `problem` and the head of a response.
    fn answer<B>(&self, parts: Parts, problem: Problem) -> Response<ResponseBody<B>> {
        let reporter = self.reporter();
        reporter.answered(&problem);
        let answer =
            Answerer { config: &self.config, request: &self.request }.rewrite(parts, &problem);
        reporter.drop(problem);
        answer
    }

    /// Responds to a request for which the service returned no response. Whether the service has read the body of the
    /// request is unknown; a large one may be unread.
    pub(crate) fn failed<B>(&self, error: BoxError) -> Response<ResponseBody<B>> {
        let problem = explain::problem(error, self.reporter());
        let mut answer = self.answer(problem.head(), problem);
        if self.request.caller.closes() {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
