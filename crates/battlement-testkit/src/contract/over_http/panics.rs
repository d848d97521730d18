use tokio_test::task::spawn;

use super::{HttpSubject, drops::read};
use crate::{
    contract::{
        panics::run_to_panic,
        subject::{Check, Make},
    },
    probe::ProbeBody,
};

pub(in crate::contract) async fn in_body(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let mut body = subject.body_of(ProbeBody::from("a frame before it").panic()).await?;
    run_to_panic(&mut spawn(read(&mut body))).await?;
    drop(body);
    subject.base.at_rest()
}
