// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's source without some of the patches, to show that their tests fail then.
//!
//! Patches fit exactly one version of a file, so one in the middle cannot just be passed over. All
//! are applied, and it is remembered which lines those to be left out added and removed; in the end
//! that is undone.

use std::collections::BTreeMap;

use crate::patch::{FilePatch, Patch};
use crate::source::Source;
use crate::{Error, Result};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It belongs there.
    Stays,
    /// A patch that is to be left out added it.
    Added,
    /// A patch that is to be left out removed it.
    Removed,
}

/// A file with its history.
#[derive(Debug, Default)]
struct History(Vec<(String, Fate)>);

/// Applies `patches` to `source` but for those whose names begin with one of `numbers`.
pub fn apply_without(source: &mut Source, patches: &[Patch], numbers: &[String]) -> Result<()> {
    for number in numbers {
        if !patches.iter().any(|patch| is(patch, number)) {
            return Err(Error::NoSuchPatch(number.clone()));
        }
    }
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for patch in patches {
        let out = numbers.iter().any(|number| is(patch, number));
        for change in &patch.files {
            let history = match histories.remove(&change.path) {
                Some(history) => history,
                None => History::of(source.text(&change.path)?),
            };
            let changed = history.apply(patch, change, out)?;
            histories.insert(change.path.clone(), changed);
        }
        source.apply(patch)?;
    }
    for (path, history) in histories {
        source.replace(&path, history.text());
    }
    Ok(())
}

fn is(patch: &Patch, number: &str) -> bool {
    patch.name.split_once('-').is_some_and(|(n, _)| n == number)
}

impl History {
    fn of(text: &str) -> Self {
        let lines = text.split_inclusive('\n');
        Self(lines.map(|line| (line.to_owned(), Fate::Stays)).collect())
    }

    /// Applies a change, which must fit; `out` says whether it is to be undone.
    fn apply(self, patch: &Patch, change: &FilePatch, out: bool) -> Result<Self> {
        let mut lines = self.0.into_iter().peekable();
        let mut result = Vec::new();
        // Number of the line that comes next, from 0, in the file as it is for this patch.
        let mut next = 0;
        for hunk in change.hunks() {
            while next < hunk.at {
                let Some(line) = lines.next() else { break };
                next += usize::from(line.1 != Fate::Removed);
                result.push(line);
            }
            let mut removed = 0;
            while removed < hunk.removed {
                let Some((text, fate)) = lines.next() else {
                    break;
                };
                match (fate, out) {
                    (Fate::Removed, _) => result.push((text, fate)),
                    (Fate::Stays, true) => result.push((text, Fate::Removed)),
                    (Fate::Stays, false) | (Fate::Added, true) => {}
                    (Fate::Added, false) => {
                        return Err(Error::PatchNeeded {
                            patch: patch.name.clone(),
                            line: text.trim().to_owned(),
                        });
                    }
                }
                removed += usize::from(fate != Fate::Removed);
            }
            next += removed;
            let fate = if out { Fate::Added } else { Fate::Stays };
            result.extend(hunk.added.iter().map(|line| (format!("{line}\n"), fate)));
        }
        result.extend(lines);
        Ok(Self(result))
    }

    /// The file without what is to be left out.
    fn text(&self) -> String {
        let lines = self.0.iter().filter(|(_, fate)| *fate != Fate::Added);
        lines.map(|(line, _)| line.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::blob_id;

    const PATH: &str = "f";

    /// Patches that lead from each text to the next, with hunks as given.
    fn patches(texts: &[&str], hunks: &[&str]) -> Vec<Patch> {
        let steps = texts.windows(2).zip(hunks).enumerate();
        steps
            .map(|(i, (pair, hunks))| {
                let (before, after) = (blob_id(pair[0]), blob_id(pair[1]));
                let text = format!("diff --git a/f b/f\nindex {before}..{after}\n{hunks}");
                Patch::parse(&format!("000{}-step.patch", i + 1), &text).unwrap()
            })
            .collect()
    }

    fn without(texts: &[&str], hunks: &[&str], numbers: &[&str]) -> Result<String> {
        let mut source = Source::default();
        source.replace(PATH, texts[0].to_owned());
        let numbers: Vec<String> = numbers.iter().map(|n| (*n).to_owned()).collect();
        apply_without(&mut source, &patches(texts, hunks), &numbers)?;
        source.text(PATH).map(str::to_owned)
    }

    const TEXTS: [&str; 4] = [
        "a\nb\nc\nd\n",
        "a\nB\nB2\nc\nd\n",
        "a\nB\nB2\nc\nnew\nd\n",
        "first\na\nB\nB2\nc\nnew\n",
    ];
    const HUNKS: [&str; 3] = [
        "@@ -2 +2,2 @@\n-b\n+B\n+B2\n",
        "@@ -4,0 +5 @@\n+new\n",
        "@@ -0,0 +1 @@\n+first\n@@ -6 +6,0 @@\n-d\n",
    ];

    #[test]
    fn each_can_be_left_out() {
        for (numbers, expected) in [
            (&[][..], TEXTS[3]),
            (&["0001"], "first\na\nb\nc\nnew\n"),
            (&["0002"], "first\na\nB\nB2\nc\n"),
            (&["0003"], TEXTS[2]),
            (&["0001", "0003"], "a\nb\nc\nnew\nd\n"),
            (&["0001", "0002", "0003"], TEXTS[0]),
        ] {
            assert_eq!(
                without(&TEXTS, &HUNKS, numbers).unwrap(),
                expected,
                "{numbers:?}"
            );
        }
    }

    #[test]
    fn what_others_build_on_is_needed() {
        let texts = ["a\n", "a\nb\n", "a\nc\n"];
        let hunks = ["@@ -1,0 +2 @@\n+b\n", "@@ -2 +2 @@\n-b\n+c\n"];
        let error = without(&texts, &hunks, &["0001"]).unwrap_err().to_string();
        assert!(error.contains("0002-step.patch changes `b`"), "{error}");
        assert_eq!(without(&texts, &hunks, &["0001", "0002"]).unwrap(), "a\n");
    }

    #[test]
    fn a_number_that_none_has() {
        let error = without(&TEXTS, &HUNKS, &["0009"]).unwrap_err().to_string();
        assert!(error.contains("no patch 0009"), "{error}");
    }
}
