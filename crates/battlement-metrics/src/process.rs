use std::fs;

use crate::{
    Exposition,
    family::{Families, Family, Kind},
};

impl Exposition {
    /// Shows the process: CPU time, memory, file descriptors, threads and start, under the names that all of
    /// Prometheus' libraries use. Linux only; what cannot be read is left out. A second call changes nothing.
    #[must_use]
    pub fn process(self) -> Self {
        self.once("process", (), |page| {
            let text = |path| fs::read_to_string(path).ok();
            let stat = text("/proc/self/stat").and_then(|stat| Stat::read(&stat));
            times(page, stat, text("/proc/stat").and_then(|stat| line(&stat, "btime")));
            if let Some(status) = text("/proc/self/status") {
                from_status(page, &status);
            }
            descriptors(page, text("/proc/self/limits").as_deref());
        })
    }
}

/// Of `/proc/self/stat` (proc(5)), in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    user: u64,
    system: u64,
    /// Since the machine started.
    started: u64,
}

impl Stat {
    /// The second field is the name of the program, which may hold anything, but ends with the last bracket.
    fn read(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // Counted from 1, and from the third.
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        Some(Self { user: field(14)?, system: field(15)?, started: field(22)? })
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn times(page: &mut Families, stat: Option<Stat>, booted: Option<u64>) {
    let Some(stat) = stat else {
        return;
    };
    let ticks = ticks_a_second() as f64;
    let cpu = (stat.user + stat.system) as f64 / ticks;
    let help = "CPU time spent in user and kernel space.";
    page.add(Family::single("process_cpu_seconds", Kind::Counter, help, cpu));
    if let Some(booted) = booted {
        let start = booted as f64 + stat.started as f64 / ticks;
        let help = "When the process started, since 1970.";
        page.add(Family::single("process_start_time_seconds", Kind::Gauge, help, start));
    }
}

fn from_status(page: &mut Families, status: &str) {
    let kilobytes = |name| Some(line(status, name)? * 1024);
    counted(page, "process_resident_memory_bytes", "Memory in use.", kilobytes("VmRSS:"));
    counted(page, "process_virtual_memory_bytes", "Memory that is mapped.", kilobytes("VmSize:"));
    counted(page, "process_threads", "Threads.", line(status, "Threads:"));
}

fn descriptors(page: &mut Families, limits: Option<&str>) {
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64);
    counted(page, "process_open_fds", "Open file descriptors.", open);
    let most = limits.and_then(|limits| line(limits, "Max open files"));
    counted(page, "process_max_fds", "The most file descriptors that may be open.", most);
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn counted(page: &mut Families, name: &'static str, help: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        page.add(Family::single(name, Kind::Gauge, help, value as f64));
    }
}

/// The number behind `name`, at the start of a line.
fn line(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// Of the kernel's clock (`AT_CLKTCK`, getauxval(3)); 100 wherever Linux does not say.
fn ticks_a_second() -> u64 {
    const AT_CLKTCK: usize = 17;
    const WORD: usize = size_of::<usize>();
    let auxv = fs::read("/proc/self/auxv").unwrap_or_default();
    let word = |bytes: &[u8]| bytes.try_into().map(usize::from_ne_bytes).unwrap_or_default();
    let mut pairs = auxv.chunks_exact(2 * WORD).map(|pair| pair.split_at(WORD));
    let ticks = pairs.find(|(kind, _)| word(kind) == AT_CLKTCK).map(|(_, value)| word(value));
    ticks.filter(|ticks| *ticks > 0).map_or(100, |ticks| ticks as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 17 0 4711 20 21";
        for name in ["shop", "a b", ") S 1 (", ""] {
            let stat = Stat::read(&format!("42 ({name}) {fields}\n"));
            assert_eq!(stat, Some(Stat { user: 250, system: 50, started: 4711 }), "{name}");
        }
        for broken in ["", "42 (shop", "42 (shop) S 1 2", "42 (shop) S 1 2 3 4 5 6 7 8 9 10 x 50"] {
            assert_eq!(Stat::read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_number_is_found_behind_its_name() {
        let text = "VmRSS:\t  1234 kB\nMax open files            unlimited  20000  files\n";
        assert_eq!(line(text, "VmRSS:"), Some(1234));
        assert_eq!((line(text, "Max open files"), line(text, "Threads:")), (None, None));
    }

    #[test]
    fn the_kernel_says_how_fast_it_ticks() {
        assert_eq!(ticks_a_second(), 100, "all of Linux ticks so towards programs");
    }
}
