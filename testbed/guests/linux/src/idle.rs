// SPDX-License-Identifier: BSD-2-Clause
//! How long the processors had nothing to do.

use anyhow::{Context, Result};

/// Nanoseconds that all processors together were idle so far.
pub fn nanoseconds() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/timer_list").context("/proc/timer_list")?;
    Ok(sum(&text))
}

/// `.idle_sleeptime` and, where disks are waited for, `.iowait_sleeptime`, of all processors.
fn sum(text: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let counts = matches!(name.trim(), ".idle_sleeptime" | ".iowait_sleeptime");
        let value = value.split_whitespace().next()?;
        counts.then(|| value.parse::<u64>().ok())?
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_waiting_for_disks_count_on_all_processors() {
        let text = "cpu: 0\n  .nr_events      : 7\n  .idle_waketime  : 100 nsecs\n  \
                    .idle_sleeptime : 4636818 nsecs\n  .iowait_sleeptime: 1000 nsecs\n\
                    cpu: 1\n  .idle_sleeptime : 2 nsecs\n  .iowait_sleeptime: 0 nsecs\n";
        assert_eq!(sum(text), 4_637_820);
        assert_eq!(sum(""), 0);
    }
}
