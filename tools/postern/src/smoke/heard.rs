// SPDX-License-Identifier: BSD-2-Clause
//! What has been heard of a booted system, and what it still owes.

use std::collections::BTreeMap;

use super::checks::{self, Check};
use crate::description::Description;
use crate::serial::Logged;
use crate::ui::table;

/// What the initial task says when its work is done.
const STARTED: &str = "all protection domains started";
/// The protection domain that describes the IOMMU, and how its lines begin.
const IOMMU: (&str, [&str; 2]) = ("iommu-manager", ["CAP", "ECAP"]);

/// What a system has to say on the machine that it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The system.
    pub description: &'a Description,
    /// Does the machine have an IOMMU? Without one, whoever wants devices complains rightly.
    pub iommu: bool,
    /// Does the kernel print? On one that does not, only what has a console is heard.
    pub prints: bool,
}

/// What has been heard so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// First line of each name.
    first: BTreeMap<String, String>,
    /// Number of lines of each name.
    count: BTreeMap<String, usize>,
    /// The line that tells that the start-up is complete.
    pub started: Option<String>,
    /// The lines that decode the IOMMU.
    pub iommu: Vec<String>,
    /// What those with devices have to say.
    pub checks: Vec<Check>,
    /// Faults and errors, with their names.
    errors: Vec<(String, String)>,
}

impl Heard {
    /// Nothing yet. Devices are granted only where there is an IOMMU.
    pub fn new(expected: Expected<'_>) -> Self {
        let checks = match expected.iommu {
            true => checks::of(expected.description),
            false => Vec::new(),
        };
        Self {
            checks,
            ..Self::default()
        }
    }

    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        if line.contains(STARTED) {
            self.started.get_or_insert_with(|| line.to_owned());
        }
        let Some(logged) = Logged::parse(line) else {
            return;
        };
        self.checks.iter_mut().for_each(|check| check.hear(&logged));
        self.first
            .entry(logged.name.to_owned())
            .or_insert_with(|| logged.text.to_owned());
        *self.count.entry(logged.name.to_owned()).or_default() += 1;
        if logged.level == "ERROR" {
            self.errors.push((logged.name.to_owned(), line.to_owned()));
        }
        let (manager, beginnings) = IOMMU;
        let described = beginnings
            .iter()
            .any(|beginning| logged.text.starts_with(beginning));
        if logged.name == manager && described {
            self.iommu.push(logged.text.to_owned());
        }
    }

    /// What the system still owes.
    pub fn missing(&self, expected: Expected<'_>) -> Vec<String> {
        let undone = self.checks.iter().filter(|check| !check.is_done());
        let mut missing: Vec<String> = undone.map(|check| check.what.clone()).collect();
        if !expected.prints {
            let something = expected.names().any(|name| self.first.contains_key(name));
            if !something {
                missing.push("a word on the console".to_owned());
            }
            return missing;
        }
        if self.started.is_none() {
            missing.push(format!("the line `{STARTED}`"));
        }
        let silent = expected
            .names()
            .filter(|name| !self.first.contains_key(*name));
        missing.extend(silent.map(|name| format!("a word of protection domain {name}")));
        if expected.iommu && expected.names().any(|name| name == IOMMU.0) {
            let absent = IOMMU.1.iter().filter(|beginning| !self.decoded(beginning));
            missing.extend(absent.map(|name| format!("the IOMMU's {name} register, decoded")));
        }
        missing
    }

    fn decoded(&self, beginning: &str) -> bool {
        self.iommu.iter().any(|line| line.starts_with(beginning))
    }

    /// Errors that a healthy system does not report.
    pub fn errors(&self, expected: Expected<'_>) -> Vec<&str> {
        let counts =
            |name: &str| expected.iommu || !checks::wants_devices(expected.description, name);
        let errors = self.errors.iter().filter(|(name, _)| counts(name));
        errors.map(|(_, line)| line.as_str()).collect()
    }

    /// A row for each protection domain.
    pub fn table(&self, description: &Description) -> String {
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

impl Expected<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.description
            .domains
            .iter()
            .map(|(name, _)| name.as_str())
    }
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
            owners: Vec::new(),
            files: Vec::new(),
        }
    }

    fn on_qemu(description: &Description) -> Expected<'_> {
        Expected {
            description,
            iommu: true,
            prints: true,
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
        let system = system();
        assert!(heard.missing(on_qemu(&system)).is_empty());
        let table = heard.table(&system);
        assert!(
            table.contains("iommu-manager      iommu-manager  3      version 1.0"),
            "{table}"
        );
        assert!(heard.errors(on_qemu(&system)).is_empty());
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
            let missing = heard(&lines).missing(on_qemu(&system())).join("");
            assert_eq!(missing, *expected, "without line {index}");
        }
    }

    #[test]
    fn where_there_is_no_iommu_those_who_want_devices_may_complain() {
        let mut system = system();
        system.owners = vec!["prober".to_owned()];
        let complaints = [
            "iommu-manager|ERROR: no IOMMU",
            "prober|ERROR: no virtual function",
        ];
        let fault = "timer|ERROR: no HPET";
        let heard = heard(&[GOOD[0], complaints[0], complaints[1], GOOD[4], fault]);
        let on_bochs = Expected {
            iommu: false,
            ..on_qemu(&system)
        };
        assert_eq!(heard.missing(on_qemu(&system)).len(), 2);
        assert_eq!(heard.missing(on_bochs), [""; 0]);
        let all = [complaints[0], complaints[1], fault];
        assert_eq!(heard.errors(on_qemu(&system)), all);
        assert_eq!(heard.errors(on_bochs), [fault]);
    }

    #[test]
    fn what_is_checked_is_owed_where_there_is_an_iommu_also_by_silent_kernels() {
        let system = system();
        let guarded = "DMA and interrupts guarded";
        let line = "iommu-manager|INFO: protection on: what is not granted is blocked";
        for prints in [true, false] {
            let expected = Expected {
                prints,
                ..on_qemu(&system)
            };
            let mut heard = Heard::new(expected);
            GOOD.iter().for_each(|line| heard.line(line));
            assert_eq!(heard.missing(expected), [guarded]);
            heard.line(line);
            assert_eq!(heard.missing(expected), [""; 0]);
        }
        let on_bochs = Expected {
            iommu: false,
            ..on_qemu(&system)
        };
        assert!(Heard::new(on_bochs).checks.is_empty());
    }

    #[test]
    fn a_silent_kernel_leaves_the_console() {
        let system = system();
        let silent = Expected {
            prints: false,
            ..on_qemu(&system)
        };
        assert_eq!(heard(&[]).missing(silent), ["a word on the console"]);
        assert_eq!(heard(&["stranger|INFO: x"]).missing(silent).len(), 1);
        assert_eq!(heard(&["timer|INFO: x"]).missing(silent), [""; 0]);
    }

    #[test]
    fn faults_are_errors() {
        let heard = heard(&["MON|ERROR: pd 'timer' faulted: read at 0x0"]);
        let line = "MON|ERROR: pd 'timer' faulted: read at 0x0";
        assert_eq!(heard.errors(on_qemu(&system())), [line]);
    }
}
