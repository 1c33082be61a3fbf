// SPDX-License-Identifier: BSD-2-Clause
//! What one system measured about itself.

use std::collections::BTreeMap;

/// A column of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The system's name, e.g. `linux-strict`.
    pub name: String,
    values: BTreeMap<String, f64>,
}

impl Column {
    /// A column without values.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            values: BTreeMap::new(),
        }
    }

    /// Takes the value from a line `figure NAME VALUE UNIT`, whatever stands before it: a
    /// protection domain's lines begin with its name. Other lines have none.
    pub fn take(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("figure ") else {
            return;
        };
        let mut words = rest.split_whitespace();
        if let (Some(name), Some(Ok(value))) = (words.next(), words.next().map(str::parse)) {
            self.add(name, value);
        }
    }

    /// Adds a value that was measured from outside.
    pub fn add(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_owned(), value);
    }

    /// A value, if the system measured that.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_whatever_a_system_prints() {
        let mut column = Column::new("x");
        for line in [
            "figure vf-vf-median 40253.000 ns",
            "net-probe-a|INFO: figure vf-net-median 17292 ns",
            "[    0.1] nvme nvme0: a figure of speech",
            "figure vf-vf-least",
            "init: done",
        ] {
            column.take(line);
        }
        assert_eq!(column.value("vf-vf-median"), Some(40253.0));
        assert_eq!(column.value("vf-net-median"), Some(17292.0));
        assert_eq!(column.values.len(), 2);
    }
}
