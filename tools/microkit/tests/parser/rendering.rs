// SPDX-License-Identifier: BSD-2-Clause
//! How an error looks, to the letter.

use crate::common::kernel_config;
use microkit::diag::{Style, render};
use microkit::sdf;

const TEXT: &str = r#"<system>
    <memory_region name="ring" size="0x2000"/>
    <protection_domain name="driver" priority="10">
        <program_image path="driver"/>
        <map mr="ring" vaddr="0x2000000"/>
        <map mr="rings" vaddr="0x2002000"/>
        <map mr="ring" vaddr="0x2001000" perms="r"/>
    </protection_domain>
</system>
"#;

const PLAIN: Style = Style::Graphical {
    colour: false,
    width: 80,
};

/// Lines end in a space where nothing follows, which the expected text leaves out.
fn trimmed(text: &str) -> String {
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn a_misspelt_name() {
    let errors = sdf::parse("system.xml", TEXT, &kernel_config(), &[]).unwrap_err();
    let expected = "  × map in protection_domain 'driver': there is no memory_region 'rings'
   ╭─[system.xml:6:18]
 5 │         <map mr=\"ring\" vaddr=\"0x2000000\"/>
 6 │         <map mr=\"rings\" vaddr=\"0x2002000\"/>
   ·                  ─────
 7 │         <map mr=\"ring\" vaddr=\"0x2001000\" perms=\"r\"/>
   ╰────
  help: did you mean 'ring'?
";
    assert_eq!(trimmed(&render(&errors[0], PLAIN)), expected);
    assert_eq!(
        render(&errors[0], Style::OneLine),
        "Error: map in protection_domain 'driver': there is no memory_region 'rings': \
         system.xml:6:18\n"
    );
}

#[test]
fn two_places_that_collide() {
    let errors = sdf::parse("system.xml", TEXT, &kernel_config(), &[]).unwrap_err();
    let expected = "  × map of 'ring' in protection_domain 'driver': 0x2001000..0x2003000 overlaps
  │ 'ring' at 0x2000000..0x2002000
   ╭─[system.xml:7:9]
 4 │         <program_image path=\"driver\"/>
 5 │         <map mr=\"ring\" vaddr=\"0x2000000\"/>
   ·         ─────────────────┬────────────────
   ·                          ╰── overlaps this one
 6 │         <map mr=\"rings\" vaddr=\"0x2002000\"/>
 7 │         <map mr=\"ring\" vaddr=\"0x2001000\" perms=\"r\"/>
   ·         ────────────────────────────────────────────
 8 │     </protection_domain>
   ╰────
  help: an address has one meaning in an address space: move one of them
";
    assert_eq!(trimmed(&render(&errors[1], PLAIN)), expected);
}

/// docs/system-description.md
const PAGE: &str = include_str!("../../../../docs/system-description.md");

/// The first block of the page in a language.
fn block(language: &str) -> &'static str {
    let after = PAGE
        .split_once(&format!("```{language}\n"))
        .expect("there is a block")
        .1;
    after.split_once("```").expect("it ends").0
}

#[test]
fn the_example_of_the_page_is_valid_without_a_warning() {
    let result = sdf::parse("example.xml", block("xml"), &kernel_config(), &[]);
    let (system, warnings) = result.expect("it is valid");
    assert_eq!((system.pds.len(), warnings.len()), (2, 0));
}

#[test]
fn the_page_shows_an_error_as_it_looks() {
    let errors = sdf::parse("system.xml", TEXT, &kernel_config(), &[]).unwrap_err();
    let error = trimmed(&render(&errors[1], PLAIN));
    assert!(PAGE.contains(&format!("```\n{error}```")), "{error}");
}
