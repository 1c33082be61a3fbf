// SPDX-License-Identifier: BSD-2-Clause
//! Is the QEMU on this machine good enough? The binary itself is asked.

use super::host::Host;

/// The program.
pub const PROGRAM: &str = "qemu-system-x86_64";
/// The oldest major version that has the igb network device.
const OLDEST: u32 = 8;

/// Checks version and devices; the error says what is wrong.
pub fn check(host: &dyn Host) -> Result<(), String> {
    let Some(text) = host.ask(&[PROGRAM, "--version"]) else {
        return Err(format!("{PROGRAM} is not installed"));
    };
    let Some(major) = major_version(&text) else {
        let line = text.lines().next().unwrap_or_default();
        return Err(format!(
            "cannot tell the version of {PROGRAM} from `{line}`"
        ));
    };
    if major < OLDEST {
        return Err(format!(
            "{PROGRAM} is version {major}, {OLDEST} or newer is needed"
        ));
    }
    // An unknown device is a message on stderr and no failure.
    let igb = host.ask(&[PROGRAM, "-device", "igb,help"]);
    if !igb.is_some_and(|text| text.contains("igb options")) {
        return Err(format!("{PROGRAM} was built without the igb device"));
    }
    Ok(())
}

fn major_version(text: &str) -> Option<u32> {
    let version = text.split_once("version ")?.1;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::host::FakeHost;

    #[test]
    fn each_shortcoming_is_named() {
        const VERSION: &str = "qemu-system-x86_64 --version";
        const IGB: &str = "qemu-system-x86_64 -device igb,help";
        for (answers, expected) in [
            (
                vec![
                    (VERSION, "QEMU emulator version 10.0.2 (Debian 1)"),
                    (IGB, "igb options:"),
                ],
                "",
            ),
            (vec![], "qemu-system-x86_64 is not installed"),
            (
                vec![(VERSION, "QEMU emulator version 7.2.0")],
                "qemu-system-x86_64 is version 7, 8 or newer is needed",
            ),
            (
                vec![(VERSION, "QEMU emulator version 9.1.0"), (IGB, "")],
                "qemu-system-x86_64 was built without the igb device",
            ),
            (
                vec![(VERSION, "something else\nmore")],
                "cannot tell the version of qemu-system-x86_64 from `something else`",
            ),
        ] {
            let host = FakeHost {
                answers,
                ..FakeHost::default()
            };
            assert_eq!(check(&host).err().unwrap_or_default(), expected);
        }
    }
}
