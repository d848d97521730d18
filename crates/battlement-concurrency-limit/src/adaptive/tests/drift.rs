use super::{CAPACITY, HALF_LOAD, KINDS, OVERLOAD, Work, p99_bar, seeds, simulation};

// Overload from the 10th to the 310th second.
#[test]
fn the_limit_does_not_drift_in_five_minutes_of_overload() {
    for (seed, work) in seeds().flat_map(|seed| KINDS.map(|work| (seed, work))) {
        let mut simulation = simulation(seed, work);
        simulation.run(10, HALF_LOAD);
        simulation.run(300, OVERLOAD);
        simulation.run(20, HALF_LOAD);
        let record = simulation.record;
        let case = format!("{work:?}, seed {seed}");

        let (early, late) = (record.limit(39..41), record.limit(290..310));
        assert!(late <= early * 1.5, "{case}: limit {early:.1}, then {late:.1}");
        assert!(record.goodput(10..70) >= CAPACITY * 0.9, "{case}: {}", record.goodput(10..70));
        assert!(record.goodput(70..310) >= CAPACITY * 0.9, "{case}: {}", record.goodput(70..310));

        let unloaded = record.p99(0..10);
        println!(
            "{case}: limit {early:.1} after 30 s, {late:.1} after 300 s; goodput {:.3} of capacity; p99 {:.2} times",
            record.goodput(10..310) / CAPACITY,
            record.p99(10..310) / unloaded
        );
        for seconds in [10..70, 250..310] {
            let p99 = record.p99(seconds) / unloaded;
            assert!(p99 <= p99_bar(work), "{case}: p99 {p99:.2} times the unloaded");
        }
        let (first, last) = (10..30, 290..310);
        assert!(record.goodput(last.clone()) >= record.goodput(first.clone()) * 0.9, "{case}");
        assert!(record.p99(last) <= record.p99(first) * 1.1, "{case}");
        assert!(record.rejected_in(313..330) < 0.5, "{case}: rejections after the overload");
    }
}

// A service whose capacity swings by half within three seconds: what looks like a response to the limit is chance.
#[test]
fn a_service_of_changing_speed_does_not_raise_the_limit() {
    for seed in seeds() {
        let mut simulation = simulation(seed, Work::Constant(10.0));
        simulation.run(10, HALF_LOAD);
        for step in 0..60 {
            let phase = f64::from(step) / 3.0 * std::f64::consts::TAU;
            simulation.work = Work::Uniform(10.0 + 5.0 * phase.sin());
            simulation.run(1, OVERLOAD);
        }
        let limit = simulation.record.limit(10..70);
        assert!(limit <= 25.0, "seed {seed}: limit {limit:.1}");
    }
}
