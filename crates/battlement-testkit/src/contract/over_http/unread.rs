use http::{
    HeaderName, HeaderValue, Method, Request, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use tower::{Service as _, ServiceExt as _};

use super::{HttpSubject, OuterResponse};
use crate::{
    contract::subject::{Check, Make},
    probe::{ProbeBody, ProbeError, Reply},
};

/// A version and a body declaration of a request, and whether a response that leaves the body unread must close the
/// connection.
struct Upload(Version, Option<(HeaderName, &'static str)>, bool);

const UPLOADS: [Upload; 10] = [
    Upload(Version::HTTP_11, Some((CONTENT_LENGTH, "8193")), true),
    Upload(Version::HTTP_11, Some((CONTENT_LENGTH, "1000000")), true),
    Upload(Version::HTTP_11, Some((TRANSFER_ENCODING, "chunked")), true),
    Upload(Version::HTTP_10, Some((CONTENT_LENGTH, "60000")), true),
    Upload(Version::HTTP_11, Some((CONTENT_LENGTH, "8192")), false),
    Upload(Version::HTTP_11, Some((CONTENT_LENGTH, "0")), false),
    Upload(Version::HTTP_11, None, false),
    Upload(Version::HTTP_2, Some((CONTENT_LENGTH, "1000000")), false),
    Upload(Version::HTTP_2, None, false),
    Upload(Version::HTTP_3, Some((CONTENT_LENGTH, "1000000")), false),
];

/// The behavior of the service.
#[derive(Clone, Copy, Debug)]
enum Behavior {
    Responds,
    ReadinessFails,
    CallFails,
}

const ERROR: ProbeError = ProbeError::new("the service failed before it read the body");

pub(in crate::contract) async fn body_closes(make: Make<'_, HttpSubject>) -> Check {
    for behavior in [Behavior::Responds, Behavior::ReadinessFails, Behavior::CallFails] {
        for upload in &UPLOADS {
            let subject = make();
            behavior.script(&subject);
            let Some(response) = respond(&subject, upload.request()).await else { continue };
            let is_own =
                subject.probe.counts().calls == 0 || matches!(behavior, Behavior::CallFails);
            if subject.rejects && !is_own {
                return Err("the service was called".to_owned());
            }
            upload.check(is_own, &response).map_err(|error| format!("{behavior:?}: {error}"))?;
        }
    }
    Ok(())
}

impl Behavior {
    fn script(self, subject: &HttpSubject) {
        match self {
            Self::Responds => {}
            Self::ReadinessFails => subject.probe.fail_readiness(ERROR),
            Self::CallFails => subject.probe.next(Reply::error(ERROR)),
        }
    }
}

/// Sends a request, and returns the response unless the layer returns an error.
async fn respond(subject: &HttpSubject, request: Request<ProbeBody>) -> Option<OuterResponse> {
    let mut service = subject.service();
    service.ready().await.ok()?;
    service.call(subject.prepared(request)).await.ok()
}

impl Upload {
    fn request(&self) -> Request<ProbeBody> {
        let mut request = Request::new(ProbeBody::empty());
        *request.method_mut() = Method::POST;
        *request.version_mut() = self.0;
        if let Some((name, value)) = self.1.clone() {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        request
    }

    fn check(&self, is_own: bool, response: &OuterResponse) -> Check {
        let Self(version, declared, closes) = self;
        let closed = response.headers().get(CONNECTION).is_some_and(|value| value == "close");
        if closed == (is_own && *closes) {
            return Ok(());
        }
        let body = declared.as_ref().map_or_else(
            || "no declared body".to_owned(),
            |(name, value)| format!("`{name}: {value}`"),
        );
        let kind = if is_own { "the layer's own response" } else { "the service's response" };
        let verb = if closed { "closes" } else { "does not close" };
        Err(format!("{kind} to {version:?} with {body} {verb} the connection"))
    }
}
