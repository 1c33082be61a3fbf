// SPDX-License-Identifier: BSD-2-Clause
//! The parser against everything that is no system description: it must answer, in bounded time, with
//! errors that have a place, or with a system that keeps every rule.

use std::time::{Duration, Instant};

use crate::common::{case_files, cases_dir, kernel_config};
use microkit::diag::{Diagnostic, Style, render};
use microkit::model::{Map, System};
use microkit::sdf;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Far above what any of these inputs takes, far below what a quadratic parser would.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Parses and checks whatever comes of it.
fn parse(text: &str) -> Result<System, Vec<Diagnostic>> {
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

/// All conformance cases as text.
fn corpus() -> Vec<String> {
    case_files()
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a case is text"))
        .collect()
}

/// Pieces that mean something to the parser.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "/>",
    "\"",
    "&",
    "--",
    "<!--",
    "-->",
    "<?postern restart=\"1\"?>",
    "<![CDATA[x]]>",
    "<system>",
    "</system>",
    "<map/>",
    "<end/>",
    "<vcpu id=\"0\"/>",
    "<domains>",
    "</protection_domain>",
    "<protection_domain name=\"p\">",
    "0",
    "-1",
    "62",
    "0xffffffffffffffff",
    "18446744073709551616",
    "99999999999999999999",
    "0x",
    "_",
    "true",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    " ",
    "\n",
    "\r",
    "\t",
];

/// A change of a text at some places, which are taken modulo its length.
#[derive(Debug, Clone)]
enum Mutation {
    Insert(Index, &'static str),
    Delete(Index, Index),
    Copy(Index, Index, Index),
    /// Another value for the attribute that follows the place.
    Value(Index, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    prop_oneof![
        (place(), select(TOKENS)).prop_map(|(at, token)| Mutation::Insert(at, token)),
        (place(), place()).prop_map(|(from, to)| Mutation::Delete(from, to)),
        (place(), place(), place()).prop_map(|(from, to, at)| Mutation::Copy(from, to, at)),
        (place(), select(TOKENS)).prop_map(|(at, value)| Mutation::Value(at, value)),
        (place(), select(TOKENS)).prop_map(|(at, value)| Mutation::Value(at, value)),
    ]
}

fn mutate(text: &str, mutation: &Mutation) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: &Index| index.index(chars.len() + 1);
    let range = |a: &Index, b: &Index| {
        let (a, b) = (at(a), at(b));
        // A few lines at most, or hardly anything is left to parse.
        let (from, to) = (a.min(b), a.max(b));
        from..to.min(from + 200)
    };
    let string = |chars: &[char]| chars.iter().collect::<String>();
    match mutation {
        Mutation::Insert(place, token) => {
            let (head, tail) = chars.split_at(at(place));
            string(head) + token + &string(tail)
        }
        Mutation::Delete(a, b) => {
            let range = range(a, b);
            string(&chars[..range.start]) + &string(&chars[range.end..])
        }
        Mutation::Copy(a, b, place) => {
            let (head, tail) = chars.split_at(at(place));
            string(head) + &string(&chars[range(a, b)]) + &string(tail)
        }
        Mutation::Value(place, value) => {
            let (head, tail) = chars.split_at(at(place));
            let tail = string(tail);
            let mut parts = tail.splitn(3, '"');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(before), Some(_), Some(after)) => {
                    string(head) + before + "\"" + value + "\"" + after
                }
                _ => text.into(),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(select(TOKENS), 0..60)) {
        let _ = parse(&pieces.concat());
    }

    #[test]
    fn changed_descriptions(
        case in select(corpus()),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        let text = mutations.iter().fold(case, |text, mutation| mutate(&text, mutation));
        let _ = parse(&text);
    }
}
