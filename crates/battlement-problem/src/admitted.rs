use std::sync::Arc;

use http::{HeaderValue, Response, header, response::Parts};
use http_body::Body;

use crate::{
    BoxError, Problem, ResponseBody,
    answer::Answerer,
    asked::Asked,
    body::Watch,
    catch::catch,
    config::Config,
    explain,
    found::Found,
    reading::{Read, Reading},
    report::Reporter,
};

/// A request in flight, which the layer has to answer.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) config: Arc<Config>,
    pub(crate) asked: Asked,
}

/// The result of inspecting an error response.
pub(crate) enum Seen<B> {
    Answer(Response<ResponseBody<B>>),
    Text(Reading<B>),
}

impl Admitted {
    /// Returns the state that the wrapper of the response body needs.
    #[inline]
    pub(crate) fn watch(self) -> Watch {
        Watch { config: self.config, facts: self.asked.facts }
    }

    /// Returns the reporter of this request's failures.
    pub(crate) fn reporter(&self) -> Reporter<'_> {
        Reporter { config: &self.config, facts: self.asked.facts.as_ref() }
    }

    /// Inspects an error response and decides whether to replace it.
    #[cold]
    pub(crate) fn look_into<B: Body<Error: Into<BoxError>>>(
        &self,
        mut response: Response<B>,
    ) -> Seen<B> {
        // The body's `size_hint` is the application's code, which may panic.
        let found = catch(|| Found::of(&mut response, &self.asked)).unwrap_or_else(|caught| {
            self.reporter().panicked(caught, "the body of an error response panicked");
            Found::Problem(Problem::of_status(response.status()))
        });
        match found {
            Found::Whole => {
                let (config, facts) = (Arc::clone(&self.config), self.asked.facts.clone());
                let watch = Some(Watch { config, facts });
                Seen::Answer(response.map(|body| ResponseBody::new(body, watch)))
            }
            Found::Problem(problem) => Seen::Answer(self.replace(response, problem)),
            Found::Unread(problem) => {
                let mut answer = self.replace(response, problem);
                // A wrong length is worse than a missing one (RFC 9110, section 8.6).
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                Seen::Answer(answer.map(|_: ResponseBody<B>| ResponseBody::unread()))
            }
            Found::Text(text) => {
                let (parts, body) = response.into_parts();
                Seen::Text(Reading::new(parts, body, text))
            }
        }
    }

    /// Answers with the problem that a short body contained.
    pub(crate) fn was_read<B>(&self, read: Read) -> Response<ResponseBody<B>> {
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

    /// Answers with `problem` and the head of a response.
    fn answer<B>(&self, parts: Parts, problem: Problem) -> Response<ResponseBody<B>> {
        let reporter = self.reporter();
        reporter.answered(&problem);
        let answer = Answerer { config: &self.config, asked: &self.asked }.rewrite(parts, &problem);
        reporter.drop(problem);
        answer
    }

    /// Answers a request for which the service returned no response. Whether the service has read the body of the
    /// request is unknown; a large one may be unread.
    pub(crate) fn failed<B>(&self, error: BoxError) -> Response<ResponseBody<B>> {
        let problem = explain::problem(error, self.reporter());
        let mut answer = self.answer(problem.head(), problem);
        if self.asked.caller.closes() {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
