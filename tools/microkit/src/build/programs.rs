// SPDX-License-Identifier: BSD-2-Clause
//! The programs of all protection domains, and whether each fits beside what its domain maps.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::builder::Builder;
use super::layout::STACK_TOP;
use crate::diag::Diagnostic;
use crate::elf::{self, ElfError, Program, Symbols};
use crate::model::{ProtectionDomain, Span};

/// A program, and where its variables are.
#[derive(Clone)]
pub(super) struct Loaded {
    pub program: Program,
    pub symbols: Symbols,
}

/// Programs that were read, so that protection domains that run the same one read it once.
#[derive(Default)]
struct Cache(HashMap<PathBuf, Loaded>);

impl Builder<'_> {
    /// Loads the program of every protection domain; `None` if there was an error with any.
    pub(super) fn programs(&mut self) -> Option<Vec<Loaded>> {
        let mut cache = Cache::default();
        let pds = &self.input.system.pds;
        let programs: Vec<_> = pds.iter().map(|pd| self.program(pd, &mut cache)).collect();
        programs.into_iter().collect()
    }

    /// Loads the monitor's program, a part of the SDK.
    pub(super) fn monitor_program(&mut self) -> Option<Loaded> {
        let path = self.input.monitor;
        match elf::load(path) {
            Ok((program, symbols)) => Some(Loaded { program, symbols }),
            Err(error) => {
                let message = format!("the monitor '{}' {error}", path.display());
                self.errors
                    .push(Diagnostic::without_place(message, "build the SDK again"));
                None
            }
        }
    }

    fn program(&mut self, pd: &ProtectionDomain, cache: &mut Cache) -> Option<Loaded> {
        let image = &pd.program_image;
        let path = self.find(pd, &image.path, &image.span)?;
        let mut loaded = match cache.load(&path) {
            Ok(loaded) => loaded,
            Err(error) => return self.broken(pd, &image.path, &image.span, error),
        };
        if let Some(with_symbols) = &image.path_for_symbols {
            let path = self.find(pd, with_symbols, &image.span)?;
            match elf::load_symbols(&path) {
                Ok(symbols) => loaded.symbols = symbols,
                Err(error) => return self.broken(pd, with_symbols, &image.span, error),
            }
        }
        self.fits(pd, &loaded.program).then_some(loaded)
    }

    fn find(&mut self, pd: &ProtectionDomain, path: &Path, span: &Span) -> Option<PathBuf> {
        let found = self
            .input
            .search
            .iter()
            .map(|dir| dir.join(path))
            .find(|path| path.exists());
        if found.is_none() {
            let message = format!(
                "program image '{}' of protection domain '{}' does not exist",
                path.display(),
                pd.name
            );
            let dirs: Vec<String> = self
                .input
                .search
                .iter()
                .map(|dir| format!("'{}'", dir.display()))
                .collect();
            self.error(
                span,
                message,
                format!(
                    "build it, or correct the path; looked in {}",
                    dirs.join(", ")
                ),
            );
        }
        found
    }

    fn broken(
        &mut self,
        pd: &ProtectionDomain,
        path: &Path,
        span: &Span,
        error: ElfError,
    ) -> Option<Loaded> {
        let message = format!(
            "program image '{}' of protection domain '{}' {error}",
            path.display(),
            pd.name
        );
        self.error(span, message, error.help());
        None
    }

    /// Reports every overlap of the program with a mapping or the stack.
    fn fits(&mut self, pd: &ProtectionDomain, program: &Program) -> bool {
        let before = self.errors.len();
        let stack = STACK_TOP - pd.stack_size;
        let frames_max = 1u64 << self.input.config.root_cnode_size_bits;
        for segment in &program.segments {
            let pages = segment.pages();
            if pages.end > stack || (pages.end - pages.start) >> 12 >= frames_max {
                let message = format!(
                    "the program of protection domain '{}' has a segment at {:#x}..{:#x}, which reaches the stack or is larger than memory can be",
                    pd.name, pages.start, pages.end
                );
                self.error(
                    &pd.program_image.span,
                    message,
                    "link the program at a lower address",
                );
            }
            for map in &pd.maps {
                let region = &self.input.system.memory_regions[map.mr];
                let end = map.vaddr.saturating_add(region.size);
                if map.vaddr < pages.end && pages.start < end {
                    let message = format!(
                        "map of '{}' at {:#x}..{end:#x} overlaps the program of protection domain '{}', which has a segment at {:#x}..{:#x}",
                        region.name, map.vaddr, pd.name, pages.start, pages.end
                    );
                    let help =
                        format!("map it elsewhere; the program ends at {:#x}", program.end());
                    self.error(&map.span, message, help);
                }
            }
        }
        self.errors.len() == before
    }
}

impl Cache {
    fn load(&mut self, path: &Path) -> Result<Loaded, ElfError> {
        if let Some(loaded) = self.0.get(path) {
            return Ok(loaded.clone());
        }
        let (program, symbols) = elf::load(path)?;
        let loaded = Loaded { program, symbols };
        self.0.insert(path.into(), loaded.clone());
        Ok(loaded)
    }
}
