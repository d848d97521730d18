use std::error::Error;

use battlement_core::{
    Classify as _, Ending, Failure, Head, Judgment, MethodKind, OnEnd, Verdict, WebTrailers,
};
use http::{HeaderMap, response::Parts};

use super::classifier::Classifier;
use crate::call::Call;

/// An admitted call of HTTP, which is judged by its head or at the end of its body.
///
/// The future owns it, and then the body, so it is as small as its parts allow.
#[derive(Debug)]
pub struct HttpCall {
    call: Call,
    judge: Judge,
    /// The method decides whether the response has a body.
    method: MethodKind,
}

/// The judgment of a call.
#[derive(Debug)]
enum Judge {
    By(Classifier),
    /// With the reader of gRPC-Web, which has its trailers in the body.
    Web(Box<(Classifier, WebTrailers)>),
}

impl HttpCall {
    #[inline]
    pub(super) const fn new(call: Call, classifier: Classifier, method: MethodKind) -> Self {
        Self { call, judge: Judge::By(classifier), method }
    }

    #[inline]
    pub(super) const fn method(&self) -> MethodKind {
        self.method
    }

    /// Judges the head of a response, and returns whether it settles the call. If it is a success, or leaves the verdict
    /// open, the end of the body settles it.
    #[inline(always)]
    pub(super) fn is_settled_by(&mut self, head: &Parts) -> bool {
        match self.judge.classifier().head(&Head::new(head.status, &head.headers, &head.extensions))
        {
            Judgment::Now(Verdict::Success) => self.call.head(true),
            Judgment::Now(verdict) => {
                self.call.settle(verdict);
                return true;
            }
            Judgment::AtEnd => self.leave_open(&head.headers),
        }
        false
    }

    /// Leaves the verdict to the end of the body of a response with `headers`.
    #[inline(never)]
    fn leave_open(&mut self, headers: &HeaderMap) {
        self.call.head(false);
        if let Some(web) = WebTrailers::of(headers) {
            let classifier = self.judge.classifier().clone();
            self.judge = Judge::Web(Box::new((classifier, web)));
        }
    }

    /// Judges an error.
    pub(super) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.call.settle(self.judge.classifier().error(error));
    }

    /// Settles a call whose body failed, or has the verdict.
    #[inline(never)]
    fn end_slowly(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let verdict = match ending {
            // The drop of the call judges it.
            Ending::Dropped => return,
            Ending::Error => Verdict::Failure(Failure::Transport),
            _ => self.judge.classifier().end(ending, trailers),
        };
        self.call.settle(verdict);
    }
}

impl Judge {
    #[inline]
    fn classifier(&self) -> &Classifier {
        match self {
            Self::By(classifier) => classifier,
            Self::Web(web) => &web.0,
        }
    }
}

impl OnEnd for HttpCall {
    #[inline]
    fn data(&mut self, bytes: usize) {
        if bytes > 0 {
            self.call.delivered();
        }
    }

    #[inline]
    fn pending(&mut self) {
        self.call.pending();
    }

    #[inline]
    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        match &mut self.judge {
            Judge::By(_) => None,
            Judge::Web(web) => Some(&mut web.1),
        }
    }

    #[inline]
    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        if ending.is_complete() && self.call.has_succeeded() {
            self.call.succeed();
        } else {
            self.end_slowly(ending, trailers);
        }
    }
}
