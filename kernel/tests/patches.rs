// SPDX-License-Identifier: BSD-2-Clause
//! The patches fit the pinned source, and README.md says what they are.

use std::fs;
use std::path::Path;

use sel4_kernel::patch::Patch;
use sel4_kernel::source::{Source, locate, patches};

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_patch_applies_to_the_pinned_source() {
    let mut source = Source::unpatched().unwrap();
    for patch in patches().unwrap() {
        source
            .apply(&patch)
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_patch_has_a_licence_a_reason_and_a_number() {
    for patch in patches().unwrap() {
        let name = &patch.name;
        let text = fs::read_to_string(here("patches").join(name)).unwrap();
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some("SPDX-License-Identifier: GPL-2.0-only"),
            "{name}"
        );
        let reason = lines
            .take_while(|line| !line.starts_with("diff "))
            .collect::<String>();
        assert!(reason.len() > 60, "{name} does not say why");
        let (number, what) = name.split_once('-').unwrap();
        assert!(
            number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()),
            "{name}"
        );
        assert!(!what.is_empty(), "{name}");
        let (added, _) = patch.line_counts();
        assert!(
            added <= 60,
            "{name} adds {added} lines: move them to src/overlay"
        );
    }
}

#[test]
fn the_readme_lists_the_patches() {
    let readme = fs::read_to_string(here("README.md")).unwrap();
    for patch in patches().unwrap() {
        let (added, removed) = patch.line_counts();
        let name = patch.name.trim_end_matches(".patch");
        let (number, what) = name.split_once('-').unwrap();
        let start = format!("| {number} | {what} | ");
        let end = format!(" | +{added} −{removed} |");
        let listed = readme
            .lines()
            .any(|line| line.starts_with(&start) && line.ends_with(&end));
        assert!(listed, "README.md has no line `{start}…{end}`");
    }
}

#[test]
fn a_patch_changes_all_its_files_or_none() {
    let mut source = Source::default();
    source.replace("f", "one\n".into());
    let text = "\
diff --git a/f b/f
index 5626abf0f72e..f719efd430d5 100644
--- a/f
+++ b/f
@@ -1 +1 @@
-one
+two
diff --git a/g b/g
index 5626abf0f72e..f719efd430d5 100644
--- a/g
+++ b/g
@@ -1 +1 @@
-one
+two
";
    let patch = Patch::parse("0001-two-files.patch", text).unwrap();
    let error = source.apply(&patch).unwrap_err().to_string();
    assert_eq!(
        error,
        "0001-two-files.patch does not fit g: there is no such file"
    );
    assert_eq!(source.text("f").unwrap(), "one\n");
    source.replace("g", "one\n".into());
    source.apply(&patch).unwrap();
    assert_eq!(source.text("f").unwrap(), "two\n");
    assert_eq!(source.text("g").unwrap(), "two\n");
}

#[test]
fn the_source_is_written_with_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let source = Source::patched().unwrap();
    source.write_to(folder.path()).unwrap();
    let mode = |path: &str| {
        let metadata = fs::metadata(folder.path().join(path)).unwrap();
        metadata.permissions().mode() & 0o111
    };
    assert_ne!(mode("tools/changed.sh"), 0);
    assert_eq!(mode("Makefile"), 0);
    let written = fs::read_to_string(folder.path().join("include/api/syscall.xml")).unwrap();
    assert!(written.contains("DebugPutString"));
    assert_eq!(
        Source::load(folder.path()).unwrap().files().count(),
        source.files().count()
    );
}

#[test]
fn a_folder_without_a_kernel_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Source::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("Makefile"), "{error}");
    assert!(locate().unwrap().join("Makefile").exists());
}
