use std::time::Duration;

use http_body_util::BodyExt as _;

use super::{
    End,
    exchange::{Exchange, within},
    random::Random,
    site::Site,
    upload::Upload,
};
use crate::client::Http1;

pub(super) async fn keep_alive(site: Site, think: Duration) {
    let mut random = Random::new(site.nth);
    while !site.is_stopped() {
        let Some(mut client) = connect(&site).await else { continue };
        let mut is_reused = false;
        while !site.is_stopped() && !client.is_closed() {
            let exchange = Exchange::run(Some(&site), client.send(site.get()), is_reused).await;
            site.record(exchange.end);
            if exchange.is_last {
                break;
            }
            is_reused = true;
            site.pause(think.mul_f64(random.fraction())).await;
        }
    }
}

pub(super) async fn connection_each(site: Site) {
    while !site.is_stopped() {
        let Some(mut client) = connect(&site).await else { continue };
        site.record(Exchange::run(Some(&site), client.send(site.get()), false).await.end);
    }
}

pub(super) async fn uploads(site: Site, chunks: usize, pause: Duration) {
    while !site.is_stopped() {
        let Some(mut client) = connect(&site).await else { continue };
        let request = site.post(Upload::new(chunks, pause));
        site.record(Exchange::run(Some(&site), client.send(request), false).await.end);
    }
}

pub(super) async fn event_streams(site: Site) {
    while !site.is_stopped() {
        let Some(mut client) = connect(&site).await else { continue };
        let response = Exchange::head(Some(&site), client.send(site.get()), false).await;
        site.record(match response {
            Ok(response) if response.status().is_success() => {
                let mut events = response.into_body();
                tokio::select! {
                    end = read_events(&mut events) => end,
                    () = site.stopped() => End::Answered,
                }
            }
            Ok(response) => Exchange::read(Some(&site), response).await.end,
            Err(end) => end,
        });
    }
}

async fn read_events(events: &mut hyper::body::Incoming) -> End {
    loop {
        match events.frame().await {
            Some(Ok(_)) => {}
            Some(Err(_)) => return End::CutOff,
            None => return End::Answered,
        }
    }
}

async fn connect(site: &Site) -> Option<Http1> {
    let client = within(Some(site), Http1::connect(site.addr)).await.and_then(Result::ok);
    if client.is_none() {
        site.not_connected().await;
    }
    client
}
