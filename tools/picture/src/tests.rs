// SPDX-License-Identifier: BSD-2-Clause

use super::{parse, render};

const TWO: &str = r#"<system>
  <memory_region name="ring" size="0x1000"/>
  <memory_region name="regs" size="0x1000" phys_addr="0xfed00000"/>
  <protection_domain name="timer" priority="100">
    <program_image path="timer"/>
    <map mr="regs" vaddr="0x2000000" cached="false"/>
    <map mr="ring" vaddr="0x3000000"/>
    <irq id="3" pin="2" vector="7"/>
  </protection_domain>
  <protection_domain name="client" priority="10">
    <program_image path="client"/>
    <map mr="ring" vaddr="0x3000000"/>
    <protection_domain name="inner" id="1" priority="5"><program_image path="inner"/></protection_domain>
  </protection_domain>
  <channel><end pd="client" id="0" pp="true" notify="false"/><end pd="timer" id="1"/></channel>
</system>"#;

fn draw(text: &str) -> String {
    let system = parse("test.system", text, &[]).expect("a valid description");
    render("a <title> & more", &system)
}

#[test]
fn everything_that_matters_is_named() {
    let svg = draw(TWO);
    for name in [
        "timer",
        "client",
        "inner",
        "priority 100, core 0",
        "IRQ 7: IOAPIC 0 pin 2",
    ] {
        assert!(
            svg.contains(&format!(">{name}<")),
            "{name} is missing:\n{svg}"
        );
    }
    for what in ["regs at 0xfed00000", ">calls<", ">notifies<", ">ring<"] {
        assert!(svg.contains(what), "{what} is missing:\n{svg}");
    }
}

#[test]
fn virtual_functions_stand_at_their_owners() {
    let devices = r#"<io_address_space name="nic" peripheral_id="0:13.0" domain_id="1">
        <?postern owner="client" function="0:3.0" vf="0"?></io_address_space>
      <io_address_space name="disk" peripheral_id="0:4.1" domain_id="2">
        <?postern owner="client" function="0:4.0" vf="0" namespace="7" channel="2"?></io_address_space>
      <channel><end pd="client" id="1" pp="true"/><end pd="timer" id="2"/></channel></system>"#;
    let functions = r#"<program_image path="timer"/>
        <?postern function="0:3.0" driver="igb" vfs="2" bar0="0xc0000000" bar3="0xc0020000" vf_bar0="0xc0100000" vf_bar3="0xc0200000"?>
        <?postern function="0:4.0" driver="nvme" vfs="1" bar0="0xc0300000" vf_bar0="0xc0400000"?>"#;
    let text = TWO
        .replace(r#"<program_image path="timer"/>"#, functions)
        .replace("</system>", devices)
        .replace("vf=\"0\"?>", "vf=\"0\" channel=\"1\"?>");
    let svg = draw(&text);
    for line in [
        "shares igb 00:03.0: 2 VFs",
        "shares NVMe 00:04.0: 1 VFs",
        "owns 00:13.0: VF 0 of 00:03.0",
        "owns 00:04.1: VF 0 of 00:04.0, namespace 7",
    ] {
        assert!(
            svg.contains(&format!(">{line}<")),
            "{line} is missing:\n{svg}"
        );
    }
}

#[test]
fn text_is_escaped() {
    assert!(draw(TWO).contains("a &lt;title&gt; &amp; more"));
}

#[test]
fn arrows_point_where_a_channel_can_be_used() {
    // The client calls the timer, the timer notifies the client: both ends have an arrow head.
    let both = draw(TWO);
    assert!(both.contains("marker-start") && both.contains("marker-end"));
    let one_way = TWO.replace(
        r#"<end pd="timer" id="1"/>"#,
        r#"<end pd="timer" id="1" notify="false"/>"#,
    );
    let svg = draw(&one_way);
    assert_eq!(
        svg.matches("marker-start").count() + svg.matches("marker-end").count(),
        1
    );
}

#[test]
fn the_same_description_gives_the_same_picture() {
    assert_eq!(draw(TWO), draw(TWO));
}

#[test]
fn boxes_of_one_row_do_not_overlap() {
    let mut text = String::from("<system>");
    for i in 0..12 {
        text += &format!(
            r#"<protection_domain name="pd{i}" priority="{}"><program_image path="x"/></protection_domain>"#,
            i % 3
        );
    }
    text += "</system>";
    let system = parse("test.system", &text, &[]).expect("valid");
    let layout = super::Layout::new(&system, &[]);
    let rects: Vec<_> = layout.nodes.iter().map(|node| node.rect).collect();
    assert_eq!(rects.len(), 12);
    for (i, a) in rects.iter().enumerate() {
        for b in &rects[i + 1..] {
            let apart =
                a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
            assert!(apart, "{a:?} and {b:?} overlap");
        }
        assert!(a.x >= 0.0 && a.x + a.w <= layout.width && a.y + a.h <= layout.height);
    }
}

#[test]
fn the_picture_in_the_documentation_is_of_the_default_system() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let path = std::path::Path::new(root).join("system.xml");
    let drawn = super::read_and_render(&path).expect("a valid description");
    let kept = std::fs::read_to_string(format!("{root}/docs/system.svg")).expect("the picture");
    assert!(
        drawn == kept,
        "docs/system.svg is out of date: run 'make picture'"
    );
}
