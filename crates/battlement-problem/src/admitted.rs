use std::sync::Arc;

use http::{HeaderValue, Response, header, response::Parts};
use http_body::Body;

use crate::{
    BoxError, Problem, ResponseBody,
    answer::Answerer,
    asked::Asked,
    body::Watch,
    config::Config,
    explain,
    found::Found,
    reading::{Read, Reading},
    report::Reporter,
};

/// A request that the layer has let in, and must see to an answer for.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) config: Arc<Config>,
    pub(crate) asked: Asked,
}

/// What came of a look into a response that is an error.
pub(crate) enum Seen<B> {
    Answer(Response<ResponseBody<B>>),
    Text(Reading<B>),
}

impl Admitted {
    /// What a body is watched with.
    #[inline]
    pub(crate) fn watch(self) -> Watch {
        Watch { config: self.config, facts: self.asked.facts }
    }

    /// Finds out what there is in a response that is an error.
    #[cold]
    pub(crate) fn look_into<B: Body<Error: Into<BoxError>>>(
        &self,
        mut response: Response<B>,
    ) -> Seen<B> {
        match Found::of(&mut response, &self.asked) {
            Found::Whole => {
                let (config, facts) = (Arc::clone(&self.config), self.asked.facts.clone());
                let watch = Some(Watch { config, facts });
                Seen::Answer(response.map(|body| ResponseBody::new(body, watch)))
            }
            Found::Problem(problem) => Seen::Answer(self.answer(response.into_parts().0, &problem)),
            Found::Unread(problem) => {
                let mut answer = self.answer(response.into_parts().0, &problem);
                // A wrong length is worse than none (RFC 9110, section 8.6).
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                Seen::Answer(answer.map(|_: ResponseBody<B>| ResponseBody::unread()))
            }
            Found::Text(text) => {
                let (parts, body) = response.into_parts();
                Seen::Text(Reading::new(parts, body, text))
            }
        }
    }

    /// Answers with what was found in a short body.
    pub(crate) fn was_read<B>(&self, read: Read) -> Response<ResponseBody<B>> {
        if let Some(failure) = read.failure {
            let facts = self.asked.facts.as_ref();
            Reporter { config: &self.config, facts }.broke_off(failure.as_ref());
        }
        self.answer(read.parts, &read.problem)
    }

    /// Answers with `problem`, and what is in the head of a response.
    fn answer<B>(&self, parts: Parts, problem: &Problem) -> Response<ResponseBody<B>> {
        Answerer { config: &self.config, asked: &self.asked }.rewrite(parts, problem)
    }

    /// Answers in the place of a response that never was. Whether the service has read the body of the
    /// request is not known; a large one may be left unread.
    pub(crate) fn failed<B>(&self, error: BoxError) -> Response<ResponseBody<B>> {
        let problem = explain::problem(error, &self.config);
        let mut answer = self.answer(problem.head(), &problem);
        if self.asked.caller.closes() {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
