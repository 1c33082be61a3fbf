// SPDX-License-Identifier: BSD-2-Clause
//! Set-up: everything that the commands need is looked for, and what is missing is installed or
//! built. Nothing here touches the network once all is there.

mod apt;
mod archive;
pub mod bochs;
pub mod host;
pub mod linux;
mod need;
pub mod qemu;

use anyhow::{Result, bail};

pub use need::For;

use crate::cargo::Cargo;
use crate::workspace::Workspace;
use host::ThisHost;

/// Makes sure that `uses` are possible on this machine.
pub fn ensure(workspace: &Workspace, uses: &[For]) -> Result<()> {
    let host = ThisHost;
    let missing = need::missing(&host, uses);
    if !missing.is_empty() {
        apt::install(workspace, &host, &missing)?;
        let still = need::missing(&host, uses);
        if !still.is_empty() {
            let why = qemu::check(&host)
                .err()
                .filter(|_| uses.contains(&For::Qemu));
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            bail!("installed, but still not usable: {}{why}", still.join(" "));
        }
    }
    if uses.contains(&For::Building) {
        Cargo::new(workspace).fetch()?;
    }
    if uses.contains(&For::Bochs) {
        bochs::ensure(workspace, &host)?;
    }
    if uses.contains(&For::Linux) {
        linux::ensure(workspace, &host)?;
    }
    Ok(())
}
