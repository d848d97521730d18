//! The default of the total number of connections.

/// The total where the descriptor limit allows more: containers often set that limit to a million, and memory ends long
/// before the descriptors do.
const MOST: usize = 50_000;
/// The least reserve, for listeners, logs, files, and the clients of a small service.
const LEAST_RESERVE: usize = 64;

/// Returns the total number of connections that the process can hold, less `own`: the connections of listeners with a
/// limit of their own.
pub(crate) fn derived(own: usize) -> usize {
    of_limit(descriptor_limit(), own)
}

/// Returns the total for a process with this descriptor limit.
///
/// A quarter of the descriptors is left to all other uses: a request often needs a connection to another service. The
/// reserve is at least 64, but at most half.
fn of_limit(limit: usize, own: usize) -> usize {
    let reserve = (limit / 4).max(LEAST_RESERVE).min(limit / 2);
    (limit - reserve).saturating_sub(own).clamp(1, MOST)
}

/// Returns the number of descriptors that the process may open.
#[cfg(unix)]
fn descriptor_limit() -> usize {
    use rustix::process::{Resource, getrlimit};

    // `None` is no limit.
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |limit| limit.try_into().unwrap_or(usize::MAX))
}

/// Returns the number of descriptors that the process may open.
#[cfg(not(unix))]
const fn descriptor_limit() -> usize {
    // No limit that a process reaches before its memory ends.
    usize::MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_total_is_derived_from_the_descriptor_limit() {
        let totals = [
            (256, 192),
            (1_024, 768),
            (20_000, 15_000),
            (65_536, 49_152),
            (1_048_576, 50_000),
            (usize::MAX, 50_000),
        ];
        for (limit, total) in totals {
            assert_eq!(of_limit(limit, 0), total, "{limit}");
        }
    }

    #[test]
    fn listeners_with_a_limit_of_their_own_take_their_part() {
        assert_eq!(of_limit(256, 32), 160);
        assert_eq!(of_limit(usize::MAX, 32), 50_000, "the reserve has room");
        assert_eq!(of_limit(256, 1_000), 1, "one connection is always possible");
    }

    proptest! {
        #[test]
        fn a_reserve_of_64_descriptors_or_a_half_is_kept(limit in 2_usize.., own in 0_usize..1_000) {
            let total = of_limit(limit, own);
            prop_assert!((1..=MOST).contains(&total));
            prop_assert!(limit - total >= 64.min(limit / 2));
        }
    }

    #[test]
    fn the_total_of_this_process_is_derived_from_its_limit() {
        let limit = descriptor_limit();
        assert!(limit >= 256, "no test runs with {limit} descriptors");
        assert_eq!(derived(0), of_limit(limit, 0));
        assert_eq!(derived(limit), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_limit_is_that_of_the_process() {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let soft = line.split_whitespace().nth(3).unwrap();
        let soft = if soft == "unlimited" { usize::MAX } else { soft.parse().unwrap() };
        assert_eq!(descriptor_limit(), soft);
    }
}
