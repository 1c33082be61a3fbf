// SPDX-License-Identifier: BSD-2-Clause
//! Whole systems that are booted and watched: the files `tests/system/*.toml`. Each says which
//! system to boot, where, and what has to appear on the serial port; every expectation is a test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use regex::Regex;
use sel4_kernel::config::Variant;
use serde::Deserialize;

use super::filter::Filter;
use super::outcome::{Outcome, Part, TestResult};
use super::pool::{Boot, Pool};
use crate::cli::Emulator as Kind;
use crate::image::Builder;
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::{Ending, Watch};
use crate::ui::seconds;
use crate::workspace::{Workspace, shown};

/// After everything expected has come, what must not come gets this long to come.
const ECHO: Duration = Duration::from_secs(2);

/// The content of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The system's description, relative to the workspace.
    system: PathBuf,
    /// Where to boot it: `qemu` or `bochs`, a dash, and the kernel's name.
    places: Vec<String>,
    /// Seconds that a boot may take.
    timeout: u64,
    /// Expressions, by name, that a line has to match.
    expect: BTreeMap<String, String>,
    /// Expressions, by name, that no line may match.
    #[serde(default)]
    forbid: BTreeMap<String, String>,
    /// When this text has come, the host uses the echo service in the machine.
    echo: Option<String>,
    /// Keys of the system's `machine.toml` that are different here.
    #[serde(default)]
    machine: toml::Table,
    /// When this text has come, that is typed.
    #[serde(default)]
    input: BTreeMap<String, String>,
    /// The same in a certain order: pairs of a text and what is typed when it has come.
    #[serde(default)]
    script: Vec<(String, String)>,
}

/// Where a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The emulator.
    pub emulator: Kind,
    /// The kernel; one for several CPUs gets two.
    pub variant: Variant,
}

/// A system to boot and what to expect of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name.
    pub name: String,
    /// The system's description.
    pub system: PathBuf,
    /// Where it is played.
    pub places: Vec<Place>,
    hardware: Hardware,
    timeout: Duration,
    expect: Vec<(String, Regex)>,
    forbid: Vec<(String, Regex)>,
    input: BTreeMap<String, String>,
    script: Vec<(String, String)>,
    echo: Option<String>,
}

impl Place {
    fn parse(text: &str) -> Result<Self> {
        let found = text.split_once('-').and_then(|(emulator, kernel)| {
            let emulator = match emulator {
                "qemu" => Kind::Qemu,
                "bochs" => Kind::Bochs,
                "shim" => Kind::Shim,
                _ => return None,
            };
            Some(Self {
                emulator,
                variant: Variant::from_name(kernel)?,
            })
        });
        found.with_context(|| format!("`{text}` is no place; one would be qemu-smp-debug"))
    }

    /// Its name, e.g. `qemu-smp-debug`.
    pub fn name(self) -> String {
        let emulator = match self.emulator {
            Kind::Qemu => "qemu",
            Kind::Bochs => "bochs",
            Kind::Shim => "shim",
        };
        format!("{emulator}-{}", self.variant.name())
    }
}

/// Reads all scenarios.
pub fn discover(root: &Path) -> Result<Vec<Scenario>> {
    let folder = root.join("tests/system");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        parse(root, &name, &text)
    };
    files
        .iter()
        .map(|path| read(path).with_context(|| path.display().to_string()))
        .collect()
}

fn parse(root: &Path, name: &str, text: &str) -> Result<Scenario> {
    let file: File = toml::from_str(text)?;
    if file.expect.is_empty() || file.places.is_empty() {
        bail!("a scenario needs a place and an expectation");
    }
    let compile = |table: BTreeMap<String, String>| -> Result<Vec<(String, Regex)>> {
        let compiled = table.into_iter().map(|(name, expression)| {
            let regex = Regex::new(&expression).with_context(|| format!("in `{name}`"))?;
            Ok((name, regex))
        });
        compiled.collect()
    };
    let system = root.join(file.system);
    Ok(Scenario {
        name: name.to_owned(),
        hardware: Hardware::beside_but(&system, &file.machine)?,
        system,
        places: file
            .places
            .iter()
            .map(|place| Place::parse(place))
            .collect::<Result<_>>()?,
        timeout: Duration::from_secs(file.timeout),
        expect: compile(file.expect)?,
        forbid: compile(file.forbid)?,
        input: file.input,
        script: file.script,
        echo: file.echo,
    })
}

