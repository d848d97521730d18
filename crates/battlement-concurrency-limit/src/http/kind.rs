use std::{fmt, marker::PhantomData};

use battlement_core::{Deadline, RequestHead, WithResponse};
use http::{Request, Response};
use http_body::Body;

use super::{body::ConcurrencyLimitBody, class_of::ClassOf, exempt::ExemptPaths, form::BodyForm};
use crate::{Admit, Overloaded, call::Call, class::Classes};

/// The kind of calls of HTTP and gRPC. The body of a response holds the permit of its call.
///
/// `A` is the form of the results.
pub struct Http<A = WithResponse> {
    pub(super) class: ClassOf,
    pub(super) exempt: ExemptPaths,
    pub(super) form: PhantomData<fn() -> A>,
}

impl<A> Http<A> {
    /// Changes the form of the results.
    pub(super) fn form<T>(self) -> Http<T> {
        Http { class: self.class, exempt: self.exempt, form: PhantomData }
    }
}

impl<A, Q, B, E> Admit<Request<Q>, Response<B>, E> for Http<A>
where
    A: BodyForm<Request<Q>, ConcurrencyLimitBody<B>, E>,
    B: Body,
    A::Error: 'static,
{
    type Call = Call;
    type Caller = A::Caller;
    type Response = A::Response;
    type Error = A::Error;

    fn ready_error(error: E) -> A::Error {
        A::error(error)
    }

    fn caller(request: &Request<Q>) -> A::Caller {
        A::caller(request)
    }

    #[inline(always)]
    fn counts(&self, request: &Request<Q>) -> bool {
        !self.exempt.contains(request.uri().path())
    }

    #[inline(always)]
    fn class(&self, request: &Request<Q>, classes: &Classes) -> usize {
        self.class.of(|| RequestHead::of(request), classes)
    }

    fn deadline(request: &Request<Q>) -> Option<Deadline> {
        Deadline::of_call(request.extensions())
    }

    #[inline(always)]
    fn admitted(&self, call: Call) -> Call {
        call
    }

    #[inline(always)]
    fn finish(call: &mut Call, result: Result<Response<B>, E>) -> Result<A::Response, A::Error> {
        match result {
            Ok(response) => {
                let (head, body) = response.into_parts();
                call.answered(&head, &body);
                let body = ConcurrencyLimitBody::of(body, &mut call.permit);
                Ok(A::respond(head, body))
            }
            Err(error) => {
                let error = A::error(error);
                call.failed(&error);
                Err(error)
            }
        }
    }

    fn reject(caller: A::Caller, error: Overloaded) -> Result<A::Response, A::Error> {
        A::reject(caller, error)
    }
}

impl<A> Default for Http<A> {
    fn default() -> Self {
        Self { class: ClassOf::default(), exempt: ExemptPaths::default(), form: PhantomData }
    }
}

impl<A> Clone for Http<A> {
    fn clone(&self) -> Self {
        Self { class: self.class.clone(), exempt: self.exempt.clone(), form: PhantomData }
    }
}

impl<A> fmt::Debug for Http<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("class", &self.class)
            .field("exempt", &self.exempt)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "serde")]
impl Http {
    /// Reads the settings of HTTP, and records the fields that cannot be read.
    pub(crate) fn read(
        class: ClassOf,
        exempt_paths: Option<Vec<String>>,
        invalid: &mut Vec<battlement_core::InvalidField>,
    ) -> Self {
        use battlement_core::InvalidField;

        let mut kind = Self { class, ..Self::default() };
        match exempt_paths.map(ExemptPaths::new) {
            Some(Ok(exempt)) => kind.exempt = exempt,
            Some(Err((path, rule))) => {
                invalid.push(InvalidField::new("exempt_paths", format!("{rule}, got {path:?}")));
            }
            None => {}
        }
        kind
    }
}
