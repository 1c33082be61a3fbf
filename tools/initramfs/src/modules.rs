// SPDX-License-Identifier: BSD-2-Clause
//! Kernel modules: found by name in a tree of a kernel package, decompressed, with what they depend
//! on. The dependencies are in the modules themselves; `modules.dep` is made when a package is
//! installed, and here none is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection};

/// What a module's file name ends with: plain, and as Debian compresses it.
const PLAIN: &str = ".ko";
const COMPRESSED: &str = ".ko.xz";

/// A module, ready to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name, with `_` for every `-`.
    pub name: String,
    /// The ELF file.
    pub contents: Vec<u8>,
}

/// All modules of a kernel.
#[derive(Clone, Debug)]
pub struct Modules {
    paths: BTreeMap<String, PathBuf>,
}

impl Modules {
    /// Looks for modules in `folder` and everything below it.
    pub fn find(folder: &Path) -> Result<Self> {
        let mut paths = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("cannot list {}", folder.display()))?;
            for entry in entries {
                let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
                let path = entry.path();
                // Not through links: a package's own lead out of its tree.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else if let Some(name) = module_name(&path) {
                    paths.insert(name, path);
                }
            }
        }
        Ok(Self { paths })
    }

    /// The modules `names` and all that they depend on, each once, in the order to load them.
    pub fn load(&self, names: &[&str]) -> Result<Vec<Module>> {
        let mut loaded = Vec::new();
        for name in names {
            self.load_one(&canonical(name), &mut loaded, &mut Vec::new())?;
        }
        Ok(loaded)
    }

    fn load_one(
        &self,
        name: &str,
        loaded: &mut Vec<Module>,
        below: &mut Vec<String>,
    ) -> Result<()> {
        if loaded.iter().any(|module| module.name == name) {
            return Ok(());
        }
        if below.iter().any(|other| other == name) {
            bail!("modules that depend on each other: {}", below.join(", "));
        }
        let Some(path) = self.paths.get(name) else {
            let wanted = below.last().map(|by| format!(", which {by} needs"));
            bail!(
                "this kernel has no module {name}{}; is it built in?",
                wanted.unwrap_or_default()
            );
        };
        let contents = read(path)?;
        let needed = dependencies(&contents)
            .with_context(|| format!("{} is not a kernel module", path.display()))?;
        below.push(name.to_owned());
        for other in needed {
            self.load_one(&other, loaded, below)?;
        }
        below.pop();
        loaded.push(Module {
            name: name.to_owned(),
            contents,
        });
        Ok(())
    }
}

/// The name of the module in the file `path`, if it is one.
fn module_name(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let name = file
        .strip_suffix(COMPRESSED)
        .or_else(|| file.strip_suffix(PLAIN))?;
    Some(canonical(name))
}

/// Linux does not tell `-` from `_` in the names of modules.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// The names after `depends=` in the section `.modinfo`, a list of strings that end with zeros.
fn dependencies(contents: &[u8]) -> Result<Vec<String>> {
    let elf = object::File::parse(contents)?;
    let section = elf.section_by_name(".modinfo").context("no .modinfo")?;
    let data = section.data()?;
    let entry = data
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(b"depends="));
    let names = String::from_utf8_lossy(entry.unwrap_or_default());
    let names = names.split(',').filter(|name| !name.is_empty());
    Ok(names.map(canonical).collect())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if !path.to_string_lossy().ends_with(COMPRESSED) {
        return fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let output = Command::new("xz")
        .arg("-dc")
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .context("cannot start xz")?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("cannot decompress {}: {}", path.display(), why.trim());
    }
    Ok(output.stdout)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use object::write;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    /// A module with nothing in it but what it depends on.
    pub fn module(depends: &str) -> Vec<u8> {
        let (format, endian) = (BinaryFormat::Elf, Endianness::Little);
        let mut elf = write::Object::new(format, Architecture::X86_64, endian);
        let section = elf.add_section(vec![], b".modinfo".to_vec(), SectionKind::ReadOnlyData);
        let text = format!("license=GPL\0depends={depends}\0name=x\0");
        elf.append_section_data(section, text.as_bytes(), 1);
        elf.write().unwrap()
    }

    fn tree(modules: &[(&str, &str)]) -> (tempfile::TempDir, Modules) {
        let folder = tempfile::tempdir().unwrap();
        for (path, depends) in modules {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, module(depends)).unwrap();
        }
        let modules = Modules::find(folder.path()).unwrap();
        (folder, modules)
    }

    fn names(modules: &Modules, wanted: &[&str]) -> Result<Vec<String>> {
        let loaded = modules.load(wanted)?;
        Ok(loaded.into_iter().map(|module| module.name).collect())
    }

    #[test]
    fn what_a_module_needs_is_loaded_before_it_and_once() {
        let (_folder, modules) = tree(&[
            ("drivers/net/igb.ko", "dca,i2c-algo-bit"),
            ("drivers/dca/dca.ko", ""),
            ("drivers/i2c/i2c-algo-bit.ko", ""),
            ("drivers/nvme/nvme.ko", "nvme-core"),
            ("drivers/nvme/nvme-core.ko", "nvme-auth,dca"),
            ("drivers/nvme/nvme-auth.ko", ""),
        ]);
        for (wanted, expected) in [
            (&["dca"][..], &["dca"][..]),
            (&["igb"], &["dca", "i2c_algo_bit", "igb"]),
            (
                &["nvme", "igb", "nvme_core"],
                &[
                    "nvme_auth",
                    "dca",
                    "nvme_core",
                    "nvme",
                    "i2c_algo_bit",
                    "igb",
                ],
            ),
            (&[], &[]),
        ] {
            assert_eq!(names(&modules, wanted).unwrap(), expected, "{wanted:?}");
        }
    }

    #[test]
    fn what_cannot_be_loaded_is_named() {
        let (folder, modules) = tree(&[
            ("a.ko", "b"),
            ("b.ko", "a"),
            ("c.ko", "missing"),
            ("d.ko", ""),
        ]);
        fs::write(folder.path().join("d.ko"), b"text").unwrap();
        for (wanted, expected) in [
            ("e", "no module e; is it built in?"),
            ("c", "no module missing, which c needs"),
            ("a", "depend on each other: a, b"),
            ("d", "d.ko is not a kernel module"),
        ] {
            let error = names(&modules, &[wanted]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn compressed_modules_are_decompressed() {
        let (folder, _) = tree(&[("x.ko", "")]);
        let plain = fs::read(folder.path().join("x.ko")).unwrap();
        let status = Command::new("xz")
            .arg(folder.path().join("x.ko"))
            .status()
            .expect("the set-up installs xz");
        assert!(status.success());
        let modules = Modules::find(folder.path()).unwrap();
        assert_eq!(modules.load(&["x"]).unwrap()[0].contents, plain);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.ko.xz"), b"nothing").unwrap();
        let modules = Modules::find(folder.path()).unwrap();
        let error = modules.load(&["x"]).unwrap_err().to_string();
        assert!(error.contains("x.ko.xz"), "{error}");
    }
}
