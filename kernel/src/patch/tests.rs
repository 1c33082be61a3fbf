// SPDX-License-Identifier: BSD-2-Clause
use proptest::prelude::*;

use super::*;

const BASE: &str = "one\ntwo\nthree\nfour\n";

/// A patch of the file `f` from `before` to `after`, with these hunks.
fn patch(before: &str, after: &str, hunks: &str) -> Patch {
    let ids = format!("index {}..{} 100644", blob_id(before), blob_id(after));
    let text = format!("why\n\ndiff --git a/f b/f\n{ids}\n--- a/f\n+++ b/f\n{hunks}");
    Patch::parse("0001-test.patch", &text).unwrap()
}

fn apply(patch: &Patch, text: &str) -> std::result::Result<String, String> {
    patch.files[0]
        .apply(&patch.name, text)
        .map_err(|error| error.to_string())
}

#[test]
fn a_blob_has_the_identity_that_git_gives_it() {
    // git hash-object of these files.
    assert_eq!(blob_id(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_eq!(
        blob_id("hello\n"),
        "ce013625030ba8dba906f756967f9e9ca394464a"
    );
}

#[test]
fn hunks_insert_remove_and_replace() {
    for (after, hunks) in [
        ("zero\none\ntwo\nthree\nfour\n", "@@ -0,0 +1 @@\n+zero\n"),
        ("one\ntwo\nthree\nfour\nfive\n", "@@ -4,0 +5 @@\n+five\n"),
        ("one\nfour\n", "@@ -2,2 +1,0 @@\n-two\n-three\n"),
        (
            "one\nTWO\nthree\nIV\n",
            "@@ -2 +2 @@ x()\n-two\n+TWO\n@@ -4 +4 @@\n-four\n+IV\n",
        ),
        ("+\ntwo\nthree\nfour\n", "@@ -1 +1 @@\n-one\n++\n"),
    ] {
        assert_eq!(
            apply(&patch(BASE, after, hunks), BASE).as_deref(),
            Ok(after),
            "{hunks}"
        );
    }
}

#[test]
fn what_does_not_fit_is_named() {
    for (hunks, message) in [
        (
            "@@ -2 +2 @@\n-zwei\n+2\n",
            ", hunk @@ -2 +2 @@: line 2 is `two`, not `zwei`",
        ),
        (
            "@@ -4,2 +4 @@\n-four\n-five\n+4\n",
            ", hunk @@ -4,2 +4 @@: the file ends at line 4",
        ),
        (
            "@@ -9,0 +10 @@\n+x\n",
            ", hunk @@ -9,0 +10 @@: the file ends at line 4",
        ),
        (
            "@@ -3 +3 @@\n-three\n+3\n@@ -2 +2 @@\n-two\n+2\n",
            "it overlaps the hunk before it",
        ),
        ("@@ -4 +4 @@\n-four\n+4\n", ": the result is "),
    ] {
        let error = apply(&patch(BASE, "other\n", hunks), BASE).unwrap_err();
        assert!(
            error.starts_with("0001-test.patch does not fit f"),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn an_insertion_into_another_version_is_noticed() {
    let patch = patch("one\n", "zero\none\n", "@@ -0,0 +1 @@\n+zero\n");
    let error = apply(&patch, BASE).unwrap_err();
    assert!(
        error.contains("it was made for the version 5626abf0f7"),
        "{error}"
    );
}

#[test]
fn malformed_patches_are_refused_with_their_line() {
    let head = "diff --git a/f b/f\nindex 0123456789..0123456789\n--- a/f\n+++ b/f\n";
    for (text, message) in [
        ("nothing\n".into(), "p:1: no `diff --git` line"),
        ("diff --git a/f b/g\n".into(), "p:1: cannot read the paths"),
        ("diff --git f f\n".into(), "p:1: cannot read the paths"),
        (
            "diff --git a/f b/f\n--- a/f\n".into(),
            "p:2: no `index` line",
        ),
        (
            "diff --git a/f b/f\nindex 01..23 100644\n".into(),
            "p:2: give 10 or more digits",
        ),
        (
            "diff --git a/f b/f\nnew file mode 100644\n".into(),
            "p:2: unexpected line",
        ),
        (
            format!("{head}@@ -x +1 @@\n"),
            "p:5: cannot read the hunk header",
        ),
        (
            format!("{head}@@ -0 +1 @@\n"),
            "p:5: cannot read the hunk header",
        ),
        (
            format!("{head}@@ -1 +1 @@\n-a\n b\n"),
            "p:7: unexpected line ` b`",
        ),
        (
            format!("{head}@@ -1 +1 @@\n+a\n-b\n"),
            "p:7: unexpected line `-b`",
        ),
        (
            format!("{head}@@ -1 +1 @@\n-a\n\\ No newline\n"),
            "p:7: unexpected line",
        ),
    ] {
        let error = Patch::parse("p", &text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

proptest! {
    /// Any replacement of lines by lines, written as a patch, is what applying it does.
    #[test]
    fn a_replacement_round_trips(
        lines in prop::collection::vec("[a-z+@ -]{0,6}", 0..20),
        at in 0usize..20, length in 0usize..5,
        new in prop::collection::vec("[a-z+@ -]{0,6}", 1..5),
    ) {
        let at = at.min(lines.len());
        let length = length.min(lines.len() - at);
        let start = if length == 0 { at } else { at + 1 };
        let mut hunk = format!("@@ -{start},{length} +1 @@\n");
        let mut after = lines.clone();
        for line in after.splice(at..at + length, new.clone()) {
            hunk += &format!("-{line}\n");
        }
        for line in &new {
            hunk += &format!("+{line}\n");
        }
        let text = |lines: &[String]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
        let (before, after) = (text(&lines), text(&after));
        let patch = patch(&before, &after, &hunk);
        prop_assert_eq!(apply(&patch, &before), Ok(after));
        prop_assert_eq!(patch.line_counts(), (new.len(), length));
    }

    /// Text of any kind is parsed or refused, never a panic.
    #[test]
    fn any_text_is_parsed_or_refused(text in "(diff --git a/f b/f|index |@@ -|[-+ @0-9,a\n])*") {
        let _ = Patch::parse("p", &text);
    }
}
