//! The conditions under which a process measures, as far as the system tells: Linux's files below /proc and /sys. What they
//! do not have is left out.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cpu_time::ThreadTime;
use wasm_dispatch_record::Fingerprint;
use wasm_dispatch_record::record::Process;

/// Counters at one point in time.
struct Counters {
    /// This thread's context switches: involuntary, voluntary.
    switches: (Option<u64>, Option<u64>),
    /// Ticks of all processors: stolen, total.
    ticks: Option<(u64, u64)>,
    /// Microseconds in which some task waited for a processor.
    pressure: Option<u64>,
}

impl Counters {
    fn read() -> Counters {
        Counters {
            switches: fs::read_to_string("/proc/thread-self/status").map_or((None, None), |text| switches(&text)),
            ticks: file("/proc/stat", ticks),
            pressure: file("/proc/pressure/cpu", pressure),
        }
    }
}

/// Watches the conditions from when it is made until it is asked.
pub struct Watch {
    started: u64,
    wall: Instant,
    cpu: ThreadTime,
    before: Counters,
}

impl Watch {
    /// Begins to watch the calling thread and its machine.
    pub fn start() -> Watch {
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        Watch {
            started: started.map_or(0, |since| since.as_secs()),
            before: Counters::read(),
            wall: Instant::now(),
            cpu: ThreadTime::now(),
        }
    }

    /// What has happened since, as the row of the process that measured this block.
    pub fn process(&self, block: u32, layout: Option<u64>, seed: u64, binary: &str) -> Process {
        let wall = self.wall.elapsed();
        let cpu = self.cpu.elapsed();
        let after = Counters::read();
        let before = &self.before;
        Process {
            process: block,
            block: Some(block),
            layout,
            origin: None,
            started: self.started,
            seed,
            binary: binary.to_owned(),
            wall_nanoseconds: nanoseconds(wall),
            cpu_nanoseconds: Some(nanoseconds(cpu)),
            involuntary_switches: difference(before.switches.0, after.switches.0),
            voluntary_switches: difference(before.switches.1, after.switches.1),
            steal: before.ticks.zip(after.ticks).and_then(|(before, after)| {
                let total = after.1.checked_sub(before.1).filter(|&total| total > 0)?;
                Some(after.0.saturating_sub(before.0) as f64 / total as f64)
            }),
            pressure: difference(before.pressure, after.pressure)
                .map(|waited| (waited as f64 / (wall.as_micros().max(1) as f64)).min(1.0)),
            load: file("/proc/loadavg", |text| text.split_whitespace().next()?.parse().ok()),
            megahertz: megahertz(),
            profile: Fingerprint::own_profile().to_owned(),
        }
    }
}

/// A duration as the record has it.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn difference(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    Some(after?.saturating_sub(before?))
}

fn file<T>(path: &str, find: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    find(&fs::read_to_string(path).ok()?)
}

/// Involuntary and voluntary switches in a thread's status.
fn switches(status: &str) -> (Option<u64>, Option<u64>) {
    let find = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.strip_prefix(':')?.trim().parse().ok()
    };
    (find("nonvoluntary_ctxt_switches"), find("voluntary_ctxt_switches"))
}

/// Stolen and total ticks in /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. Guests' ticks, which come
/// after these, are in user and nice already.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields = line.split_whitespace().take(8).map(|field| field.parse().ok());
    let fields: Vec<u64> = fields.collect::<Option<_>>()?;
    Some((*fields.get(7)?, fields.iter().sum()))
}

/// Microseconds in /proc/pressure/cpu: `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345`.
fn pressure(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let mut fields = line.split_whitespace();
    fields.find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

/// Mean frequency: from the governors, else as the kernel describes the processors.
fn megahertz() -> Option<f64> {
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let governors = fs::read_dir("/sys/devices/system/cpu").ok().and_then(|folder| {
        let files = folder.filter_map(|entry| Some(entry.ok()?.path().join("cpufreq/scaling_cur_freq")));
        let kilohertz = files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<f64>().ok());
        mean(kilohertz.map(|value| value / 1000.0).collect())
    });
    governors.or_else(|| {
        file("/proc/cpuinfo", |text| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("cpu MHz"));
            let values = lines.filter_map(|line| line.split(':').nth(1)?.trim().parse().ok());
            mean(values.collect())
        })
    })
}

#[cfg(test)]
#[path = "../tests/unit/conditions.rs"]
mod tests;
