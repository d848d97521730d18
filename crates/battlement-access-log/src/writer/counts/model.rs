//! Models of every interleaving of threads that drop lines and of the thread that writes them.

use std::sync::Arc;

use loom::thread;

use super::Counts;

/// Starts a thread that drops `lines` lines.
fn dropping(counts: &Arc<Counts>, lines: u64) -> thread::JoinHandle<()> {
    let counts = Arc::clone(counts);
    thread::spawn(move || (0..lines).for_each(|_| counts.add_dropped()))
}

#[test]
fn each_dropped_line_is_reported_once_or_waits_for_the_next_line() {
    loom::model(|| {
        let counts = Arc::new(Counts::default());
        let threads = [dropping(&counts, 1), dropping(&counts, 1)];
        let mut reported = 0;
        for _ in 0..2 {
            reported += counts.take_unreported();
            counts.add_written();
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(reported + counts.take_unreported(), 2);
        assert_eq!((counts.written(), counts.dropped()), (2, 2));
    });
}

#[test]
fn the_report_of_a_line_that_failed_is_in_a_later_line() {
    loom::model(|| {
        let counts = Arc::new(Counts::default());
        let thread = dropping(&counts, 2);
        counts.give_back(counts.take_unreported());
        counts.add_dropped();
        let reported = counts.take_unreported();
        thread.join().unwrap();
        assert_eq!(reported + counts.take_unreported(), 3);
        assert_eq!((counts.written(), counts.dropped()), (0, 3));
    });
}
