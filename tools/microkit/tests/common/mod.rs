// SPDX-License-Identifier: BSD-2-Clause
//! What the tests of the parser share.

use std::path::{Path, PathBuf};

use microkit::config::KernelConfig;

/// Where the conformance cases are.
pub fn cases_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sdf")
}

/// The files of all conformance cases, sorted by name.
pub fn case_files() -> Vec<PathBuf> {
    let dir = cases_dir();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.expect("the directory can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "system")
        })
        .collect();
    paths.sort();
    paths
}

/// A uniprocessor kernel with everything that it can have.
pub fn kernel_config() -> KernelConfig {
    KernelConfig {
        vtx: true,
        io_address_spaces: true,
        mcs: false,
        printing: true,
        cores: 1,
        domains: 16,
        domain_schedules: 100,
        root_cnode_size_bits: 19,
        paddr_top: 1 << 47,
        timer_tick_ms: 2,
    }
}
