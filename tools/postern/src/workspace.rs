// SPDX-License-Identifier: BSD-2-Clause
//! Where things are: the sources, what is built from them, and what is kept between builds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The folders that this program works in.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The sources: where the workspace's `Cargo.toml` is.
    pub root: PathBuf,
    /// What cargo and we build.
    pub target: PathBuf,
    /// What is built or fetched once per machine, e.g. Bochs.
    pub cache: PathBuf,
}

impl Workspace {
    /// Finds the folders. `POSTERN_CACHE` and `CARGO_TARGET_DIR` move two of them.
    pub fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some(root) = here
            .ancestors()
            .nth(2)
            .filter(|root| root.join("Cargo.lock").is_file())
        else {
            bail!(
                "the sources that this program was built from are gone: {}",
                here.display()
            );
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder).context("CARGO_TARGET_DIR")?,
            None => root.join("target"),
        };
        Ok(Self {
            root: root.to_owned(),
            target,
            cache: cache_folder()?,
        })
    }

    /// The folder of the host programs that cargo builds.
    pub fn tools(&self) -> PathBuf {
        self.target.join("release")
    }

    /// The folder of the programs that run on seL4.
    pub fn programs(&self) -> PathBuf {
        self.target.join("program")
    }

    /// The folder of the files for guests that are made here.
    pub fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// A file for a log, in a folder that exists then.
    pub fn log(&self, name: &str) -> Result<PathBuf> {
        Ok(self.folder("logs")?.join(format!("{name}.log")))
    }

    /// A folder below the target folder, which exists then.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(folder)
    }
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("POSTERN_CACHE").filter(|value| !value.is_empty()) {
        return std::path::absolute(folder).context("POSTERN_CACHE");
    }
    match std::env::home_dir() {
        Some(home) => Ok(home.join(".cache/postern")),
        None => bail!("HOME is not set; set it, or POSTERN_CACHE to a folder for built tools"),
    }
}

/// `path` as a person in `root` would type it.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
