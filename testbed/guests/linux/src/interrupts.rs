// SPDX-License-Identifier: BSD-2-Clause
//! How many interrupts there were.

use anyhow::{Context, Result};

/// Interrupts of PCI devices on all processors so far.
pub fn of_devices() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/interrupts").context("/proc/interrupts")?;
    Ok(sum(&text))
}

/// The numbers in those lines that name a PCI message.
fn sum(text: &str) -> u64 {
    let lines = text.lines().filter(|line| line.contains("PCI-MSI"));
    let numbers = |line: &str| -> u64 {
        let words = line.split_whitespace().skip(1);
        words.map_while(|word| word.parse::<u64>().ok()).sum()
    };
    lines.map(numbers).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_devices_count_on_all_processors() {
        let text = "           CPU0       CPU1\n  \
            0:        183          0  IR-IO-APIC   2-edge      timer\n \
            24:          5          0  DMAR-MSI   0-edge      dmar0\n \
            28:          6          2  IR-PCI-MSIX-0000:00:04.0   0-edge      nvme0q0\n \
            29:        100          0  PCI-MSI-0000:00:1f.2   0-edge      ahci\n\
            LOC:        943          7   Local timer interrupts\n";
        assert_eq!(sum(text), 108);
        assert_eq!(sum(""), 0);
    }
}
