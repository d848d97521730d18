use procfs::{
    ProcResult, boot_time_secs, page_size,
    process::{LimitValue, Process, Stat},
    ticks_per_second,
};

use crate::{
    Exposition,
    family::{Families, Family, Kind},
};

impl Exposition {
    /// Shows the process: CPU time, memory, file descriptors, threads and start, under the names that all of
    /// Prometheus' libraries use. Linux only; what cannot be read is left out.
    #[must_use]
    pub fn process(self) -> Self {
        self.families(|page| {
            // What `/proc` does not tell is not on the page.
            let _ = gather(page);
        })
    }
}

fn gather(page: &mut Families) -> ProcResult<()> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    from_stat(page, &stat)?;
    counted(page, "process_open_fds", "Open file descriptors.", process.fd_count()? as u64);
    if let LimitValue::Value(limit) = process.limits()?.max_open_files.soft_limit {
        counted(page, "process_max_fds", "The most file descriptors that may be open.", limit);
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn from_stat(page: &mut Families, stat: &Stat) -> ProcResult<()> {
    let ticks = ticks_per_second() as f64;
    let cpu = (stat.utime + stat.stime) as f64 / ticks;
    let help = "CPU time spent in user and kernel space.";
    page.add(Family::single("process_cpu_seconds", Kind::Counter, help, cpu));
    let resident = stat.rss * page_size();
    counted(page, "process_resident_memory_bytes", "Memory in use.", resident);
    counted(page, "process_virtual_memory_bytes", "Memory that is mapped.", stat.vsize);
    counted(page, "process_threads", "Threads.", u64::try_from(stat.num_threads).unwrap_or(0));
    let start = boot_time_secs()? as f64 + stat.starttime as f64 / ticks;
    let help = "When the process started, since 1970.";
    page.add(Family::single("process_start_time_seconds", Kind::Gauge, help, start));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn counted(page: &mut Families, name: &'static str, help: &'static str, value: u64) {
    page.add(Family::single(name, Kind::Gauge, help, value as f64));
}
