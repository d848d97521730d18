use std::fs;

use crate::{
    Exposition,
    family::{Families, Family, Kind},
};

impl Exposition {
    /// Shows metrics of the process: CPU time, memory, file descriptors, threads and start time, with the names of
    /// Prometheus' client libraries. Linux only; unreadable values are left out. A second call has no effect.
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

/// Fields of `/proc/self/stat` (proc(5)), in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    user: u64,
    system: u64,
    /// The start time, since boot.
    started: u64,
}

impl Stat {
    /// Parses the file. The second field is the name of the program, which may contain anything and ends with the last
    /// bracket.
    fn read(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // Fields are numbered from 1; the list begins with the third.
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
        let help = "Start time of the process in seconds since 1970.";
        page.add(Family::single("process_start_time_seconds", Kind::Gauge, help, start));
    }
}

fn from_status(page: &mut Families, status: &str) {
    let kilobytes = |name| Some(line(status, name)? * 1024);
    counted(page, "process_resident_memory_bytes", "Resident memory.", kilobytes("VmRSS:"));
    counted(page, "process_virtual_memory_bytes", "Virtual memory.", kilobytes("VmSize:"));
    counted(page, "process_threads", "Number of threads.", line(status, "Threads:"));
}

fn descriptors(page: &mut Families, limits: Option<&str>) {
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64);
    counted(page, "process_open_fds", "Open file descriptors.", open);
    let most = limits.and_then(|limits| line(limits, "Max open files"));
    counted(page, "process_max_fds", "Maximum number of open file descriptors.", most);
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn counted(page: &mut Families, name: &'static str, help: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        page.add(Family::single(name, Kind::Gauge, help, value as f64));
    }
}

/// Returns the number after `name` at the start of a line.
fn line(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// Returns the frequency of the kernel's clock (`AT_CLKTCK`, getauxval(3)), or 100 if it is not available.
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
