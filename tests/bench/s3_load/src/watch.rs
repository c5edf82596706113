//! What a server on the same host takes: processor time and memory, read from `/proc`. Both can be compared between runs
//! on a machine that others use, where operations a second cannot.

use std::time::Duration;

use crate::Failure;

/// Ticks of `/proc/<pid>/stat`: `USER_HZ` is 100 wherever Linux runs.
const TICK: Duration = Duration::from_millis(10);

/// User and system time that a process has used so far.
pub fn cpu(pid: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // the name of the program may have spaces, but ends with the last bracket
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).map(str::parse::<u32>).sum::<Result<_, _>>()?;
    Ok(TICK * ticks)
}

/// What of a process is in memory now, and the most that ever was, in KiB.
pub fn memory(pid: u32) -> Result<(u64, u64), Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |name: &str| -> Result<u64, Failure> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such process")?;
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    };
    Ok((of("VmRSS:")?, of("VmHWM:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_used_time_and_memory() {
        let (now, most) = memory(std::process::id()).unwrap();
        assert!(0 < now && now <= most);
        let before = cpu(std::process::id()).unwrap();
        let mut sum = 0u64;
        while cpu(std::process::id()).unwrap() < before + TICK * 2 {
            sum = std::hint::black_box(sum + 1);
        }
    }
}
