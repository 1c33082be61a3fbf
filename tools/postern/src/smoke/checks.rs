// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of a system with guarded devices have to say: that devices are
//! guarded, that virtual functions were granted, and what the probes did with theirs.

use crate::description::Description;
use crate::serial::Logged;
use crate::ui::table;

/// What whoever is reached from outside says when it has the address that the forwarded port
/// leads to: QEMU's user network gives it to the first who asks.
pub const REACHABLE: &str = "address 10.0.2.15/24 by DHCP";

/// One thing that has to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is checked, for people.
    pub what: String,
    /// Who has to say it; `HOST` is the client on the host.
    name: String,
    /// What the text has to begin with, and what it has to end with.
    beginning: String,
    ending: String,
    /// What was said.
    said: Option<String>,
}

/// The checks of a system on a machine that has all its devices.
pub fn of(description: &Description) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |what: &str, name: &str, beginning: &str, ending: &str| {
        checks.push(Check {
            what: what.to_owned(),
            name: name.to_owned(),
            beginning: beginning.to_owned(),
            ending: ending.to_owned(),
            said: None,
        });
    };
    for manager in description.running("iommu-manager") {
        add("DMA and interrupts guarded", manager, "protection on", "");
    }
    for manager in description.running("pf-manager") {
        for owner in &description.owners {
            let what = format!("VF of {owner}");
            add(&what, manager, "", &format!(": granted to {owner}"));
        }
    }
    let mut echo = false;
    let several = description.running("net-probe").count() > 1;
    for probe in description.running("net-probe") {
        add(&format!("{probe}: address"), probe, "address ", " by DHCP");
        add(&format!("{probe}: gateway"), probe, "gateway ", "");
        if several {
            add(&format!("{probe}: neighbour"), probe, "peer ", "");
        }
        echo = true;
    }
    for probe in description.running("blk-probe") {
        add(&format!("{probe}: blocks"), probe, "verified ", "");
    }
    if echo {
        add("echo to the host", "HOST", "echo: all of", "");
    }
    checks
}

/// Whether `name` can do nothing where no device is granted.
pub fn wants_devices(description: &Description, name: &str) -> bool {
    let managers = ["iommu-manager", "pf-manager"];
    let mut managers = managers
        .iter()
        .flat_map(|program| description.running(program));
    managers.any(|manager| manager == name) || description.owners.iter().any(|owner| owner == name)
}

impl Check {
    /// Takes a line.
    pub fn hear(&mut self, line: &Logged<'_>) {
        let said = line.name == self.name
            && line.level == "INFO"
            && line.text.starts_with(&self.beginning)
            && line.text.ends_with(&self.ending);
        if said {
            self.said.get_or_insert_with(|| line.text.to_owned());
        }
    }

    /// Whether it was said.
    pub fn is_done(&self) -> bool {
        self.said.is_some()
    }
}

/// A row for each check; nothing if there is none.
pub fn rows(checks: &[Check]) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let head = ["check", "result"].map(str::to_owned).to_vec();
    let row = |check: &Check| {
        let said = check.said.as_deref().unwrap_or("MISSING");
        vec![check.what.clone(), said.to_owned()]
    };
    let rows: Vec<_> = std::iter::once(head)
        .chain(checks.iter().map(row))
        .collect();
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Description {
        let domains = [
            ("iommu-manager", "iommu-manager"),
            ("pf-manager", "pf-manager"),
            ("net-a", "net-probe"),
            ("net-b", "net-probe"),
            ("disk", "blk-probe"),
        ];
        Description {
            domains: domains
                .map(|(name, program)| (name.to_owned(), program.to_owned()))
                .to_vec(),
            owners: vec!["net-a".into(), "disk".into()],
            files: vec![],
        }
    }

    const GOOD: [&str; 11] = [
        "iommu-manager|INFO: protection on: what is not granted is blocked, DMA and interrupts",
        "pf-manager|INFO: 00:13.0: granted to net-a",
        "pf-manager|INFO: 00:04.1: granted to disk",
        "net-a|INFO: address 10.0.2.15/24 by DHCP",
        "net-a|INFO: gateway 10.0.2.2 answers (1.067 ms)",
        "net-a|INFO: peer 10.99.0.2 answers (25.268 ms)",
        "net-b|INFO: address 10.0.2.16/24 by DHCP",
        "net-b|INFO: gateway 10.0.2.2 answers (0.430 ms)",
        "net-b|INFO: peer 10.99.0.1 answers (31.206 ms)",
        "disk|INFO: verified 64 MiB on namespace 1 (92.1 MiB/s)",
        "HOST|INFO: echo: all of 1048576 bytes came back (3.20 MiB/s)",
    ];

    fn hear(lines: &[&str]) -> Vec<Check> {
        let mut checks = of(&system());
        for line in lines.iter().filter_map(|line| Logged::parse(line)) {
            checks.iter_mut().for_each(|check| check.hear(&line));
        }
        checks
    }

    #[test]
    fn each_line_is_a_check() {
        let checks = hear(&GOOD);
        assert!(checks.iter().all(Check::is_done), "{checks:?}");
        assert_eq!(checks.len(), GOOD.len());
        for (left_out, line) in GOOD.iter().enumerate() {
            let mut lines = GOOD.to_vec();
            lines.remove(left_out);
            let missing: Vec<_> = hear(&lines).into_iter().filter(|c| !c.is_done()).collect();
            assert_eq!(missing.len(), 1, "without {line}: {missing:?}");
        }
    }

    #[test]
    fn what_others_say_or_what_is_an_error_does_not_count() {
        let lines: Vec<String> = GOOD
            .iter()
            .map(|line| line.replace("INFO", "ERROR"))
            .chain(GOOD.iter().map(|line| format!("x{line}")))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(hear(&lines).iter().all(|check| !check.is_done()));
    }

    #[test]
    fn the_table_says_what_is_missing() {
        let table = rows(&hear(&GOOD[..2]));
        assert!(table.contains("VF of net-a                 00:13.0: granted to net-a"));
        assert!(
            table.contains("VF of disk                  MISSING"),
            "{table}"
        );
        assert_eq!(rows(&[]), "");
    }

    #[test]
    fn a_system_without_devices_has_none() {
        let description = Description {
            domains: vec![("timer".into(), "timer".into())],
            owners: vec![],
            files: vec![],
        };
        assert_eq!(of(&description), []);
    }
}
