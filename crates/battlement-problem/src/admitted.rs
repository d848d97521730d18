use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Response, response::Parts};
use http_body::Body;

use crate::{
    BoxError, Problem, ResponseBody,
    answer::Answerer,
    asked::Asked,
    catch::catch,
    config::Config,
    explain,
    found::{Found, is_error},
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
    /// Polls the service's future, whose panic is an error like others.
    pub(crate) fn poll<F, B, E>(
        &self,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<B>, BoxError>>
    where
        F: Future<Output = Result<Response<B>, E>>,
        E: Into<BoxError>,
    {
        if !self.config.enabled {
            return future.poll(cx).map_err(Into::into);
        }
        match catch(|| future.poll(cx)) {
            Ok(polled) => polled.map_err(Into::into),
            Err(panic) => Poll::Ready(Err(panic.into())),
        }
    }

    /// Whether a response is none of this layer's business.
    pub(crate) fn passes<B>(&self, response: &Response<B>) -> bool {
        !is_error(response.status()) || !self.config.enabled
    }

    /// The response as it is, its body watched.
    pub(crate) fn watch<B>(self, response: Response<B>) -> Response<ResponseBody<B>> {
        response.map(|body| {
            if self.config.enabled {
                ResponseBody::watched(body, self.config, self.asked.facts)
            } else {
                ResponseBody::unwatched(battlement_core::ResponseBody::inner(body))
            }
        })
    }

    /// Finds out what there is in a response that is an error.
    pub(crate) fn look_into<B: Body<Error: Into<BoxError>>>(
        &self,
        mut response: Response<B>,
    ) -> Seen<B> {
        match Found::of(&mut response, &self.asked) {
            Found::Whole => {
                let (config, facts) = (Arc::clone(&self.config), self.asked.facts.clone());
                Seen::Answer(response.map(|body| ResponseBody::watched(body, config, facts)))
            }
            Found::Problem(problem) => Seen::Answer(self.answer(response.into_parts().0, &problem)),
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

    /// Answers in the place of a response that never was.
    pub(crate) fn failed<B>(&self, error: BoxError) -> Response<ResponseBody<B>> {
        let problem = explain::problem(error, &self.config);
        self.answer(problem.head(), &problem)
    }
}
