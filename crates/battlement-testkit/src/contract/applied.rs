use http::HeaderName;

use super::{
    drive::exchange,
    subject::{Make, Outer, Subject, Told},
};

/// Enough that a small quota per instance shows beside the same quota per layer.
const CALLS: u64 = 8;

pub(super) async fn cloned_per_connection(make: Make<'_>) -> Told {
    let subject = make();
    let template = subject.service();
    let seen = counted_outcomes(&subject, || template.clone()).await?;
    same_as_through_one_service(make, &seen).await
}

pub(super) async fn per_request(make: Make<'_>) -> Told {
    let subject = make();
    let seen = counted_outcomes(&subject, || subject.service()).await?;
    same_as_through_one_service(make, &seen).await
}

async fn counted_outcomes(subject: &Subject, service: impl Fn() -> Outer) -> Told<Vec<String>> {
    let counted = || subject.counts.as_ref().map(|counts| counts());
    let before = counted();
    let mut seen = Vec::new();
    for _ in 0..CALLS {
        seen.push(outcome(subject, &mut service()).await);
    }
    let expected = before.map(|before| before + CALLS);
    match counted() {
        after if after == expected => Ok(seen),
        after => Err(format!(
            "after {CALLS} calls the layer counts {} of {}",
            after.unwrap_or_default(),
            expected.unwrap_or_default(),
        )),
    }
}

async fn same_as_through_one_service(make: Make<'_>, seen: &[String]) -> Told {
    let subject = make();
    let mut service = subject.service();
    for (nth, seen) in seen.iter().enumerate() {
        let through_one = outcome(&subject, &mut service).await;
        if *seen != through_one {
            return Err(format!(
                "call {nth} came out as `{seen}`; through one service, as `{through_one}`"
            ));
        }
    }
    Ok(())
}

/// What can be compared of two calls: ids and dates in the values of headers differ rightly.
async fn outcome(subject: &Subject, service: &mut Outer) -> String {
    match exchange(subject, service).await {
        Ok(response) => {
            let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            format!("{} {}", response.status(), names.join(" "))
        }
        Err(what) => what,
    }
}
