use crate::{Counts, Snapshot, State};

/// Returns the snapshot of two breakers: the worse state, and the counts added up.
pub(super) fn add(one: Snapshot, other: Snapshot) -> Snapshot {
    let worse = |one: State, other| if severity(other) > severity(one) { other } else { one };
    Snapshot {
        state: worse(one.state, other.state),
        shadow: one.shadow,
        counts: sum(one.counts, other.counts),
        consecutive_failures: one.consecutive_failures.max(other.consecutive_failures),
        cause: one.cause.or(other.cause),
        openings: one.openings + other.openings,
        rejections: one.rejections + other.rejections,
        open_since: one.open_since.max(other.open_since),
        next_probe: match (one.next_probe, other.next_probe) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    }
}

const fn severity(state: State) -> u8 {
    match state {
        State::ForcedClosed => 0,
        State::Closed => 1,
        State::HalfOpen => 2,
        State::Open => 3,
        State::ForcedOpen => 4,
    }
}

const fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        success: one.success + other.success,
        transport: one.transport + other.transport,
        not_processed: one.not_processed + other.not_processed,
        timeout: one.timeout + other.timeout,
        server: one.server + other.server,
        overload: one.overload + other.overload,
        ignored: one.ignored + other.ignored,
    }
}
