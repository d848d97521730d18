use battlement_core::{BodyKind, Caller, MethodKind, Wire};
use http::{Method, Request, StatusCode, Version};
use http_body::Body;

/// The properties of a request on which its response depends.
// Without a flag, whose many unused values would make the compiler store the variant of a body in a word of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    kind: Kind,
    version: Version,
}

/// The method of a request, and the format that the caller of a POST reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Head,
    Connect,
    Get,
    Other,
    Grpc,
    GrpcWeb,
}

impl Sender {
    /// Reads a request. Nothing but the head of a POST is passed on by reference.
    #[inline(always)]
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        if request.method() == Method::POST {
            let kind = Kind::of_wire(Wire::of(request.headers()));
            return Self { kind, version: request.version() };
        }
        Self::plain(request.method(), request.version())
    }

    /// Reads a request that is not a POST.
    #[inline(always)]
    pub(super) const fn plain(method: &Method, version: Version) -> Self {
        let kind = match *method {
            Method::GET => Kind::Get,
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        };
        Self { kind, version }
    }

    /// Returns the kind of the body of a response, if that is known without a look at its headers.
    // Without the method in most cases, whose conversion costs more than this test.
    #[inline]
    pub(super) fn known(self, status: StatusCode, body: &impl Body) -> Option<BodyKind> {
        match self.kind {
            Kind::Head | Kind::Connect => BodyKind::known(self.method(), status, body),
            _ => BodyKind::known(MethodKind::Other, status, body),
        }
    }

    #[inline]
    pub(super) const fn method(self) -> MethodKind {
        match self.kind {
            Kind::Head => MethodKind::Head,
            Kind::Connect => MethodKind::Connect,
            _ => MethodKind::Other,
        }
    }

    pub(super) fn is_http1(self) -> bool {
        self.version <= Version::HTTP_11
    }

    pub(super) const fn wire(self) -> Wire {
        match self.kind {
            Kind::Grpc => Wire::Grpc,
            Kind::GrpcWeb => Wire::GrpcWeb,
            _ => Wire::Http,
        }
    }

    /// Returns the caller for an answer that may come after the service has taken the request.
    pub(super) fn caller(self) -> Caller {
        let may_have_body = !matches!(self.kind, Kind::Get | Kind::Head);
        Caller::new(self.wire(), may_have_body && self.is_http1())
    }
}

impl Kind {
    const fn of_wire(wire: Wire) -> Self {
        match wire {
            Wire::Grpc => Self::Grpc,
            Wire::GrpcWeb => Self::GrpcWeb,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_keeps_what_a_late_answer_and_its_body_depend_on() {
        for method in ["GET", "HEAD", "CONNECT", "PUT", "DELETE", "PURGE", "POST"] {
            for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
                for format in ["text/plain", "application/grpc", "application/grpc-web"] {
                    let request = Request::builder().method(method).version(version);
                    let request = request.header("content-type", format).body(()).unwrap();
                    let sender = Sender::of(&request);
                    assert_eq!(sender.caller(), Caller::of_late(&request), "{request:?}");
                    assert_eq!(sender.method(), MethodKind::of(request.method()), "{method}");
                    assert_eq!(sender.is_http1(), version <= Version::HTTP_11);
                    for status in [StatusCode::OK, StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
                        let known = BodyKind::known(sender.method(), status, &String::new());
                        assert_eq!(sender.known(status, &String::new()), known, "{method}");
                    }
                }
            }
        }
    }
}
