//! What the system says about processes and directories.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

/// A tick of the times in `/proc/<pid>/stat`; Linux shows 100 a second to programs everywhere.
const TICK: Duration = Duration::from_millis(10);
/// Where user and system time stand in `/proc/<pid>/stat`, counted after the name.
const CPU_FIELDS: std::ops::Range<usize> = 11..13;

/// The CPU time that this process has used, all threads, user and system.
pub(crate) fn cpu() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name may hold blanks and brackets.
    let (_, after_name) = stat.rsplit_once(')').context("/proc/self/stat has no name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let times = fields.get(CPU_FIELDS).context("/proc/self/stat is short")?;
    let mut ticks = 0;
    for time in times {
        ticks += time.parse::<u32>()?;
    }
    Ok(TICK * ticks)
}

/// The most memory that a process held at a time (`VmHWM`), in bytes.
pub(crate) fn memory_peak(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).context("no VmHWM")?;
    Ok(kib.trim().parse::<u64>()? * 1_024)
}

/// The bytes that this process has had written to disks so far.
pub(crate) fn written() -> anyhow::Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    Ok(bytes.context("/proc/self/io says no write_bytes")?.trim().parse()?)
}

/// The bytes of all files below a directory.
pub(crate) fn bytes_below(dir: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { bytes_below(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}
