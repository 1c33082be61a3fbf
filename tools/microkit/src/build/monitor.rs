// SPDX-License-Identifier: BSD-2-Clause
//! The monitor: it receives the faults of all protection domains without a parent, and starts them
//! again as the system description says.

use std::collections::HashMap;

use image_spec::monitor::{Header, MAGIC, Pd, SYMBOL, Symbol, Text, VERSION};
use object_spec::{CapData, Kind, ObjectId, Rights, Thread};
use zerocopy::IntoBytes;

use super::builder::Builder;
use super::layout::{IPC_BUFFER, MONITOR_STACK, STACK_TOP, slot};
use super::pds::Objects;
use super::programs::Loaded;
use super::space::Space;
use crate::elf::Function;
use crate::model::System;

/// Its priority: above every protection domain's.
const PRIORITY: u8 = 255;
/// Its name in messages.
const NAME: &str = "monitor";

impl Builder<'_> {
    /// Adds the endpoint that the monitor receives faults from.
    pub(super) fn monitor_endpoint(&mut self) -> ObjectId {
        self.object("endpoint of the monitor".into(), Kind::Endpoint)
    }

    /// Adds the monitor.
    pub(super) fn monitor(
        &mut self,
        mut loaded: Loaded,
        programs: &[Loaded],
        all: &[Objects],
        endpoint: ObjectId,
    ) -> Result<(), String> {
        let owner = "the monitor";
        let (root, cnode) = self.cspace(owner);
        let tcb = self.object(format!("thread of {owner}"), Kind::Tcb);
        let vspace = self.object(format!("protection domain '{NAME}'"), Kind::VSpace);
        self.grant(cnode, slot::INPUT, endpoint, Rights::READ, CapData::None);
        self.grant(cnode, slot::VSPACE, vspace, Rights::ALL, CapData::None);
        for (at, own) in (slot::MONITOR_TCB..).zip(all) {
            self.grant(cnode, at, own.tcb, Rights::ALL, CapData::None);
        }
        let mut space = Space::new(vspace);
        for segment in &loaded.program.segments {
            let pages = segment.pages();
            space.add(
                pages.start,
                pages.end - pages.start,
                object_spec::PageSize::Small,
            );
        }
        let table = table(self.input.system, programs);
        let len = table.len() as u64;
        let limit = STACK_TOP - MONITOR_STACK;
        let at = space
            .gap(loaded.program.end(), len, limit)
            .ok_or("has no room for its table")?;
        let frames = self.pages(format!("table of {owner}"), len);
        self.map(&mut space, at, &frames, Rights::READ, true);
        self.fill(&frames, 0, &table);
        self.monitor_values(&mut loaded, at, len)?;
        let ipc_buffer = self.place(&mut space, owner, &mut loaded, MONITOR_STACK)?;
        self.tables(&space, owner);
        self.spec.threads.push(Thread {
            name: NAME.into(),
            tcb,
            cspace: root,
            vspace,
            ipc_buffer: ipc_buffer.id,
            ipc_buffer_vaddr: IPC_BUFFER,
            fault_endpoint: 0,
            priority: PRIORITY,
            core: 0,
            domain: 0,
            notification: None,
            vcpu: None,
            entry: loaded.program.entry,
            stack_pointer: STACK_TOP,
        });
        Ok(())
    }

    fn monitor_values(&self, loaded: &mut Loaded, at: u64, len: u64) -> Result<(), String> {
        let Loaded { program, symbols } = loaded;
        let info: Vec<u8> = [at, len]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        program
            .set(symbols, SYMBOL, &info)
            .map_err(|error| format!("lacks '{SYMBOL}': {error}"))?;
        let mut name = [0; 64];
        name[..NAME.len()].copy_from_slice(NAME.as_bytes());
        let printing = [u8::from(self.input.config.printing)];
        for (symbol, bytes) in [
            ("microkit_name", &name[..]),
            ("postern_kernel_printing", &printing[..]),
        ] {
            let set = program.set_if_present(symbols, symbol, bytes);
            set.map_err(|error| format!("has an unusable '{symbol}': {error}"))?;
        }
        Ok(())
    }
}

/// The table that the monitor reads.
fn table(system: &System, programs: &[Loaded]) -> Vec<u8> {
    let mut strings = Strings::default();
    let mut symbols: Vec<Symbol> = Vec::new();
    let mut known: HashMap<*const Function, u32> = HashMap::new();
    let mut pds = Vec::new();
    for (pd, loaded) in system.pds.iter().zip(programs) {
        let functions = &loaded.symbols.functions;
        // Protection domains that run the same program share the list of its functions.
        let first = *known.entry(functions.as_ptr()).or_insert_with(|| {
            let first = symbols.len() as u32;
            symbols.extend(functions.iter().map(|function| Symbol {
                address: function.address.into(),
                size: u32::try_from(function.size).unwrap_or(u32::MAX).into(),
                name: strings.add(&function.name),
            }));
            first
        });
        pds.push(Pd {
            entry: loaded.program.entry.into(),
            name: strings.add(&pd.name),
            restarts: pd.restarts.into(),
            monitored: u32::from(pd.parent.is_none()).into(),
            first_symbol: first.into(),
            symbols: (functions.len() as u32).into(),
        });
    }
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        pds: (pds.len() as u32).into(),
        symbols: (symbols.len() as u32).into(),
        strings: (strings.text.len() as u32).into(),
    };
    [
        header.as_bytes(),
        pds.as_bytes(),
        symbols.as_bytes(),
        strings.text.as_bytes(),
    ]
    .concat()
}

/// Text of a table, each string once.
#[derive(Default)]
struct Strings {
    text: String,
    known: HashMap<String, Text>,
}

impl Strings {
    fn add(&mut self, string: &str) -> Text {
        if let Some(text) = self.known.get(string) {
            return *text;
        }
        let text = Text {
            offset: (self.text.len() as u32).into(),
            len: (string.len() as u32).into(),
        };
        self.text.push_str(string);
        self.known.insert(string.into(), text);
        text
    }
}
