use http::{Extensions, Request, Response};

use super::{LocalError, Reject};
use crate::{Caller, ResponseBody};

/// Rejects a call with a response: a small problem, or a status for gRPC; see [`Answer`](crate::Answer). The error of
/// the service is unchanged.
///
/// The service takes requests of `http` or, with the feature `reqwest`, of reqwest. A response to reqwest has no URL
/// of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WithResponse;

impl<B, RB, E> Reject<Request<B>, Response<RB>, E> for WithResponse {
    type Caller = Caller;
    type Response = Response<ResponseBody<RB>>;
    type Error = E;

    #[inline]
    fn caller(request: &Request<B>) -> Caller {
        Caller::of(request)
    }

    #[inline]
    fn stalled_caller(request: &Request<B>) -> Caller {
        Caller::of(request).stalled(request.version())
    }

    #[inline]
    fn late_caller(request: &Request<B>) -> Caller {
        Caller::of_late(request)
    }

    #[inline]
    fn extensions(request: &Request<B>) -> Option<&Extensions> {
        Some(request.extensions())
    }

    #[inline]
    fn extensions_mut(request: &mut Request<B>) -> Option<&mut Extensions> {
        Some(request.extensions_mut())
    }

    #[inline]
    fn response(response: Response<RB>) -> Self::Response {
        response.map(ResponseBody::inner)
    }

    #[inline]
    fn error(error: E) -> E {
        error
    }

    fn reject(caller: Caller, error: impl LocalError) -> Result<Self::Response, E> {
        <Self as Reject<Request<B>, Response<RB>, E>>::answer(caller, error)
    }

    fn answer<C>(caller: Caller, error: impl LocalError) -> Result<Response<ResponseBody<C>>, E> {
        Ok(error.answer().response(caller))
    }
}

#[cfg(feature = "reqwest")]
impl<E> Reject<reqwest::Request, reqwest::Response, E> for WithResponse {
    type Caller = Caller;
    type Response = reqwest::Response;
    type Error = E;

    fn caller(request: &reqwest::Request) -> Caller {
        Caller::of_head(request.method(), request.version(), request.headers())
    }

    fn response(response: reqwest::Response) -> reqwest::Response {
        response
    }

    fn error(error: E) -> E {
        error
    }

    fn reject(caller: Caller, error: impl LocalError) -> Result<reqwest::Response, E> {
        let response: Response<ResponseBody<()>> = error.answer().response(caller);
        Ok(response.map(ResponseBody::into_own).into())
    }

    fn answer<B>(caller: Caller, error: impl LocalError) -> Result<Response<ResponseBody<B>>, E> {
        Ok(error.answer().response(caller))
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, error::Error, fmt};

    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;
    use crate::{Answer, GrpcCode, Rejection, RejectionKind, reject::WithError};

    #[derive(Debug)]
    struct TooOld(Rejection);

    impl fmt::Display for TooOld {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the request is too old")
        }
    }

    impl Error for TooOld {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    impl LocalError for TooOld {
        fn rejection(&self) -> Rejection {
            self.0
        }

        fn answer(&self) -> Answer {
            Answer::new(self.0).status(http::StatusCode::REQUEST_TIMEOUT)
        }
    }

    fn too_old() -> TooOld {
        TooOld(Rejection::new(RejectionKind::Timeout))
    }

    type Calls = Result<Response<Full<Bytes>>, Infallible>;

    fn answered<A, B>(request: &Request<()>) -> Result<A::Response, A::Error>
    where
        A: Reject<Request<()>, Response<Full<Bytes>>, Infallible, Response = Response<B>>,
    {
        A::reject(A::caller(request), too_old())
    }

    #[test]
    fn a_response_has_the_status_that_the_error_chooses_and_the_rejection() {
        let response = answered::<WithResponse, _>(&Request::new(())).unwrap();
        assert_eq!(response.status(), 408);
        assert_eq!(response.extensions().get(), Some(&too_old().rejection()));
        let grpc = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
        let response = answered::<WithResponse, _>(&grpc).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(GrpcCode::from_headers(response.headers()), Some(GrpcCode::DeadlineExceeded));
    }

    #[test]
    fn a_rejection_that_abandons_a_body_closes_an_http1_connection() {
        type Form = WithResponse;
        let request = Request::post("/").header("content-length", "10").body(()).unwrap();
        let stalled = <Form as Reject<_, Response<()>, ()>>::stalled_caller(&request);
        assert!(stalled.closes());
        assert!(!<Form as Reject<_, Response<()>, ()>>::caller(&request).closes());
    }

    #[test]
    fn an_error_is_found_by_downcast_and_its_rejection_among_its_sources() {
        let error = answered::<WithError, _>(&Request::new(())).unwrap_err();
        assert!(error.is::<TooOld>());
        assert_eq!(Rejection::find(error.as_ref()), Some(too_old().rejection()));
    }

    #[test]
    fn the_result_of_the_service_is_passed_on() {
        let ours = Calls::Ok(Response::new(Full::from("hello")));
        let response = <WithResponse as Reject<Request<()>, _, _>>::pass(ours).unwrap();
        assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(5));
        let failed: Result<(), fmt::Error> = Err(fmt::Error);
        let error = <WithError as Reject<(), _, _>>::pass(failed).unwrap_err();
        assert!(error.is::<fmt::Error>());
    }
}