impl Scenario {
    /// The places where a test of this scenario that `filter` takes is played.
    pub fn chosen(&self, filter: &Filter) -> Vec<Place> {
        let tests = || self.expect.iter().chain(&self.forbid);
        let wanted =
            |place: &Place| tests().any(|(test, _)| filter.takes(&self.test_name(test, *place)));
        self.places.iter().copied().filter(wanted).collect()
    }

    fn test_name(&self, test: &str, place: Place) -> String {
        format!("{}.{test}@{}", self.name, place.name())
    }

    /// Adds a boot in `place` to `pool`.
    pub fn prepare(
        &self,
        workspace: &Workspace,
        place: Place,
        accelerator: Accelerator,
        pool: &mut Pool,
    ) {
        let name = format!("{}@{}", self.name, place.name());
        let image_name = format!("scenario-{}", self.name);
        let image = Builder::new(workspace).image(&image_name, &self.system, place.variant);
        let image = match image {
            Ok(image) => image,
            Err(error) => {
                let outcome = Outcome::Failed(format!("{error:#}"));
                return pool.add_result(&name, TestResult::new(name.clone(), outcome));
            }
        };
        let machine = Machine {
            name: format!("scenario-{name}"),
            image,
            cpus: if place.variant.is_smp() { 2 } else { 1 },
            hardware: self.hardware.clone(),
            virtual_time: false,
        };
        let workspace = workspace.clone();
        let scenario = self.clone();
        let part = name.clone();
        let run = move || {
            let started = Instant::now();
            let emulator = Emulator::start(&workspace, place.emulator, accelerator, &machine)?;
            let results = scenario.play(&workspace, place, emulator);
            Ok(Part {
                name: part,
                results,
                took: started.elapsed(),
            })
        };
        pool.add(Boot {
            name,
            run: Box::new(run),
        });
    }

    fn play(&self, workspace: &Workspace, place: Place, emulator: Emulator) -> Vec<TestResult> {
        let mut seen = Seen::new(self);
        let mut watch = Watch::new(emulator, self.input.clone())
            .with_script(self.script.clone())
            .with_echo_after(self.echo.clone());
        let ending = watch.until(self.timeout, |line| seen.line(line));
        if ending == Ending::Complete && !self.forbid.is_empty() {
            watch.until(ECHO, |line| {
                seen.line(line);
                false
            });
        }
        let log = shown(&workspace.root, watch.log());
        let when = match ending {
            Ending::Complete => String::new(),
            Ending::TimeOut(patience) => format!("within {}", seconds(patience)),
            Ending::Stopped => "before the machine stopped".to_owned(),
        };
        let missing = seen.missing.iter().map(|name| {
            let why = format!("no such line {when}; log: {log}; {}", watch.last_words());
            (name.as_str(), Outcome::Failed(why))
        });
        let bad = seen.unwanted.iter().map(|(name, line)| {
            (
                name.as_str(),
                Outcome::Failed(format!("`{line}`; log: {log}")),
            )
        });
        let failures: BTreeMap<&str, Outcome> = missing.chain(bad).collect();
        let tests = self.expect.iter().chain(&self.forbid);
        tests
            .map(|(test, _)| {
                let outcome = failures
                    .get(test.as_str())
                    .cloned()
                    .unwrap_or(Outcome::Passed);
                TestResult::new(self.test_name(test, place), outcome)
            })
            .collect()
    }
}

/// What has come so far of what a scenario looks for.
struct Seen<'a> {
    scenario: &'a Scenario,
    missing: Vec<String>,
    unwanted: BTreeMap<String, String>,
}

