use http_body_util::BodyExt as _;

use super::HttpSubject;
use crate::{
    contract::{
        errors::must_fail,
        subject::{Check, Make},
    },
    probe::{ProbeBody, ProbeError},
};

const ERROR: ProbeError = ProbeError::new("the expected error");

pub(in crate::contract) async fn body_error(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let mut body = subject.body_of(ProbeBody::from("a frame before it").error(ERROR)).await?;
    match body.frame().await {
        Some(Ok(_)) => {}
        Some(Err(_)) => return Err("the frame before the error is missing".to_owned()),
        None => return Err("the body ended without the error".to_owned()),
    }
    match body.frame().await {
        Some(outcome) => must_fail(outcome, ERROR),
        None => Err("the body ended without the error".to_owned()),
    }
}
