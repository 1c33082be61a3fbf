// SPDX-License-Identifier: BSD-2-Clause
//! The boot module: the initial task's program with the image's spec and data in segments of their own.
//!
//! Only what is loaded is kept; the initial task's symbols and debug information stay behind.

use std::io::{self, Write};
use std::path::Path;

use object::elf::{
    ELFCLASS64, ELFDATA2LSB, ELFMAG, EM_X86_64, ET_EXEC, EV_CURRENT, FileFlags, FileHeader64,
    Ident, PF_R, PF_W, PF_X, PT_LOAD, ProgramFlags, ProgramHeader64, SHN_UNDEF,
};
use object::pod::bytes_of;
use object::{LittleEndian as LE, U16, U32, U64};

use crate::build::Image;
use crate::diag::Diagnostic;
use crate::elf::{self, PAGE, Program};

/// Variable of the initial task: address and length of the spec, address and length of the data.
const SYMBOL: &str = "postern_image";
/// Variable of the initial task: whether the kernel can print.
const PRINTING: &str = "postern_kernel_printing";
/// Bytes of the largest spec: decoded, it takes a multiple of that of the initial task's heap.
const SPEC_MAX: usize = 512 << 10;
/// Room for the headers before the first segment's content.
const HEADERS: u64 = PAGE;

/// A boot module that can be written.
pub struct Module<'a> {
    program: Program,
    spec: Vec<u8>,
    spec_vaddr: u64,
    data_vaddr: u64,
    image: &'a Image,
}

/// A segment of the module.
struct Segment<'a> {
    vaddr: u64,
    mem_size: u64,
    flags: u32,
    content: Content<'a>,
}

enum Content<'a> {
    Bytes(&'a [u8]),
    Data,
}

impl<'a> Module<'a> {
    /// Puts an image behind the initial task at `path`; `printing` says whether the kernel can print.
    ///
    /// # Errors
    /// The initial task is no program, or not this project's.
    pub fn new(path: &Path, image: &'a Image, printing: bool) -> Result<Self, Diagnostic> {
        let refuse = |why: String| {
            let message = format!("the initial task '{}' {why}", path.display());
            Diagnostic::without_place(message, "build the SDK again")
        };
        let (mut program, symbols) = elf::load(path).map_err(|error| refuse(error.to_string()))?;
        let spec = image.spec.encode();
        if spec.len() > SPEC_MAX {
            let len = spec.len();
            let message = format!("the system is described by {len} bytes, at most {SPEC_MAX}");
            return Err(Diagnostic::without_place(
                message,
                "leave out some channels or maps",
            ));
        }
        // The kernel loads a module's address range in one piece, so there are no gaps.
        let spec_vaddr = program.end();
        let data_vaddr = (spec_vaddr + spec.len() as u64).next_multiple_of(PAGE);
        let words = [spec_vaddr, spec.len() as u64, data_vaddr, image.data.len()];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for (symbol, bytes) in [(SYMBOL, &bytes[..]), (PRINTING, &[printing.into()])] {
            let set = program.set(&symbols, symbol, bytes);
            set.map_err(|error| refuse(format!("lacks '{symbol}': {error}")))?;
        }
        Ok(Self {
            program,
            spec,
            spec_vaddr,
            data_vaddr,
            image,
        })
    }

    /// Bytes of the encoded spec.
    pub fn spec_len(&self) -> u64 {
        self.spec.len() as u64
    }

    /// Bytes of memory that the initial task takes with the image in it.
    pub fn memory_size(&self) -> u64 {
        let start = self
            .program
            .segments
            .first()
            .map_or(0, |segment| segment.pages().start);
        (self.data_vaddr + self.image.data.len()).next_multiple_of(PAGE) - start
    }

    /// Writes the ELF file; the number of its bytes.
    ///
    /// # Errors
    /// `out` cannot be written or a prefill file cannot be read.
    pub fn write(&self, out: &mut impl Write) -> io::Result<u64> {
        let segments = self.segments();
        let header = self.header(segments.len() as u16);
        let mut headers = bytes_of(&header).to_vec();
        let mut offset = HEADERS;
        for segment in &segments {
            let len = self.content_len(segment);
            headers.extend(bytes_of(&program_header(segment, offset, len)));
            offset = (offset + len).next_multiple_of(PAGE);
        }
        headers.resize(HEADERS as usize, 0);
        out.write_all(&headers)?;
        let mut written = HEADERS;
        for segment in &segments {
            match segment.content {
                Content::Bytes(bytes) => out.write_all(bytes)?,
                Content::Data => self.image.data.write(out)?,
            }
            let len = self.content_len(segment);
            let padding = len.next_multiple_of(PAGE) - len;
            out.write_all(&vec![0; padding as usize])?;
            written += len + padding;
        }
        Ok(written)
    }

    fn content_len(&self, segment: &Segment) -> u64 {
        match segment.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Data => self.image.data.len(),
        }
    }

    fn segments(&self) -> Vec<Segment<'_>> {
        let flag = |set: bool, flag: ProgramFlags| if set { flag.0 } else { 0 };
        let own = self.program.segments.iter().map(|segment| Segment {
            vaddr: segment.vaddr,
            mem_size: segment.mem_size,
            flags: PF_R.0 | flag(segment.writable, PF_W) | flag(segment.executable, PF_X),
            content: Content::Bytes(&segment.data),
        });
        let spec = Segment {
            vaddr: self.spec_vaddr,
            mem_size: self.spec_len(),
            flags: PF_R.0,
            content: Content::Bytes(&self.spec),
        };
        let data = Segment {
            vaddr: self.data_vaddr,
            mem_size: self.image.data.len(),
            flags: PF_R.0,
            content: Content::Data,
        };
        let all = own.chain([spec, data]);
        all.filter(|segment| segment.mem_size != 0).collect()
    }

    fn header(&self, segments: u16) -> FileHeader64<LE> {
        FileHeader64 {
            e_ident: Ident {
                magic: ELFMAG,
                class: ELFCLASS64,
                data: ELFDATA2LSB,
                version: EV_CURRENT,
                os_abi: object::elf::ELFOSABI_NONE,
                abi_version: 0,
                padding: [0; 7],
            },
            e_type: U16::new(LE, ET_EXEC),
            e_machine: U16::new(LE, EM_X86_64),
            e_version: U32::new(LE, 1),
            e_entry: U64::new(LE, self.program.entry),
            e_phoff: U64::new(LE, size_of::<FileHeader64<LE>>() as u64),
            e_shoff: U64::new(LE, 0),
            e_flags: U32::new(LE, FileFlags(0)),
            e_ehsize: U16::new(LE, size_of::<FileHeader64<LE>>() as u16),
            e_phentsize: U16::new(LE, size_of::<ProgramHeader64<LE>>() as u16),
            e_phnum: U16::new(LE, segments),
            e_shentsize: U16::new(LE, 0),
            e_shnum: U16::new(LE, 0),
            e_shstrndx: U16::new(LE, SHN_UNDEF),
        }
    }
}

fn program_header(segment: &Segment, offset: u64, len: u64) -> ProgramHeader64<LE> {
    ProgramHeader64 {
        p_type: U32::new(LE, PT_LOAD),
        p_flags: U32::new(LE, ProgramFlags(segment.flags)),
        p_offset: U64::new(LE, offset),
        p_vaddr: U64::new(LE, segment.vaddr),
        p_paddr: U64::new(LE, segment.vaddr),
        p_filesz: U64::new(LE, len),
        p_memsz: U64::new(LE, segment.mem_size),
        p_align: U64::new(LE, PAGE),
    }
}