impl<'a> Seen<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let missing = scenario
            .expect
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        Self {
            scenario,
            missing,
            unwanted: BTreeMap::new(),
        }
    }

    /// Takes a line; `true` when nothing expected is missing any more.
    fn line(&mut self, line: &str) -> bool {
        let came = |name: &String| {
            let expression = self.scenario.expect.iter().find(|(other, _)| other == name);
            expression.is_some_and(|(_, expression)| expression.is_match(line))
        };
        self.missing.retain(|name| !came(name));
        for (name, expression) in &self.scenario.forbid {
            if expression.is_match(line) {
                self.unwanted
                    .entry(name.clone())
                    .or_insert_with(|| line.to_owned());
            }
        }
        self.missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "system = 'system.xml'\nplaces = ['qemu-debug', 'bochs-smp-release']\n\
        timeout = 5\n[expect]\nhello = '^a\\|INFO: hello'\nend = 'end$'\n\
        [forbid]\nfault = 'MON\\|ERROR'\n";

    fn scenario() -> Scenario {
        parse(Path::new("/root"), "default", TEXT).unwrap()
    }

    fn play(script: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::find().unwrap();
        let emulator = Emulator::of_script(script, folder.path());
        let scenario = scenario();
        let results = scenario.play(&workspace, scenario.places[0], emulator);
        results.iter().map(TestResult::line).collect()
    }

    #[test]
    fn every_expectation_is_a_test() {
        let lines = play("echo 'a|INFO: hello'; echo the end");
        let expected = [
            "test default.end@qemu-debug ... ok",
            "test default.hello@qemu-debug ... ok",
            "test default.fault@qemu-debug ... ok",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_missing_and_what_must_not_come_fails() {
        let lines = play("echo 'a|INFO: hello'; echo 'MON|ERROR: pd x faulted'").join("\n");
        let missing = "default.end@qemu-debug ... FAILED: no such line before the machine stopped";
        assert!(lines.contains(missing), "{lines}");
        assert!(
            lines.contains("fault@qemu-debug ... FAILED: `MON|ERROR: pd x faulted`"),
            "{lines}"
        );
        assert!(lines.contains("default.hello@qemu-debug ... ok"), "{lines}");
    }

    #[test]
    fn a_late_fault_is_still_seen() {
        let lines =
            play("echo 'a|INFO: hello'; echo end; sleep 0.2; echo 'MON|ERROR: x'").join("\n");
        assert!(lines.contains("fault@qemu-debug ... FAILED"), "{lines}");
    }

    #[test]
    fn the_machine_can_differ_from_the_one_of_the_system() {
        let text = format!("{TEXT}[machine]\nmemory_mib = 7\niommu = false\n");
        let hardware = parse(Path::new("/root"), "default", &text)
            .unwrap()
            .hardware;
        assert_eq!((hardware.memory_mib, hardware.iommu.options()), (7, None));
    }

    #[test]
    fn the_filter_chooses_places() {
        let chosen = |text| {
            let places = scenario().chosen(&Filter::new(Some(text)));
            places.into_iter().map(Place::name).collect::<Vec<_>>()
        };
        assert_eq!(chosen("default"), ["qemu-debug", "bochs-smp-release"]);
        assert_eq!(chosen("end@bochs"), ["bochs-smp-release"]);
        assert_eq!(chosen("other"), [""; 0]);
    }

    #[test]
    fn mistakes_in_a_file_are_named() {
        for (from, to, expected) in [
            ("qemu-debug", "qemu-smp", "`qemu-smp` is no place"),
            ("'qemu-debug', 'bochs-smp-release'", "", "needs a place"),
            ("end$", "(", "in `end`"),
            ("timeout", "time", "time"),
            ("[forbid]", "[machine]\nram = 1\n[forbid]", "field `ram`"),
        ] {
            let text = TEXT.replace(from, to);
            let error = format!("{:#}", parse(Path::new("/"), "x", &text).unwrap_err());
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
