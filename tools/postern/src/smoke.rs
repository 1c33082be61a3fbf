// SPDX-License-Identifier: BSD-2-Clause
//! The command `smoke`: boots a system with nobody at the terminal and checks that everything in
//! it comes up. Each protection domain has to say something, the start-up has to be announced as
//! complete, the IOMMU manager has to print what its hardware can do, and whoever has a device has
//! to show that it works.

mod checks;
mod heard;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::{Boot, Emulator as Kind};
use crate::run;
use crate::run::watch::{Ending, Watch};
use crate::ui::seconds;
use crate::workspace::Workspace;
use heard::{Expected, Heard};

/// How long everything may take; emulation in Bochs is slower.
const PATIENCE_QEMU: Duration = Duration::from_secs(90);
const PATIENCE_BOCHS: Duration = Duration::from_secs(240);
/// After the last thing that is waited for, this much more is listened to, for the table.
const ECHO: Duration = Duration::from_millis(1500);
/// Begins the line of a client on the host that failed.
const ERROR_ON_THE_HOST: &str = "HOST|ERROR";

/// Boots and checks.
pub fn smoke(workspace: &Workspace, boot: &Boot) -> Result<()> {
    let (description, hardware, emulator) = run::start(workspace, boot)?;
    let begun = Instant::now();
    let patience = match boot.emulator {
        Kind::Qemu => PATIENCE_QEMU,
        Kind::Bochs | Kind::Shim => PATIENCE_BOCHS,
    };
    let expected = Expected {
        description: &description,
        iommu: boot.emulator != Kind::Bochs && hardware.iommu.options().is_some(),
        prints: boot.variant().is_debug(),
    };
    let mut watch =
        Watch::new(emulator, BTreeMap::new()).with_echo_after(Some(checks::REACHABLE.to_owned()));
    let mut heard = Heard::new(expected);
    let mut on_the_host = None;
    let ending = watch.until(patience, |line| {
        heard.line(line);
        if line.starts_with(ERROR_ON_THE_HOST) {
            // There will be no second attempt, so what is missing does not come any more.
            on_the_host = Some(line.to_owned());
        }
        on_the_host.is_some() || heard.missing(expected).is_empty()
    });
    if ending == Ending::Complete {
        watch.until(ECHO, |line| {
            heard.line(line);
            false
        });
    }
    println!("{}", heard.table(&description));
    if !heard.iommu.is_empty() {
        println!("IOMMU:\n  {}\n", heard.iommu.join("\n  "));
    }
    if !heard.checks.is_empty() {
        println!("{}", checks::rows(&heard.checks));
    }
    if let Some(line) = on_the_host {
        bail!("after {}: {line}", seconds(begun.elapsed()));
    }
    if ending != Ending::Complete {
        let when = if ending == Ending::Stopped {
            "the machine stopped"
        } else {
            "time was up"
        };
        let after = seconds(begun.elapsed());
        let missing = heard.missing(expected).join(", ");
        bail!(
            "{when} after {after} without {missing}; {}",
            watch.last_words()
        );
    }
    let errors = heard.errors(expected);
    if !errors.is_empty() {
        bail!("the system came up with errors:\n  {}", errors.join("\n  "));
    }
    if let Some(line) = heard.started {
        println!("{line}");
    }
    println!("Smoke test passed in {}.", seconds(begun.elapsed()));
    Ok(())
}
