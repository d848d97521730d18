use super::*;

/// A duration whose milliseconds do not fit into 64 bits.
const FAR: Duration = Duration::from_secs(1 << 60);

/// Returns every summary.
fn summaries() -> impl Iterator<Item = Summary> {
    let pairs = Status::ALL.into_iter().flat_map(|live| Status::ALL.map(|ready| (live, ready)));
    let triples = pairs.flat_map(|(live, ready)| Status::ALL.map(|startup| (live, ready, startup)));
    triples.flat_map(|(live, ready, startup)| {
        [false, true].map(|is_draining| Summary { live, ready, startup, is_draining })
    })
}

#[test]
fn every_summary_is_read_as_it_was_stored_whether_or_not_it_ends() {
    let base = Instant::now();
    let shared = SharedSummary::new(base);
    assert_eq!((shared.load(), shared.load_at(base)), (Summary::PASS, Some(Summary::PASS)));
    let mut count = 0;
    for summary in summaries() {
        for until in [None, Some(base + Duration::from_millis(1)), Some(base + FAR)] {
            shared.store(summary, until);
            assert_eq!(
                (shared.load(), shared.load_at(base)),
                (summary, Some(summary)),
                "{until:?}"
            );
            assert_eq!(format!("{shared:?}"), format!("{summary:?}"));
        }
        count += 1;
    }
    assert_eq!(count, 54);
}

#[test]
fn a_summary_without_an_end_holds_at_any_time() {
    let base = Instant::now();
    let shared = SharedSummary::new(base);
    for summary in summaries() {
        shared.store(summary, None);
        let times =
            [base - Duration::from_secs(1), base, base + Duration::from_secs(1), base + FAR];
        assert_eq!(times.map(|time| shared.load_at(time)), [Some(summary); 4]);
    }
}

#[test]
fn a_summary_ends_with_the_last_whole_millisecond_before_its_end() {
    let base = Instant::now();
    let shared = SharedSummary::new(base);
    let ms = Duration::from_millis(1);
    let failing = Summary { ready: Status::Fail, ..Summary::PASS };
    for end in [5 * ms, 5 * ms + ms / 2, 6 * ms - Duration::from_nanos(1)] {
        shared.store(failing, Some(base + end));
        let times = [base, base + 4 * ms, base + 5 * ms - Duration::from_nanos(1)];
        assert_eq!(times.map(|time| shared.load_at(time)), [Some(failing); 3], "{end:?}");
        let times = [base + 5 * ms, base + 6 * ms, base + FAR];
        assert_eq!(times.map(|time| shared.load_at(time)), [None; 3], "{end:?}");
    }
    shared.store(failing, Some(base + FAR));
    assert_eq!(shared.load_at(base + FAR), None, "an end that far is an end");
}

#[test]
fn a_status_worsens_its_own_probe_and_improves_none() {
    for (summary, probe) in summaries().flat_map(|summary| Probe::ALL.map(|probe| (summary, probe)))
    {
        for status in Status::ALL {
            let mut worse = summary;
            worse.worsen(probe, status);
            assert_eq!(worse.is_draining, summary.is_draining);
            for other in Probe::ALL {
                let own = summary.status(other);
                let expected = if other == probe { own.max(status) } else { own };
                assert_eq!(worse.status(other), expected, "{summary:?} {probe} {status}");
            }
        }
    }
}

#[test]
fn each_probe_has_the_status_of_its_field() {
    let summary = Summary { live: Status::Fail, ready: Status::Degraded, ..Summary::PASS };
    let statuses = Probe::ALL.map(|probe| summary.status(probe));
    assert_eq!(statuses, [Status::Fail, Status::Degraded, Status::Pass]);
}
