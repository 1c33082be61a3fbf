// SPDX-License-Identifier: BSD-2-Clause
//! Which tests are meant by `T=...`: those whose name contains it.

use std::path::Path;

/// A filter by name.
#[derive(Clone, Debug)]
pub struct Filter(Option<String>);

impl Filter {
    /// Everything, or what contains `text`.
    pub fn new(text: Option<&str>) -> Self {
        Self(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// Is everything meant?
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Is the test of this full name meant?
    pub fn takes(&self, name: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|text| name.contains(text.as_str()))
    }

    /// Could a test of `system` in `environment` be meant, whose sources are in `folder`? The
    /// tests' names are only known after a boot, so their sources are searched for the text.
    pub fn may_take(&self, system: &str, environment: &str, folder: &Path) -> bool {
        let Some(text) = &self.0 else { return true };
        let (text, place) = text
            .split_once('@')
            .map_or((text.as_str(), ""), |(t, p)| (t, p));
        if !environment.starts_with(place) && !environment.contains(text) {
            return false;
        }
        if format!("{system}.").contains(text) || environment.contains(text) {
            return true;
        }
        match text.split_once('.') {
            // All of it after a complete system's name, or the end of one.
            Some((name, test)) => system.ends_with(name) && mentions(folder, test),
            None => mentions(folder, text),
        }
    }

    /// Could a test on the host be meant? Their names have no place behind an `@`, and do not
    /// begin with the name of one of the `systems` that are booted and a dot.
    pub fn may_take_host<'a>(&self, mut systems: impl Iterator<Item = &'a str>) -> bool {
        let Some(text) = &self.0 else { return true };
        let booted = |system: &str| {
            text.strip_prefix(system)
                .is_some_and(|t| t.starts_with('.'))
        };
        !text.contains('@') && !systems.any(booted)
    }
}

/// Does a Rust source below `folder` contain `text`?
fn mentions(folder: &Path, text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            mentions(&path, text)
        } else {
            let rust = path.extension().is_some_and(|extension| extension == "rs");
            rust && std::fs::read_to_string(&path).is_ok_and(|source| source.contains(text))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_booted_only_when_a_test_of_theirs_can_be_meant() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/a.rs"), "fn words_64() {}").unwrap();
        for (text, expected) in [
            ("", true),
            ("ipc", true),
            ("ip", true),
            ("ipc.words_64@qemu-1cpu", true),
            ("ipc.words_64", true),
            ("pc.words", true),
            ("words", true),
            ("words@qemu", true),
            ("qemu-1", true),
            ("words@bochs", false),
            ("ipc.order", false),
            ("irq", false),
            ("bochs", false),
        ] {
            let filter = Filter::new(Some(text));
            assert_eq!(
                filter.may_take("ipc", "qemu-1cpu", folder.path()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn host_tests_are_built_only_when_one_can_be_meant() {
        for (text, expected) in [
            ("", true),
            ("ipc", true),
            ("ipc::tests", true),
            ("ipc.words", false),
            ("words@qemu", false),
            ("ip.words", true),
        ] {
            let filter = Filter::new(Some(text));
            assert_eq!(
                filter.may_take_host(["irq", "ipc"].into_iter()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn names_are_taken_by_any_part() {
        let filter = Filter::new(Some("words@q"));
        assert!(filter.takes("ipc.words@qemu-1cpu"));
        assert!(!filter.takes("ipc.words@bochs"));
        assert!(Filter::new(None).takes("x") && Filter::new(Some("")).is_all());
    }
}
