use super::{OVERLOAD, Work, seeds, unlimited};

// Half of the requests turn from 10 ms to 100 ms.
#[test]
fn a_slower_mix_without_a_bottleneck_is_not_taken_for_overload() {
    for (seed, rate) in seeds().flat_map(|seed| [1_000.0, OVERLOAD].map(|rate| (seed, rate))) {
        let mut simulation = unlimited(seed, Work::Constant(10.0));
        simulation.run(10, rate);
        simulation.work = Work::Either(10.0, 100.0);
        simulation.run(60, rate);
        let record = simulation.record;
        let (rejected, admitted) = (record.rejected_in(20..70), record.admitted_share(10..70));
        println!("{rate} a second, seed {seed}: {admitted:.3} of the minute's calls admitted");
        assert!(rejected < 0.5, "{rate} a second, seed {seed}: {rejected:.0} rejected after 10 s");
        assert!(admitted >= 0.95, "{rate} a second, seed {seed}: {admitted:.3} admitted");
    }
}
