// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's source: found, read into memory, patched, written out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::patch::Patch;
use crate::{Error, Result, without};

/// The crate that carries the kernel in its folder `seL4`.
const CRATE: &str = "sel4-sys";
/// The version that the patches are made for.
const VERSION: &str = "0.0.28";
/// What of the kernel's folder is needed to build it and to describe its interface.
const PARTS: [&str; 5] = ["Makefile", "include", "libsel4", "src", "tools"];

/// Folder of this crate: where the patches and the overlay are.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The kernel's source, in memory.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Files by their path in the source, with `/` between the components.
    files: BTreeMap<String, File>,
}

#[derive(Clone, Debug)]
struct File {
    text: String,
    executable: bool,
}

/// Asks cargo where the crate with the kernel's source is. Downloads it if necessary.
///
/// Uses the program in `$CARGO` if there is one, as in build scripts, else `cargo`.
pub fn locate() -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(Path::new(HERE).join("Cargo.toml"))
        .exec()
        .map_err(|e| Error::Locate(e.to_string()))?;
    let found = metadata.packages.iter().find(|p| p.name == CRATE);
    let Some(package) = found else {
        return Err(Error::Locate(format!(
            "cargo does not know the crate {CRATE}"
        )));
    };
    if package.version.to_string() != VERSION {
        let found = &package.version;
        return Err(Error::Locate(format!(
            "{CRATE} {found} found, the patches need {VERSION}"
        )));
    }
    let folder = package.manifest_path.with_file_name("seL4");
    Ok(folder.into_std_path_buf())
}

/// The patches of `kernel/patches`, in the order in which they apply.
pub fn patches() -> Result<Vec<Patch>> {
    let folder = Path::new(HERE).join("patches");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
        let name = entry.map_err(Error::io(&folder))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".patch") {
            names.insert(name);
        }
    }
    let read = |name: &String| {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
        Patch::parse(name, &text)
    };
    names.iter().map(read).collect()
}

/// Files and folders whose change changes the patched source; for `cargo:rerun-if-changed`.
pub fn inputs() -> Vec<PathBuf> {
    ["patches", "src/overlay"]
        .map(|part| Path::new(HERE).join(part))
        .to_vec()
}

impl Source {
    /// The source that the kernels are built from: the crate's, with the overlay and all patches.
    pub fn patched() -> Result<Self> {
        let mut source = Self::unpatched()?;
        for patch in patches()? {
            source.apply(&patch)?;
        }
        Ok(source)
    }

    /// As [`patched`](Self::patched), but without the patches of these numbers.
    pub fn patched_without(numbers: &[String]) -> Result<Self> {
        let mut source = Self::unpatched()?;
        without::apply_without(&mut source, &patches()?, numbers)?;
        Ok(source)
    }

    /// The crate's source with the overlay, before the first patch.
    pub fn unpatched() -> Result<Self> {
        let mut source = Self::load(&locate()?)?;
        source.add_overlay(&Path::new(HERE).join("src/overlay"))?;
        Ok(source)
    }

    /// Reads the kernel's source in `folder`.
    pub fn load(folder: &Path) -> Result<Self> {
        let mut source = Self::default();
        for part in PARTS {
            source.load_part(&folder.join(part), part)?;
        }
        Ok(source)
    }

    fn load_part(&mut self, path: &Path, name: &str) -> Result<()> {
        let metadata = fs::metadata(path).map_err(Error::io(path))?;
        if metadata.is_dir() {
            for entry in fs::read_dir(path).map_err(Error::io(path))? {
                let entry = entry.map_err(Error::io(path))?;
                let child = entry.file_name();
                self.load_part(
                    &entry.path(),
                    &format!("{name}/{}", child.to_string_lossy()),
                )?;
            }
        } else if !name.ends_with(".pyc") {
            let text = fs::read_to_string(path).map_err(Error::io(path))?;
            let executable = metadata.permissions().mode() & 0o111 != 0;
            self.files
                .insert(name.to_owned(), File { text, executable });
        }
        Ok(())
    }

    /// Adds the files of `folder`, none of which may exist.
    fn add_overlay(&mut self, folder: &Path) -> Result<()> {
        let mut overlay = Self::default();
        for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
            let entry = entry.map_err(Error::io(folder))?;
            overlay.load_part(&entry.path(), &entry.file_name().to_string_lossy())?;
        }
        for (name, file) in overlay.files {
            if self.files.contains_key(&name) {
                let path = folder.join(name);
                let source = std::io::ErrorKind::AlreadyExists.into();
                return Err(Error::Io { path, source });
            }
            self.files.insert(name, file);
        }
        Ok(())
    }

    /// Applies one patch, completely or not at all.
    pub fn apply(&mut self, patch: &Patch) -> Result<()> {
        let mut changed = Vec::new();
        for change in &patch.files {
            let Some(file) = self.files.get(&change.path) else {
                return Err(Error::PatchMismatch {
                    patch: patch.name.clone(),
                    file: change.path.clone(),
                    hunk: None,
                    what: "there is no such file".into(),
                });
            };
            changed.push((&change.path, change.apply(&patch.name, &file.text)?));
        }
        for (path, text) in changed {
            if let Some(file) = self.files.get_mut(path) {
                file.text = text;
            }
        }
        Ok(())
    }

    /// The text of the file `path`.
    pub fn text(&self, path: &str) -> Result<&str> {
        let file = self
            .files
            .get(path)
            .ok_or_else(|| Error::NoSuchFile(path.to_owned()))?;
        Ok(&file.text)
    }

    /// Puts `text` in place of the file `path`, or adds it.
    pub fn replace(&mut self, path: &str, text: String) {
        let executable = self.files.get(path).is_some_and(|file| file.executable);
        self.files
            .insert(path.to_owned(), File { text, executable });
    }

    /// All files with their paths, in the order of the paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, file)| (path.as_str(), file.text.as_str()))
    }

    /// Writes the source to `folder`.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        for (name, file) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(Error::io(parent))?;
            }
            fs::write(&path, &file.text).map_err(Error::io(&path))?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                .map_err(Error::io(&path))?;
        }
        Ok(())
    }
}
