use super::{
    drive::exchange,
    subject::{Check, Make, Outer, Subject},
};

/// Enough calls to distinguish a small quota per instance from the same quota per layer.
const CALLS: u64 = 8;

pub(super) async fn cloned_per_connection(make: Make<'_>) -> Check {
    let subject = make();
    let template = subject.service();
    let outcomes = outcomes(&subject, || template.clone()).await?;
    match_one_service(make, &outcomes).await
}

pub(super) async fn per_request(make: Make<'_>) -> Check {
    let subject = make();
    let outcomes = outcomes(&subject, || subject.service()).await?;
    match_one_service(make, &outcomes).await
}

async fn outcomes(subject: &Subject, service: impl Fn() -> Outer) -> Check<Vec<String>> {
    let counted = || subject.layer.counts.as_ref().map(|counts| counts());
    let before = counted();
    let mut outcomes = Vec::new();
    for _ in 0..CALLS {
        outcomes.push(outcome(&mut service()).await);
    }
    let expected = before.map(|before| before + CALLS);
    match counted() {
        after if after == expected => Ok(outcomes),
        after => Err(format!(
            "the layer's count is {} instead of {} after {CALLS} calls",
            after.unwrap_or_default(),
            expected.unwrap_or_default(),
        )),
    }
}

async fn match_one_service(make: Make<'_>, outcomes: &[String]) -> Check {
    let subject = make();
    let mut service = subject.service();
    for (index, actual) in outcomes.iter().enumerate() {
        let expected = outcome(&mut service).await;
        if *actual != expected {
            return Err(format!(
                "the outcome of call {index} is `{actual}`, but `{expected}` through a single service"
            ));
        }
    }
    Ok(())
}

/// Returns the comparable part of a call's outcome.
async fn outcome(service: &mut Outer) -> String {
    exchange(service).await.map_or_else(|message| message, |answer| answer.summary)
}
