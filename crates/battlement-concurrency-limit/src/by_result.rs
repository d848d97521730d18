use std::{error::Error, fmt, marker::PhantomData};

use battlement_core::{Deadline, DefaultReject, ErrorChain, JudgeResult, Reject, Verdict};

use crate::{Admit, Overloaded, call::Call, class::Classes};

/// The kind of calls of any service, such as a database query. A permit ends with the future.
///
/// `J` judges the results for an adaptive limit, and `A` is the form of a rejection.
pub struct ByResult<J = ByError, A = DefaultReject> {
    judge: J,
    form: PhantomData<fn() -> A>,
}

/// An admitted call, judged by its result.
#[derive(Debug)]
pub struct JudgedCall<J> {
    call: Call,
    judge: J,
}

/// Judges `Ok` as a success and an error by the default [`ErrorChain`], as [`judge_error`](battlement_core::judge_error)
/// does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByError;

impl<Res, E: Error + 'static> JudgeResult<Res, E> for ByError {
    fn judge(&self, result: Result<&Res, &E>) -> Verdict {
        result.err().map_or(Verdict::Success, |error| ErrorChain::default().verdict(error))
    }
}

impl<J, A> ByResult<J, A> {
    pub(crate) const fn new(judge: J) -> Self {
        Self { judge, form: PhantomData }
    }

    /// Changes the form of a rejection.
    pub(crate) fn form<T>(self) -> ByResult<J, T> {
        ByResult::new(self.judge)
    }
}

impl<J, A, Req, Res, E> Admit<Req, Res, E> for ByResult<J, A>
where
    J: JudgeResult<Res, E> + Clone,
    A: Reject<Req, Res, E>,
{
    type Call = JudgedCall<J>;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Req) -> A::Caller {
        A::caller(request)
    }

    #[inline(always)]
    fn counts(&self, _: &Req) -> bool {
        true
    }

    fn class(&self, _: &Req, classes: &Classes) -> usize {
        classes.default_class()
    }

    fn deadline(_: &Req) -> Option<Deadline> {
        Deadline::current()
    }

    #[inline]
    fn admitted(&self, call: Call) -> JudgedCall<J> {
        JudgedCall { call, judge: self.judge.clone() }
    }

    #[inline(always)]
    fn finish(call: &mut JudgedCall<J>, result: Result<Res, E>) -> Result<A::Response, A::Error> {
        if call.call.is_watched() {
            call.call.settle(call.judge.judge(result.as_ref()));
        }
        call.call.end();
        // Each arm moves its own value: moving the whole result copies the response once more.
        match result {
            Ok(response) => Ok(A::response(response)),
            Err(error) => Err(A::error(error)),
        }
    }

    fn reject(caller: A::Caller, error: Overloaded) -> Result<A::Response, A::Error> {
        A::reject(caller, error)
    }
}

impl<J: Clone, A> Clone for ByResult<J, A> {
    fn clone(&self) -> Self {
        Self::new(self.judge.clone())
    }
}

impl<J, A> fmt::Debug for ByResult<J, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByResult").finish_non_exhaustive()
    }
}
