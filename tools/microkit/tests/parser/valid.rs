// SPDX-License-Identifier: BSD-2-Clause
//! Descriptions that must be accepted.

use microkit::model::{Perms, System};
use microkit::sdf;

use crate::common::{cases_dir, kernel_config};

pub fn parse(text: &str) -> System {
    let search = [cases_dir().join("prefill")];
    match sdf::parse("model.system", text, &kernel_config(), &search) {
        Ok((system, _)) => system,
        Err(errors) => panic!("{}", errors[0].one_line()),
    }
}

/// A conformance case that is valid.
pub fn case(name: &str) -> System {
    let path = cases_dir().join(name).with_extension("system");
    parse(&std::fs::read_to_string(path).expect("the case exists"))
}

/// A system of one protection domain with this content.
pub fn pd(regions: &str, content: &str) -> System {
    parse(&format!(
        "<system>{regions}<protection_domain name=\"a\"><program_image path=\"bin/a\"/>{content}\
         </protection_domain></system>"
    ))
}

/// The default permissions.
pub const RW: Perms = Perms {
    read: true,
    write: true,
    execute: false,
};
