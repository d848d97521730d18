use super::{HALF_LOAD, KINDS, OVERLOAD, seeds, simulation};

// A hundredth of the requests send their bodies over 5 s, which counts as latency to the head.
#[test]
fn slow_uploads_are_not_taken_for_overload() {
    let cases = [HALF_LOAD, OVERLOAD].into_iter().flat_map(|rate| KINDS.map(|work| (rate, work)));
    let cases: Vec<_> = cases.collect();
    for (seed, (rate, work)) in seeds().flat_map(|seed| cases.iter().map(move |case| (seed, *case)))
    {
        let mut simulation = simulation(seed, work);
        simulation.run(20, rate);
        simulation.uploads = 0.01;
        simulation.run(30, rate);
        let (before, after) = (simulation.record.limit(10..20), simulation.record.limit(22..50));
        println!("{work:?}, {rate}, seed {seed}: limit {before:.1}, then {after:.1}");
        assert!(
            after >= before * 0.9,
            "{work:?}, {rate}, seed {seed}: {before:.1}, then {after:.1}"
        );
    }
}
