// SPDX-License-Identifier: BSD-2-Clause
//! The interface as Rust source.

use std::fmt::Write;

use super::Abi;

/// One module of constants for each group.
pub(super) fn modules(abi: &Abi) -> String {
    let mut text = String::from("// Made from the kernel's interface descriptions.\n");
    for (module, constants) in abi.groups() {
        let (doc, integer) = match module {
            "syscall_id" => ("Numbers of system calls.", "isize"),
            "invocation_label" => ("Labels of invocations.", "u64"),
            "object_type" => ("Types of objects that an untyped can be retyped to.", "u64"),
            "object_size_bits" => ("Logarithms of the sizes of objects in bytes.", "u64"),
            "fault_label" => ("Labels of fault messages.", "u64"),
            "error" => ("Labels of replies to invocations.", "u64"),
            _ => (
                "The part of the kernel's configuration that programs see.",
                "u64",
            ),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n/// {doc}\n#[allow(missing_docs, non_upper_case_globals)]"
        );
        let _ = writeln!(text, "pub mod {module} {{");
        for (name, value) in constants {
            let _ = writeln!(text, "    pub const {name}: {integer} = {value};");
        }
        text.push_str("}\n");
    }
    text
}
