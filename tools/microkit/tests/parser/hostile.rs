// SPDX-License-Identifier: BSD-2-Clause
//! Descriptions made to exhaust the parser: deep, long, or with very much of the same.

use std::time::{Duration, Instant};

use microkit::diag::Diagnostic;
use microkit::sdf;

use crate::checked::parse;

/// Far above what any of these inputs takes, far below what a quadratic parser would.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Parses what is large, within the time.
fn parse_in_time(text: &str) -> Vec<Diagnostic> {
    let start = Instant::now();
    let errors = parse(text).expect_err("it is no system");
    let took = start.elapsed();
    assert!(took < TIME_MAX, "{} bytes took {took:?}", text.len());
    errors
}

const PD: &str = "<protection_domain name=\"a\"><program_image path=\"a\"/></protection_domain>";

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    for element in ["protection_domain", "map", "x"] {
        let depth = 80_000;
        let open = format!("<{element}>").repeat(depth);
        let close = format!("</{element}>").repeat(depth);
        let errors = parse_in_time(&format!("<system>{open}{close}</system>"));
        assert!(!errors.is_empty());
        parse_in_time(&format!("<system>{open}"));
    }
}

#[test]
fn no_more_than_100_errors_are_given() {
    let many = "<nonsense/>".repeat(100_000);
    assert_eq!(
        parse_in_time(&format!("<system>{many}{PD}</system>")).len(),
        100
    );
}

#[test]
fn many_equal_elements_take_no_quadratic_time() {
    let irqs = "<irq id=\"1\" pin=\"1\" vector=\"1\"/>".repeat(40_000);
    let ports = "<ioport id=\"1\" addr=\"1\" size=\"9\"/>".repeat(40_000);
    let maps = "<map mr=\"m\" vaddr=\"0x1000\" setvar_vaddr=\"x\"/>".repeat(30_000);
    let caps = "<cap_vcpu slot=\"1\" pd=\"a\"/>".repeat(40_000);
    for content in [irqs, ports, maps, format!("<cspace>{caps}</cspace>")] {
        let pd = PD.replace("<program", &format!("{content}<program"));
        parse_in_time(&format!(
            "<system><memory_region name=\"m\" size=\"0x1000\"/>{pd}</system>"
        ));
    }
    for element in [
        "<memory_region name=\"m\" size=\"0x1000\" phys_addr=\"0\"/>",
        "<channel><end pd=\"a\" id=\"1\"/><end pd=\"a\" id=\"1\"/></channel>",
        "<io_address_space name=\"n\" peripheral_id=\"0:0.0\" domain_id=\"1\"/>",
        "<domains><domain name=\"d\"/></domains>",
        PD,
    ] {
        parse_in_time(&format!("<system>{}</system>", element.repeat(15_000)));
    }
    let function = "<?postern function=\"0:3.0\" driver=\"nvme\" vfs=\"1\" bar0=\"0x4000\" vf_bar0=\"0x8000\"?>";
    let grant = "<?postern owner=\"a\" function=\"0:3.0\" vf=\"0\"?>";
    let functions = PD.replace("<program", &format!("{}<program", function.repeat(20_000)));
    let space = format!(
        "<io_address_space name=\"n\" peripheral_id=\"0:0.0\" domain_id=\"1\">{grant}</io_address_space>"
    );
    let registers =
        "<memory_region name=\"m\" size=\"0x4000\" phys_addr=\"0x4000\"/>".repeat(10_000);
    parse_in_time(&format!(
        "<system>{functions}{registers}{}</system>",
        space.repeat(8_000)
    ));
    let attributes = "restart=\"1\" ".repeat(200_000);
    parse_in_time(&format!(
        "<system>{}</system>",
        PD.replace("<program", &format!("<?postern {attributes}?><program"))
    ));
    let domains = "<domain name=\"d\"/>".repeat(40_000);
    let turns = "<schedule_entry domain=\"d\" duration=\"1 us\"/>".repeat(20_000);
    parse_in_time(&format!(
        "<system><domains>{domains}<domain_schedule>{turns}</domain_schedule></domains>{PD}</system>"
    ));
}

#[test]
fn many_names_with_as_many_misspelt_references_take_no_quadratic_time() {
    let regions: String = (0..20_000)
        .map(|i| format!("<memory_region name=\"region{i}\" size=\"0x1000\"/>"))
        .collect();
    let maps: String = (0..20_000)
        .map(|i| format!("<map mr=\"regoin{i}\" vaddr=\"0x1000\"/>"))
        .collect();
    let pd = PD.replace("<program", &format!("{maps}<program"));
    parse_in_time(&format!("<system>{regions}{pd}</system>"));
}

#[test]
fn long_values_are_cut_in_messages() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("<{long}/>"),
        format!("<system><{long}/>{PD}</system>"),
        format!("<system {long}=\"1\">{PD}</system>"),
        format!("<system>{long}{PD}</system>"),
        format!(
            "<system>{}</system>",
            PD.replace("\"a\"", &format!("\"{long}\""))
        ),
        format!(
            "<system>{}</system>",
            PD.replace("<program", &format!("<?postern {long}?><program"))
        ),
        format!(
            "<system>{}</system>",
            PD.replace(
                "<program",
                &format!("<?postern {long}=\"{long}\"?><program")
            )
        ),
    ] {
        parse_in_time(&text);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_parsed() {
    let text = format!("<system>{}{PD}</system>", " ".repeat(sdf::BYTES_MAX));
    let errors = parse_in_time(&text);
    assert!(errors[0].message().contains("longer than"));
}

#[test]
fn a_small_file_cannot_become_a_large_tree() {
    let errors = parse_in_time(&format!("<system>{}{PD}</system>", "<a/>".repeat(300_000)));
    assert!(errors[0].message().contains("nodes limit"), "{}", errors[0]);
}

#[test]
fn an_empty_file_is_called_so() {
    for text in ["", " \r\n\t"] {
        let errors = parse_in_time(text);
        assert_eq!(
            errors[0].one_line(),
            "Error: the system description is empty: hostile.system:1:1"
        );
    }
}
