use super::{KINDS, Simulation, gradient, p99_bar, seeds};

const WORKERS: usize = 80;
const CAPACITY: f64 = 8_000.0;

// Ten times the workers and the load of the other tests, so that one call in eight is timed.
#[test]
fn a_limit_of_many_calls_holds_goodput_and_does_not_drift() {
    for (seed, work) in seeds().flat_map(|seed| KINDS.map(|work| (seed, work))) {
        let mut simulation = Simulation::new(gradient(), seed, work);
        simulation.workers(WORKERS);
        simulation.run(10, CAPACITY / 2.0);
        simulation.run(60, CAPACITY * 3.0);
        let record = simulation.record;
        let case = format!("{work:?}, seed {seed}");

        let goodput = record.goodput(10..70) / CAPACITY;
        let p99 = record.p99(10..70) / record.p99(0..10);
        let (early, late) = (record.limit(30..40), record.limit(60..70));
        println!("{case}: goodput {goodput:.3}, p99 {p99:.2} times, limit {early:.0}, {late:.0}");
        assert!(goodput >= 0.9, "{case}: {goodput:.3} of capacity");
        assert!(p99 <= p99_bar(work), "{case}: p99 {p99:.2} times the unloaded");
        assert!(late <= early * 1.5, "{case}: limit {early:.0}, then {late:.0}");
    }
}
