// SPDX-License-Identifier: BSD-2-Clause
//! What all parts of the builder add to: the spec, its data, and the errors.

use object_spec::{
    CapData, Capability, Fill, FillSource, Kind, Mapping, Object, ObjectId, PageSize, Rights, Spec,
};

use super::Input;
use super::data::Data;
use super::space::Space;
use crate::diag::Diagnostic;
use crate::elf::PAGE;
use crate::model::Span;

/// The image as far as it is built.
pub(super) struct Builder<'a> {
    pub input: &'a Input<'a>,
    pub spec: Spec,
    pub data: Data,
    pub errors: Vec<Diagnostic>,
}

/// Frames in a row, and how they are mapped.
pub(super) struct Frames {
    pub id: ObjectId,
    pub count: u32,
    pub size: PageSize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        let (spec, data, errors) = (Spec::default(), Data::default(), Vec::new());
        Self {
            input,
            spec,
            data,
            errors,
        }
    }

    /// Notes an error at a place of the system description.
    pub(super) fn error(&mut self, span: &Span, message: String, help: impl Into<String>) {
        self.errors.push(Diagnostic::error(
            self.input.source,
            span.clone(),
            message,
            help,
        ));
    }

    /// Adds an object; messages and the report call it `name`.
    pub(super) fn object(&mut self, name: String, kind: Kind) -> ObjectId {
        let id = self.spec.objects.len() as ObjectId;
        self.spec.objects.push(Object { name, kind });
        id
    }

    /// Adds small frames for `len` bytes, which need not be whole pages.
    pub(super) fn pages(&mut self, name: String, len: u64) -> Frames {
        // The length of a program or a stack, which are limited far below.
        let count = u32::try_from(len.div_ceil(PAGE)).unwrap_or(u32::MAX);
        let kind = Kind::Frames {
            count,
            size: PageSize::Small,
            paddr: None,
            contiguous: false,
        };
        Frames {
            id: self.object(name, kind),
            count,
            size: PageSize::Small,
        }
    }

    /// Maps all of some frames.
    pub(super) fn map(
        &mut self,
        space: &mut Space,
        vaddr: u64,
        frames: &Frames,
        rights: Rights,
        cached: bool,
    ) {
        let &Frames { id, count, size } = frames;
        space.add(vaddr, u64::from(count) * size.bytes(), size);
        self.spec.mappings.push(Mapping {
            space: space.id,
            vaddr,
            frames: id,
            first: 0,
            count,
            rights,
            cached,
        });
    }

    /// Fills frames from byte `offset` on, unless there is nothing to fill them with.
    pub(super) fn fill(&mut self, frames: &Frames, offset: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            let at = self.data.bytes(bytes);
            let source = FillSource::Data {
                offset: at,
                len: bytes.len() as u64,
            };
            self.spec.fills.push(Fill {
                frames: frames.id,
                offset,
                source,
            });
        }
    }

    /// Puts a capability into a CNode.
    pub(super) fn grant(
        &mut self,
        cnode: ObjectId,
        slot: u32,
        object: ObjectId,
        rights: Rights,
        data: CapData,
    ) {
        self.spec.capabilities.push(Capability {
            cnode,
            slot,
            object,
            rights,
            data,
        });
    }

    /// Adds the paging structures of an address space that has all its mappings.
    pub(super) fn tables(&mut self, space: &Space, owner: &str) {
        for (level, vaddr, count) in space.tables() {
            let kind = Kind::Tables {
                space: space.id,
                level,
                vaddr,
                count,
            };
            self.object(format!("page tables of {owner}"), kind);
        }
    }
}
