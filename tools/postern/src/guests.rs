// SPDX-License-Identifier: BSD-2-Clause
//! Files of guests that system descriptions name and that are made here: `linux/vmlinuz` and
//! `linux/NAME.initramfs`, the latter if `testbed/guests/linux` has a recipe of that name. All
//! other files are somebody else's, and the image tool looks for them.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::description::Description;
use crate::linux;
use crate::setup::{self, For};
use crate::workspace::Workspace;

/// Makes what `systems` name. The first time this downloads a Linux.
pub fn build(workspace: &Workspace, systems: &[Description]) -> Result<()> {
    let files = systems.iter().flat_map(|system| &system.files);
    let exists = |name: &str| linux::has_recipe(workspace, name);
    let wanted = wanted(files.map(String::as_str), exists);
    if wanted == Wanted::default() {
        return Ok(());
    }
    setup::ensure(workspace, &[For::Linux])?;
    if wanted.kernel {
        linux::place_kernel(workspace)?;
    }
    let mut recipes = wanted.recipes.into_iter();
    recipes.try_for_each(|name| linux::build(workspace, name).map(drop))
}

/// What is to be made.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted<'a> {
    kernel: bool,
    recipes: BTreeSet<&'a str>,
}

/// What has to be made for these files.
fn wanted<'a>(files: impl Iterator<Item = &'a str>, exists: impl Fn(&str) -> bool) -> Wanted<'a> {
    let mut wanted = Wanted::default();
    for file in files.filter_map(|file| file.strip_prefix("linux/")) {
        wanted.kernel |= file == linux::KERNEL;
        let recipe = file.strip_suffix(linux::INITRAMFS);
        wanted.recipes.extend(recipe.filter(|name| exists(name)));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_made_here() {
        let of = |files: &[&'static str]| {
            let exists = |name: &str| name != "mine";
            let wanted = wanted(files.iter().copied(), exists);
            (wanted.kernel, Vec::from_iter(wanted.recipes))
        };
        let others = [
            "dmar.bin",
            "vmlinuz",
            "x/linux/vmlinuz",
            "linux/mine.initramfs",
        ];
        assert_eq!(of(&others), (false, vec![]));
        assert_eq!(of(&["linux/vmlinuz"]), (true, vec![]));
        let both = ["linux/b.initramfs", "linux/vmlinuz", "linux/b.initramfs"];
        assert_eq!(of(&both), (true, vec!["b"]));
    }
}
