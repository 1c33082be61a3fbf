// SPDX-License-Identifier: BSD-2-Clause
//! A program in its address space.
//!
//! A program that asks for it, by having the variable `postern_pristine`, can be started again: its
//! writable segments are empty at first, their content lies in read-only pages of the same protection
//! domain, and the program copies it at every start. Programs without the variable get their writable
//! segments filled, once.

use object_spec::Rights;

use super::builder::{Builder, Frames};
use super::layout::{IPC_BUFFER, STACK_TOP};
use super::programs::Loaded;
use super::space::Space;
use crate::elf::{PAGE, Segment};

/// The variable: the number of writable segments, then for each its address, the address of its
/// content, bytes of content, and bytes in memory.
const PRISTINE: &str = "postern_pristine";
/// Writable segments that it has room for.
const PRISTINE_MAX: usize = 8;

impl Builder<'_> {
    /// Maps a program with its stack and its IPC buffer; that buffer's frame. The error is what a
    /// message about the protection domain says.
    pub(super) fn place(
        &mut self,
        space: &mut Space,
        owner: &str,
        loaded: &mut Loaded,
        stack_size: u64,
    ) -> Result<Frames, String> {
        let stack = self.pages(format!("stack of {owner}"), stack_size);
        self.map(
            space,
            STACK_TOP - stack_size,
            &stack,
            Rights::READ_WRITE,
            true,
        );
        let ipc_buffer = self.pages(format!("IPC buffer of {owner}"), PAGE);
        self.map(space, IPC_BUFFER, &ipc_buffer, Rights::READ_WRITE, true);
        for segment in &loaded.program.segments {
            let pages = segment.pages();
            space.add(
                pages.start,
                pages.end - pages.start,
                object_spec::PageSize::Small,
            );
        }
        let pristine = loaded.symbols.variable(PRISTINE).is_some();
        if pristine {
            self.place_pristine(space, owner, loaded, STACK_TOP - stack_size)?;
        }
        for segment in &loaded.program.segments {
            self.place_segment(space.id, owner, segment, pristine && segment.writable);
        }
        Ok(ipc_buffer)
    }

    /// Maps one segment, whose range the space has been told already.
    fn place_segment(&mut self, space: u32, owner: &str, segment: &Segment, empty: bool) {
        let pages = segment.pages();
        let frames = self.pages(format!("program of {owner}"), pages.end - pages.start);
        let rights = if segment.writable {
            Rights::READ_WRITE
        } else {
            Rights::READ
        };
        self.spec.mappings.push(object_spec::Mapping {
            space,
            vaddr: pages.start,
            frames: frames.id,
            first: 0,
            count: frames.count,
            rights,
            cached: true,
        });
        if !empty {
            self.fill(&frames, segment.vaddr - pages.start, &segment.data);
        }
    }

    /// Maps the content of the writable segments, read-only, and tells the program where.
    fn place_pristine(
        &mut self,
        space: &mut Space,
        owner: &str,
        loaded: &mut Loaded,
        end: u64,
    ) -> Result<(), String> {
        let writable = |segment: &&Segment| segment.writable;
        let segments: Vec<Segment> = loaded
            .program
            .segments
            .iter()
            .filter(writable)
            .cloned()
            .collect();
        if segments.len() > PRISTINE_MAX {
            return Err(format!(
                "has {} writable segments, at most {PRISTINE_MAX}",
                segments.len()
            ));
        }
        let mut words = vec![segments.len() as u64];
        for segment in &segments {
            let len = segment.data.len() as u64;
            let source = if len == 0 {
                0
            } else {
                let room = len.next_multiple_of(PAGE);
                let at = space
                    .gap(loaded.program.end(), room, end)
                    .ok_or("has no room to restart")?;
                let frames = self.pages(format!("pristine data of {owner}"), len);
                self.map(space, at, &frames, Rights::READ, true);
                self.fill(&frames, 0, &segment.data);
                at
            };
            words.extend([segment.vaddr, source, len, segment.mem_size]);
        }
        words.resize(1 + 4 * PRISTINE_MAX, 0);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = loaded
            .symbols
            .variable(PRISTINE)
            .map_or(0, |variable| variable.address);
        if segments.iter().any(|segment| segment.pages().contains(&at)) {
            return Err(format!(
                "has '{PRISTINE}' in writable memory; it must be read-only data"
            ));
        }
        let set = loaded.program.set(&loaded.symbols, PRISTINE, &bytes);
        set.map_err(|error| format!("has an unusable '{PRISTINE}': {error}"))
    }
}
