// SPDX-License-Identifier: BSD-2-Clause
//! Boots a system with nobody at the terminal and checks that everything in it comes up: each
//! protection domain of the description has to say something, the start-up has to be announced
//! as complete, and the IOMMU manager has to print what its hardware can do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::{Boot, Emulator as Kind};
use crate::description::Description;
use crate::run;
use crate::run::watch::{Ending, Watch};
use crate::serial::Logged;
use crate::ui::{seconds, table};
use crate::workspace::Workspace;

/// What the initial task says when its work is done.
const STARTED: &str = "all protection domains started";
/// The protection domain that describes the IOMMU, and how its lines begin.
const IOMMU: (&str, [&str; 2]) = ("iommu-manager", ["CAP", "ECAP"]);
/// How long everything may take; emulation in Bochs is slower.
const PATIENCE_QEMU: Duration = Duration::from_secs(90);
const PATIENCE_BOCHS: Duration = Duration::from_secs(240);
/// After the last thing that is waited for, this much more is listened to, for the table.
const ECHO: Duration = Duration::from_millis(1500);

/// What has been heard of a system so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// First line of each name.
    first: BTreeMap<String, String>,
    /// Number of lines of each name.
    count: BTreeMap<String, usize>,
    /// When the start-up was complete, and in which words.
    started: Option<String>,
    /// The lines that decode the IOMMU.
    iommu: Vec<String>,
    /// Faults and errors, which a healthy system has none of.
    errors: Vec<String>,
}

impl Heard {
    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        if line.contains(STARTED) {
            self.started.get_or_insert_with(|| line.to_owned());
        }
        let Some(logged) = Logged::parse(line) else {
            return;
        };
        self.first
            .entry(logged.name.to_owned())
            .or_insert_with(|| logged.text.to_owned());
        *self.count.entry(logged.name.to_owned()).or_default() += 1;
        if logged.level == "ERROR" {
            self.errors.push(line.to_owned());
        }
        let (manager, beginnings) = IOMMU;
        let described = beginnings
            .iter()
            .any(|beginning| logged.text.starts_with(beginning));
        if logged.name == manager && described {
            self.iommu.push(logged.text.to_owned());
        }
    }

    /// What a system with these protection domains still owes us.
    pub fn missing(&self, description: &Description, with_iommu: bool) -> Vec<String> {
        let mut missing = Vec::new();
        if self.started.is_none() {
            missing.push(format!("the line `{STARTED}`"));
        }
        for (name, _) in &description.domains {
            if !self.first.contains_key(name) {
                missing.push(format!("a word of protection domain {name}"));
            }
        }
        let has_manager = description.domains.iter().any(|(name, _)| name == IOMMU.0);
        for beginning in IOMMU.1 {
            let found = self.iommu.iter().any(|line| line.starts_with(beginning));
            if with_iommu && has_manager && !found {
                missing.push(format!("the IOMMU's {beginning} register, decoded"));
            }
        }
        missing
    }

    /// A row for each protection domain.
    fn table(&self, description: &Description) -> String {
        let mut rows = vec![
            ["protection domain", "program", "lines", "first line"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (name, program) in &description.domains {
            let count = self.count.get(name).copied().unwrap_or(0);
            let first = self.first.get(name).map_or("-", String::as_str);
            rows.push(vec![
                name.clone(),
                program.clone(),
                count.to_string(),
                first.to_owned(),
            ]);
        }
        table(&rows)
    }
}

/// The command `smoke`.
pub fn smoke(workspace: &Workspace, boot: &Boot) -> Result<()> {
    let (description, emulator) = run::start(workspace, boot)?;
    let begun = Instant::now();
    let patience = match boot.emulator {
        Kind::Qemu => PATIENCE_QEMU,
        Kind::Bochs => PATIENCE_BOCHS,
    };
    let with_iommu = boot.emulator == Kind::Qemu;
    let mut watch = Watch::new(emulator, BTreeMap::new());
    let mut heard = Heard::default();
    let ending = watch.until(patience, |line| {
        heard.line(line);
        heard.missing(&description, with_iommu).is_empty()
    });
    if ending == Ending::Complete {
        watch.until(ECHO, |line| {
            heard.line(line);
            false
        });
    }
    println!("{}", heard.table(&description));
    if !heard.iommu.is_empty() {
        println!("IOMMU:\n  {}\n", heard.iommu.join("\n  "));
    }
    if ending != Ending::Complete {
        let when = if ending == Ending::Stopped {
            "the machine stopped"
        } else {
            "time was up"
        };
        let after = seconds(begun.elapsed());
        let missing = heard.missing(&description, with_iommu).join(", ");
        bail!(
            "{when} after {after} without {missing}; {}",
            watch.last_words()
        );
    }
    if !heard.errors.is_empty() {
        bail!(
            "the system came up with errors:\n  {}",
            heard.errors.join("\n  ")
        );
    }
    if let Some(line) = heard.started {
        println!("{line}");
    }
    println!("Smoke test passed in {}.", seconds(begun.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Description {
        let names = ["iommu-manager", "timer"];
        Description {
            domains: names
                .map(|name| (name.to_owned(), name.to_owned()))
                .to_vec(),
        }
    }

    fn heard(lines: &[&str]) -> Heard {
        let mut heard = Heard::default();
        lines.iter().for_each(|line| heard.line(line));
        heard
    }

    const GOOD: [&str; 5] = [
        "initial-task|INFO: all protection domains started (2 in 1000 cycles)",
        "iommu-manager|INFO: version 1.0",
        "iommu-manager|INFO: CAP 0x1: 39-bit",
        "iommu-manager|INFO: ECAP 0x2: queued invalidation",
        "timer|INFO: 100 MHz",
    ];

    #[test]
    fn a_healthy_system_owes_nothing() {
        let heard = heard(&GOOD);
        assert!(heard.missing(&system(), true).is_empty());
        let table = heard.table(&system());
        assert!(
            table.contains("iommu-manager      iommu-manager  3      version 1.0"),
            "{table}"
        );
        assert!(heard.errors.is_empty());
    }

    #[test]
    fn each_line_is_missed_when_it_does_not_come() {
        let expected = [
            "the line `all protection domains started`",
            "",
            "the IOMMU's CAP register, decoded",
            "the IOMMU's ECAP register, decoded",
            "a word of protection domain timer",
        ];
        for (index, expected) in expected.iter().enumerate() {
            let mut lines = GOOD.to_vec();
            lines.remove(index);
            let missing = heard(&lines).missing(&system(), true).join("");
            assert_eq!(missing, *expected, "without line {index}");
        }
    }

    #[test]
    fn where_there_is_no_iommu_none_is_decoded() {
        let heard = heard(&[GOOD[0], GOOD[1], GOOD[4]]);
        assert_eq!(heard.missing(&system(), true).len(), 2);
        assert!(heard.missing(&system(), false).is_empty());
    }

    #[test]
    fn errors_are_kept() {
        let heard = heard(&["MON|ERROR: pd 'timer' faulted: read at 0x0"]);
        assert_eq!(heard.errors, ["MON|ERROR: pd 'timer' faulted: read at 0x0"]);
    }
}
