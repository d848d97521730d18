use loom::{sync::Arc, thread};

use super::counts::Counts;

// A window may end while calls end: each call is in one window, with its latency and its calls in flight.
#[test]
fn no_call_is_lost_or_counted_twice_when_a_window_ends() {
    loom::model(|| {
        let counts = Arc::new(Counts::default());
        let calls = {
            let counts = Arc::clone(&counts);
            thread::spawn(move || {
                counts.answered(1 << 7, 1, 1);
                counts.dropped(2);
            })
        };
        let first = counts.take();
        calls.join().unwrap();
        let second = counts.take();

        assert_eq!([first.answered + second.answered, first.dropped + second.dropped], [1, 1]);
        assert_eq!(first.in_flight + second.in_flight, 3);
        for totals in [first, second] {
            assert_eq!(totals.latencies, totals.answered << 7, "a call without its latency");
        }
    });
}

// Two calls end at the time at which a window ends, and the later one finds all ten calls of it.
#[test]
fn one_call_ends_a_window() {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Sampler;
    use crate::{Algorithm, Window};

    struct Next;

    impl Algorithm for Next {
        fn on_window(&mut self, window: Window) -> usize {
            assert!(window.samples >= 10);
            window.limit + 1
        }
    }

    loom::model(|| {
        let now = Instant::now();
        let sampler = Arc::new(Sampler::new(Box::new(Next), 4, 100, 20, now));
        let sample = sampler.start(|| now, 1);
        for _ in 0..9 {
            sampler.answered(sample, now);
        }
        let end = now + Duration::from_millis(100);
        let other = {
            let sampler = Arc::clone(&sampler);
            thread::spawn(move || sampler.answered(sample, end).is_some())
        };
        let own = sampler.answered(sample, end).is_some();
        assert!(own ^ other.join().unwrap());
    });
}
