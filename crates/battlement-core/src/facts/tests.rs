use super::*;
use crate::dropping;

#[test]
fn a_record_is_claimed_once_by_each_claimant_until_it_is_released() {
    let facts = RequestFacts::starting(Instant::now());
    assert!(facts.claim_record(1));
    assert!(!facts.clone().claim_record(1));
    assert!(facts.claim_record(2));
    assert!(!facts.claim_record(2));
    assert!(facts.claim_record(3) && facts.claim_record(3), "the third claim is not kept");
    facts.release_record(2);
    assert!(!facts.claim_record(1), "only its claimant releases a claim");
    facts.release_record(1);
    assert!(facts.claim_record(1));
}

#[test]
fn the_last_reason_in_the_facts_applies() {
    let facts = RequestFacts::starting(Instant::now());
    assert_eq!(facts.drop_reason(), DropReason::Cancelled);
    for reason in [DropReason::Timeout, DropReason::Shutdown, DropReason::Cancelled] {
        facts.drop_for(reason);
        assert_eq!(facts.clone().drop_reason(), reason);
    }
}

#[test]
fn the_reason_of_a_running_drop_precedes_the_one_in_the_facts() {
    let facts = RequestFacts::starting(Instant::now());
    facts.drop_for(DropReason::Timeout);
    dropping(DropReason::Shutdown, || assert_eq!(facts.drop_reason(), DropReason::Shutdown));
    assert_eq!(facts.drop_reason(), DropReason::Timeout);
}

#[test]
fn the_deadline_starts_with_the_request_and_moves_up_to_its_maximum() {
    let start = Instant::now();
    let facts = RequestFacts::starting(start);
    let seconds = Duration::from_secs;
    facts.move_deadline(seconds(1));
    assert_eq!(facts.deadline(), None);
    facts.set_deadline(seconds(30), seconds(60));
    for (moved, expected) in [(5, 5), (45, 45), (90, 60)] {
        facts.clone().move_deadline(seconds(moved));
        assert_eq!(facts.deadline(), Some(Deadline::at(start + seconds(expected))));
    }
}
