// SPDX-License-Identifier: BSD-2-Clause
//! What must hold of every answer of the parser, whatever it was given.

use microkit::diag::{Diagnostic, Style, render};
use microkit::model::{Map, System};
use microkit::sdf;

use crate::common::{cases_dir, kernel_config};

/// Parses and checks whatever comes of it.
pub fn parse(text: &str) -> Result<System, Vec<Diagnostic>> {
    let config = kernel_config();
    let search = [cases_dir().join("prefill")];
    match sdf::parse("hostile.system", text, &config, &search) {
        Ok((system, _)) => {
            check_system(&system);
            Ok(system)
        }
        Err(errors) => {
            check_errors(&errors);
            Err(errors)
        }
    }
}

fn check_errors(errors: &[Diagnostic]) {
    assert!((1..=100).contains(&errors.len()));
    assert!(errors.is_sorted_by_key(Diagnostic::offset));
    for error in errors {
        let (line, column) = error.place().expect("an error of the parser has a place");
        assert!(line >= 1 && column >= 1);
        assert!(!error.message().is_empty() && !error.help_text().is_empty());
        assert!(error.message().len() < 1000, "{}", error.message());
        let style = Style::Graphical {
            colour: false,
            width: 80,
        };
        let text = render(error, style);
        assert!(
            text.contains(&format!("hostile.system:{line}:{column}")),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'));
    }
}

fn check_system(system: &System) {
    assert!((1..=63).contains(&system.pds.len()));
    for (index, pd) in system.pds.iter().enumerate() {
        assert!(!pd.name.is_empty() && pd.name.len() <= 64);
        assert!(pd.priority <= 254 && pd.stack_size.is_multiple_of(0x1000));
        assert!(!pd.program_image.path.as_os_str().is_empty());
        assert!(
            pd.parent
                .as_ref()
                .is_none_or(|parent| parent.pd < index && parent.child_id <= 61)
        );
        assert!(pd.irqs.iter().all(|irq| irq.id <= 61 && irq.vector <= 107));
        assert!(
            pd.ioports
                .iter()
                .all(|port| port.id <= 61 && port.first <= port.last)
        );
        assert!(pd.cspace.iter().all(|cap| (1..=63).contains(&cap.slot)));
        assert!(pd.cspace.iter().all(|cap| cap.pd < system.pds.len()));
        check_maps(system, &pd.maps, 0x7fff_ffff_d000 - pd.stack_size);
        if let Some(machine) = &pd.virtual_machine {
            check_maps(system, &machine.maps, 0x7fff_ffff_f000);
        }
    }
    for space in &system.io_address_spaces {
        check_maps(system, &space.iomaps, 1 << 39);
    }
    for end in system.channels.iter().flat_map(|channel| &channel.ends) {
        assert!(end.id <= 61 && end.pd < system.pds.len());
    }
}

fn check_maps(system: &System, maps: &[Map], top: u64) {
    let mut ranges = Vec::new();
    for map in maps {
        let region = &system.memory_regions[map.mr];
        let page = region.page_size.bytes();
        assert!(region.size > 0 && region.size.is_multiple_of(page));
        assert!(map.vaddr.is_multiple_of(page));
        ranges.push((
            map.vaddr,
            map.vaddr.checked_add(region.size).expect("it ends"),
        ));
    }
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    assert!(ranges.last().is_none_or(|(_, end)| *end <= top));
}
