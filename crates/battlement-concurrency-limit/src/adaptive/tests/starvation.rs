use super::{CAPACITY, HALF_LOAD, KINDS, OVERLOAD, Simulation, Work, seeds, simulation};

#[test]
fn a_limit_recovers_when_service_times_double() {
    for (seed, work) in seeds().flat_map(|seed| KINDS.map(|work| (seed, work))) {
        let mut simulation = overloaded(seed, work);
        simulation.work = match work {
            Work::Constant(mean) => Work::Constant(mean * 2.0),
            Work::Uniform(mean) => Work::Uniform(mean * 2.0),
            _ => Work::Exponential(20.0),
        };
        check(&mut simulation, CAPACITY / 2.0, &format!("{work:?}, seed {seed}"));
    }
}

#[test]
fn a_limit_recovers_when_the_number_of_workers_doubles() {
    for (seed, work) in seeds().flat_map(|seed| KINDS.map(|work| (seed, work))) {
        let mut simulation = overloaded(seed, work);
        simulation.workers(16);
        check(&mut simulation, CAPACITY * 2.0, &format!("{work:?}, seed {seed}"));
    }
}

/// Runs half load for 5 s, then overload for 15 s.
fn overloaded(seed: u64, work: Work) -> Simulation {
    let mut simulation = simulation(seed, work);
    simulation.run(5, HALF_LOAD);
    simulation.run(15, OVERLOAD);
    simulation
}

/// Runs for 75 s with a new capacity, and checks that the limit follows.
#[expect(clippy::print_stdout, reason = "the figures of a long run, as the tests print theirs")]
fn check(simulation: &mut Simulation, capacity: f64, case: &str) {
    simulation.run(75, OVERLOAD);
    let record = &simulation.record;
    let goodput = record.goodput(80..95);
    assert!(goodput >= capacity * 0.8, "{case}: {goodput:.0} a second after a minute");
    let below = record.longest_below(capacity / 2.0, 20..95);
    assert!(below <= 30, "{case}: below half of the capacity for {below} s");
    let limit = record.limit(80..95);
    println!("{case}: {:.3} of the new capacity, limit {limit:.1}", goodput / capacity);
    assert!(limit <= 40.0, "{case}: limit {limit:.1}");
}
