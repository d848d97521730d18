use bytes::Bytes;
use http::{HeaderValue, Request, header::CONTENT_TYPE};
use http_body_util::Full;
use tokio::task::JoinSet;

use super::{
    exchange::{Exchange, within},
    site::Site,
};
use crate::client::Http2;

/// An empty gRPC message.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Http,
    Grpc,
}

pub(super) async fn run(site: Site, kind: Kind, streams: usize) {
    while !site.is_stopped() {
        let Some(Ok(client)) = within(Some(&site), Http2::connect(site.addr)).await else {
            site.not_connected().await;
            continue;
        };
        let mut callers = JoinSet::new();
        for _ in 0..streams {
            callers.spawn(call(site.clone(), kind, client.clone()));
        }
        // The connection closes when all requests on it have ended.
        callers.join_all().await;
    }
}

async fn call(site: Site, kind: Kind, mut client: Http2) {
    let mut is_reused = false;
    while !site.is_stopped() && !client.is_closed() {
        let call = client.send(kind.request(&site));
        let exchange = Exchange::run(Some(&site), call, is_reused).await;
        site.record(exchange.end);
        if exchange.is_last {
            // The stream has failed, and the connection may live on.
            site.failed().await;
        }
        is_reused = true;
    }
}

impl Kind {
    fn request(self, site: &Site) -> Request<Full<Bytes>> {
        match self {
            Self::Http => site.get().map(|_| Full::default()),
            Self::Grpc => {
                let mut request = site.post(Full::from(EMPTY_MESSAGE));
                let headers = request.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert("te", HeaderValue::from_static("trailers"));
                request
            }
        }
    }
}
