// SPDX-License-Identifier: BSD-2-Clause
//! The systems beside each other.

use super::super::bars::Group;
use super::super::figure::Figure;
use super::column::Column;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What the systems call it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Is more better?
    pub more: bool,
}

const fn row(name: &'static str, label: &'static str, unit: &'static str) -> Row {
    Row {
        name,
        label,
        unit,
        more: false,
    }
}

const fn rate(name: &'static str, label: &'static str) -> Row {
    Row {
        unit: "MB/s",
        more: true,
        ..row(name, label, "")
    }
}

const fn datagrams(name: &'static str, label: &'static str) -> Row {
    Row {
        unit: "per-second",
        ..rate(name, label)
    }
}

/// All rows. `busy` is the median less the time in which the processor waited. What is `throttled`
/// is Linux as shipped, which has its virtual functions hold interrupts back; without that word it
/// has them interrupt at once, which is to its advantage.
pub const ROWS: [Row; 15] = [
    row("vf-vf-median", "UDP echo VF-VF, 64 B", "ns"),
    row("vf-vf-busy", "  processor busy", "ns"),
    row("vf-vf-interrupts", "  interrupts", "per-round"),
    row("vf-vf-throttled-median", "  interrupts held back", "ns"),
    row("vf-net-median", "ICMP echo VF-user network, 64 B", "ns"),
    row("vf-net-busy", "  processor busy", "ns"),
    row("vf-net-interrupts", "  interrupts", "per-round"),
    datagrams("vf-vf-udp-rate", "UDP VF-VF, 64 B"),
    datagrams("vf-vf-udp-throttled-rate", "  interrupts held back"),
    rate("vf-vf-tcp-rate", "TCP VF-VF"),
    rate("vf-vf-tcp-throttled-rate", "  interrupts held back"),
    row("nvme-read-median", "NVMe read, 4 KiB", "ns"),
    row("nvme-read-least", "  the quickest", "ns"),
    row("nvme-read-busy", "  processor busy", "ns"),
    row("nvme-read-interrupts", "  interrupts", "per-round"),
];

/// What a client on the host measures.
pub const HOST: [Row; 2] = [
    row("host-tcp-median", "TCP echo host-VF, 64 B", "ns"),
    rate("host-tcp-rate", "TCP echo host-VF, 1 MiB"),
];

impl Row {
    /// Does it only explain the row above it?
    pub fn explains(self) -> bool {
        self.label.starts_with(' ')
    }

    /// How many times better the first value is than the second.
    fn advantage(self, ours: f64, theirs: f64) -> f64 {
        let ratio = theirs / ours;
        if self.more { ratio.recip() } else { ratio }
    }
}

/// The table's cells: a heading, and a line per row that somebody has a value for. If `ours` has
/// values, the last column says how many times better it is than `peer`.
pub fn cells(rows: &[Row], columns: &[Column], ours: &str, peer: &str) -> Vec<Vec<String>> {
    let mut heading = vec!["figure".to_owned(), "unit".to_owned()];
    heading.extend(columns.iter().map(|column| column.name.clone()));
    let compared = columns.iter().any(|column| column.name == ours);
    if compared {
        heading.push(format!("{ours} : {peer}"));
    }
    let mut cells = vec![heading];
    for row in rows {
        let values: Vec<_> = columns.iter().map(|c| c.value(row.name)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let mut line = vec![row.label.to_owned(), row.unit.to_owned()];
        line.extend(values.into_iter().map(shown));
        if compared {
            let advantage = advantage(*row, columns, ours, peer);
            line.push(
                advantage
                    .map(|value| format!("{value:.2} x"))
                    .unwrap_or_default(),
            );
        }
        cells.push(line);
    }
    cells
}

/// The same as bars, without what only explains other rows.
pub fn groups(rows: &[Row], columns: &[Column]) -> Vec<Group> {
    let mut groups = Vec::new();
    for row in rows.iter().filter(|row| !row.explains()) {
        let bars = columns.iter().filter_map(|column| {
            let value = column.value(row.name)?;
            Some((column.name.clone(), value))
        });
        let bars: Vec<_> = bars.collect();
        if !bars.is_empty() {
            let label = format!("{} in {}", row.label, row.unit);
            groups.push(Group { label, bars });
        }
    }
    groups
}

/// All values as figures, named after `prefix`, and how many times better `ours` is than `peer`.
pub fn figures(
    prefix: &str,
    rows: &[Row],
    columns: &[Column],
    ours: &str,
    peer: &str,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for row in rows {
        for column in columns {
            if let Some(value) = column.value(row.name) {
                figures.push(Figure::new(
                    format!("{prefix}{}-{}", row.name, column.name),
                    value,
                    row.unit,
                ));
            }
        }
        if let Some(value) = advantage(*row, columns, ours, peer) {
            figures.push(Figure::new(
                format!("{prefix}{}-advantage", row.name),
                value,
                "x",
            ));
        }
    }
    figures
}

fn advantage(row: Row, columns: &[Column], ours: &str, peer: &str) -> Option<f64> {
    let value = |name: &str| columns.iter().find(|c| c.name == name)?.value(row.name);
    Some(row.advantage(value(ours)?, value(peer)?))
}

fn shown(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value >= 1000.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[(&str, f64)]) -> Column {
        let mut column = Column::new(name);
        for (name, value) in values {
            column.add(name, *value);
        }
        column
    }

    const ROWS: [Row; 3] = [
        row("time", "a time", "ns"),
        rate("rate", "a rate"),
        row("nobody", "nobody's", "ns"),
    ];

    #[test]
    fn better_is_less_time_and_more_rate() {
        let columns = [
            column("postern", &[("time", 500.0), ("rate", 30.0)]),
            column("linux", &[("time", 2000.0), ("rate", 15.0)]),
            column("other", &[("time", 1.0)]),
        ];
        let lines: Vec<_> = cells(&ROWS, &columns, "postern", "linux")
            .iter()
            .map(|line| line.join("|"))
            .collect();
        assert_eq!(
            lines,
            [
                "figure|unit|postern|linux|other|postern : linux",
                "a time|ns|500.00|2000|1.00|4.00 x",
                "a rate|MB/s|30.00|15.00||2.00 x",
            ]
        );
        let names: Vec<_> = figures("p-", &ROWS, &columns, "postern", "linux")
            .into_iter()
            .map(|figure| figure.name)
            .collect();
        let expected = [
            "p-time-postern",
            "p-time-linux",
            "p-time-other",
            "p-time-advantage",
            "p-rate-postern",
            "p-rate-linux",
            "p-rate-advantage",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn rows_that_explain_others_are_not_drawn() {
        let rows = [
            row("a", "a", "ns"),
            row("b", "  b", "ns"),
            row("c", "c", "ns"),
        ];
        let columns = [column("linux", &[("a", 1.0), ("b", 2.0)])];
        let groups = groups(&rows, &columns);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].label, "a in ns");
        assert_eq!(groups[0].bars, [("linux".to_owned(), 1.0)]);
    }

    #[test]
    fn peers_stand_alone_too() {
        let columns = [column("linux", &[("time", 2000.0)])];
        let lines = cells(&ROWS, &columns, "postern", "linux");
        assert_eq!(
            lines,
            [
                vec!["figure", "unit", "linux"],
                vec!["a time", "ns", "2000"]
            ]
        );
    }
}
