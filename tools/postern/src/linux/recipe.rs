// SPDX-License-Identifier: BSD-2-Clause
//! What a Linux guest consists of, beside the kernel and busybox: a file of `testbed/guests/linux`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// The content of a file `NAME.toml`. Other files that it names lie beside it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The script that it runs.
    pub main: String,
    /// Modules that it loads first, in this order; what they depend on comes by itself.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Scripts, by the names under which `main` can call them.
    #[serde(default)]
    pub scripts: BTreeMap<String, String>,
    /// Packages of programs, by the names under which `main` can call these.
    #[serde(default)]
    pub programs: BTreeMap<String, String>,
}

impl Recipe {
    /// Where the recipe `name` is, unless that is no name for one.
    pub fn path(folder: &Path, name: &str) -> Option<PathBuf> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_name = !name.is_empty() && name.chars().all(fits);
        is_name.then(|| folder.join(format!("{name}.toml")))
    }

    /// Reads one.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let path = Self::path(folder, name)
            .with_context(|| format!("`{name}` is no name of a Linux guest"))?;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let text = "main = 'a.sh'\nmodules = ['igb']\n[programs]\nprobe = 'linux-probe'\n";
        std::fs::write(folder.path().join("a.toml"), text).unwrap();
        std::fs::write(folder.path().join("b.toml"), "modules = []").unwrap();
        let recipe = Recipe::read(folder.path(), "a").unwrap();
        assert_eq!((recipe.main.as_str(), recipe.modules.len()), ("a.sh", 1));
        assert_eq!(recipe.programs["probe"], "linux-probe");
        assert!(recipe.scripts.is_empty());
        for (name, expected) in [
            ("b", "missing field `main`"),
            ("c", "cannot read"),
            ("../a", "is no name"),
            ("", "is no name"),
        ] {
            let error = format!("{:#}", Recipe::read(folder.path(), name).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }
}
