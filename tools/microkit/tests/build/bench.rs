// SPDX-License-Identifier: BSD-2-Clause
//! A folder with programs, and what the builder makes of a description in it.

use std::fs;
use std::path::{Path, PathBuf};

use microkit::build::{self, Image, Input};
use microkit::config::KernelConfig;
use microkit::diag::{Diagnostic, Source};
use microkit::sdf;
use object_spec::{CapData, Capability, FillSource, Kind, ObjectId, Spec};
use tempfile::TempDir;

use crate::fixture::Fixture;

/// A kernel with everything.
pub const CONFIG: &str = r#"{
    "SEL4_ARCH": "x86_64", "VTX": true, "USER_IOMMU": true, "PRINTING": true,
    "ENABLE_SMP_SUPPORT": false, "NUM_DOMAINS": 16, "NUM_DOMAIN_SCHEDULES": 100,
    "TIMER_TICK_MS": "2", "ROOT_CNODE_SIZE_BITS": "19", "PADDR_USER_DEVICE_TOP": "0x800000000000"
}"#;

pub struct Bench {
    pub dir: TempDir,
}

impl Bench {
    /// A folder with the program `pd` and a monitor.
    pub fn new() -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        bench.program("pd", &Fixture::default());
        bench.program("monitor", &monitor());
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn program(&self, name: &str, fixture: &Fixture) {
        self.file(name, &fixture.bytes());
    }

    pub fn file(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Builds the description whose `<system>` has this content.
    pub fn try_build(&self, content: &str) -> Result<Image, Vec<Diagnostic>> {
        let text = format!("<system>{content}</system>");
        let config = KernelConfig::parse(CONFIG).unwrap();
        let search = [self.dir.path().to_path_buf()];
        let (system, _) = sdf::parse("test.system", &text, &config, &search)?;
        build::build(&Input {
            system: &system,
            source: &Source::new("test.system", &text),
            config: &config,
            search: &search,
            monitor: &self.path("monitor"),
        })
    }

    /// As [`Self::try_build`], for what must succeed; the initial task must accept it, too.
    pub fn build(&self, content: &str) -> Built {
        let image = self.try_build(content).unwrap_or_else(|errors| {
            panic!(
                "{:#?}",
                errors.iter().map(Diagnostic::one_line).collect::<Vec<_>>()
            )
        });
        let read = Spec::decode(&image.spec.encode(), image.data.len()).unwrap();
        assert_eq!(read, image.spec);
        let mut data = Vec::new();
        image.data.write(&mut data).unwrap();
        Built {
            spec: image.spec,
            data,
        }
    }

    /// The one-line forms of the errors that a description leads to.
    pub fn errors(&self, content: &str) -> Vec<String> {
        let errors = self.try_build(content).err().unwrap_or_default();
        for error in &errors {
            assert!(!error.help_text().is_empty(), "{error}");
        }
        errors.iter().map(Diagnostic::one_line).collect()
    }
}

/// The least that a monitor has.
pub fn monitor() -> Fixture {
    Fixture::default().with_symbol("postern_monitor_info", crate::fixture::DATA + 0x80, 16)
}

/// A protection domain that runs `pd`, with further elements.
pub fn pd(name: &str, content: &str) -> String {
    format!(
        r#"<protection_domain name="{name}"><program_image path="pd"/>{content}</protection_domain>"#
    )
}

/// An image and its data.
pub struct Built {
    pub spec: Spec,
    pub data: Vec<u8>,
}

impl Built {
    /// The object of a name.
    pub fn object(&self, name: &str) -> ObjectId {
        let mut found = (0..)
            .zip(&self.spec.objects)
            .filter(|(_, object)| object.name == name);
        let (id, _) = found.next().unwrap_or_else(|| panic!("no object {name}"));
        assert!(found.next().is_none(), "two objects {name}");
        id
    }

    /// The capability in a slot of a protection domain's main CNode.
    pub fn cap(&self, pd: &str, slot: u32) -> Option<&Capability> {
        self.cap_in(&format!("CNode of '{pd}'"), slot)
    }

    pub fn cap_in(&self, cnode: &str, slot: u32) -> Option<&Capability> {
        let cnode = self.object(cnode);
        let mut caps = self
            .spec
            .capabilities
            .iter()
            .filter(|cap| cap.cnode == cnode && cap.slot == slot);
        let found = caps.next();
        assert!(caps.next().is_none(), "two capabilities in slot {slot}");
        found
    }

    /// Name of the object, rights and badge of a capability.
    pub fn shown(&self, pd: &str, slot: u32) -> (&str, u8, Option<u64>) {
        let cap = self
            .cap(pd, slot)
            .unwrap_or_else(|| panic!("'{pd}' has nothing in slot {slot}"));
        let badge = match cap.data {
            CapData::Badge(badge) => Some(badge),
            _ => None,
        };
        (
            &self.spec.objects[cap.object as usize].name,
            cap.rights.0,
            badge,
        )
    }

    /// What a protection domain finds at an address when it starts; bytes without content are 0.
    pub fn memory(&self, pd: &str, address: u64, len: usize) -> Vec<u8> {
        let space = self.object(&format!("protection domain '{pd}'"));
        (address..address + len as u64)
            .map(|at| self.byte(space, at))
            .collect()
    }

    pub fn word(&self, pd: &str, address: u64) -> u64 {
        u64::from_le_bytes(self.memory(pd, address, 8).try_into().unwrap())
    }

    fn byte(&self, space: ObjectId, address: u64) -> u8 {
        let mut found = self.spec.mappings.iter().filter_map(|mapping| {
            let Kind::Frames { size, .. } = self.spec.objects[mapping.frames as usize].kind else {
                panic!("a mapping of no frames");
            };
            let offset = address.checked_sub(mapping.vaddr)?;
            let inside = offset < u64::from(mapping.count) * size.bytes();
            let first = u64::from(mapping.first) * size.bytes();
            (mapping.space == space && inside).then_some((mapping.frames, first + offset))
        });
        let (frames, at) = found
            .next()
            .unwrap_or_else(|| panic!("nothing at {address:#x}"));
        assert!(found.next().is_none(), "{address:#x} is mapped twice");
        let fills = self.spec.fills.iter().filter(|fill| fill.frames == frames);
        let mut bytes = fills.filter_map(|fill| match fill.source {
            FillSource::Data { offset, len } => {
                let inside = at.checked_sub(fill.offset).filter(|inside| *inside < len)?;
                Some(self.data[(offset + inside) as usize])
            }
            _ => None,
        });
        bytes.next().unwrap_or(0)
    }
}

/// What is in a folder.
pub fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
