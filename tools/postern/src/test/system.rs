// SPDX-License-Identifier: BSD-2-Clause
//! Tests in booted systems: each folder of `tests/components` with a `system.xml`, or with an
//! initial task of its own, is a system that tests itself and reports; see [`super::protocol`].

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::environment::Environment;
use super::filter::Filter;
use super::manifest::Manifest;
use super::outcome::{Outcome, Part, TestResult};
use super::pool::{Boot, Pool};
use super::reports::Reports;
use crate::description::Description;
use crate::image::Builder;
use crate::run::accelerator::Accelerator;
use crate::run::emulator::Emulator;
use crate::run::hardware::Hardware;
use crate::run::machine::Machine;
use crate::run::watch::Watch;
use crate::workspace::{Workspace, shown};

/// What is booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The system that this file describes.
    Description(PathBuf),
    /// Nothing but this program, as the initial task.
    InitialTask(String),
}

/// A system that tests itself.
#[derive(Debug)]
pub struct System {
    /// Name of its folder.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// What it consists of.
    pub subject: Subject,
    /// How it is tested.
    pub manifest: Manifest,
    /// What its machine has.
    pub hardware: Hardware,
}

/// Finds the test systems, by name.
pub fn discover(root: &Path) -> Result<Vec<System>> {
    let parent = root.join("tests/components");
    let entries =
        std::fs::read_dir(&parent).with_context(|| format!("cannot list {}", parent.display()))?;
    let mut systems = Vec::new();
    for folder in entries.flatten().map(|entry| entry.path()) {
        let manifest = Manifest::read(&folder)?;
        let description = folder.join("system.xml");
        let subject = match (&manifest.initial_task, description.is_file()) {
            (None, false) => continue,
            (None, true) => Subject::Description(description.clone()),
            (Some(program), false) => Subject::InitialTask(program.clone()),
            (Some(_), true) => bail!(
                "{} has a system.xml, and an initial task that does not read it",
                folder.display()
            ),
        };
        let name = folder.file_name().unwrap_or_default();
        systems.push(System {
            name: name.to_string_lossy().into_owned(),
            subject,
            manifest,
            hardware: Hardware::beside(&description)?,
            folder,
        });
    }
    systems.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(systems)
}

/// The boots that `filter` asks for, each with its environment.
pub fn plan<'a>(systems: &'a [System], filter: &Filter) -> Vec<(&'a System, Environment)> {
    let boots = Environment::ALL
        .into_iter()
        .flat_map(|environment| systems.iter().map(move |system| (system, environment)));
    boots
        .filter(|(system, environment)| environment.is_for(&system.manifest))
        .filter(|(system, environment)| {
            filter.may_take(&system.name, environment.name(), &system.folder)
        })
        .collect()
}

/// Adds the boots of `plan` to `pool`. What cannot be built or is skipped has its result at once.
pub fn prepare(
    workspace: &Workspace,
    plan: &[(&System, Environment)],
    accelerator: Accelerator,
    pool: &mut Pool,
) -> Result<()> {
    let builder = Builder::new(workspace);
    for &(system, environment) in plan {
        let name = format!("{}@{}", system.name, environment.name());
        let outcome = match system.manifest.skip.get(environment.name()) {
            Some(why) => Some(Outcome::Skipped(why.clone())),
            None => {
                let variant = environment.variant();
                let image_name = format!("test-{}", system.name);
                let image = match &system.subject {
                    Subject::Description(file) => builder.image(&image_name, file, variant),
                    Subject::InitialTask(program) => Ok(builder.bare(program, variant)),
                };
                match image {
                    Ok(image) => {
                        let machine = Machine {
                            name: format!("test-{name}"),
                            image,
                            cpus: environment.cpus(),
                            hardware: system.hardware.clone(),
                            virtual_time: system.manifest.virtual_time,
                        };
                        pool.add(boot(workspace, system, environment, accelerator, machine));
                        None
                    }
                    Err(error) => Some(Outcome::Failed(format!("{error:#}"))),
                }
            }
        };
        if let Some(outcome) = outcome {
            pool.add_result(&name, TestResult::new(name.clone(), outcome));
        }
    }
    Ok(())
}

/// Descriptions of the systems that are planned.
pub fn descriptions(plan: &[(&System, Environment)]) -> Result<Vec<Description>> {
    let files = plan.iter().filter_map(|(system, _)| match &system.subject {
        Subject::Description(file) => Some(file),
        Subject::InitialTask(_) => None,
    });
    files.map(|file| Description::read(file)).collect()
}

/// Initial tasks of the systems that are planned.
pub fn initial_tasks<'a>(plan: &[(&'a System, Environment)]) -> Vec<&'a str> {
    let tasks = plan.iter().filter_map(|(system, _)| match &system.subject {
        Subject::Description(_) => None,
        Subject::InitialTask(program) => Some(program.as_str()),
    });
    tasks.collect()
}

fn boot(
    workspace: &Workspace,
    system: &System,
    environment: Environment,
    accelerator: Accelerator,
    machine: Machine,
) -> Boot {
    let workspace = workspace.clone();
    let name = system.name.clone();
    let manifest = system.manifest.clone();
    let run = move || {
        let started = Instant::now();
        let mut reports = Reports::new(&name, &manifest.guests, environment.name());
        let emulator = Emulator::start(&workspace, environment.emulator(), accelerator, &machine)?;
        let mut watch = Watch::new(emulator, manifest.input.clone());
        let patience = environment.patience(&manifest);
        let ending = watch.until(patience, |line| reports.line(line));
        let log = shown(&workspace.root, watch.log());
        let evidence = format!("log: {log}; {}", watch.last_words());
        Ok(Part {
            name: format!("{name}@{}", environment.name()),
            results: reports.finish(ending, &evidence),
            took: started.elapsed(),
        })
    };
    Boot {
        name: format!("{}@{}", system.name, environment.name()),
        run: Box::new(run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn systems() -> (tempfile::TempDir, Vec<System>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, manifest) in [
            ("b", "bochs_smp = true"),
            ("a", ""),
            ("bare", "initial_task = 'x'"),
            ("no-system", ""),
        ] {
            let system = folder.path().join("tests/components").join(name);
            std::fs::create_dir_all(&system).unwrap();
            std::fs::write(system.join("test.toml"), manifest).unwrap();
            if name == "a" || name == "b" {
                std::fs::write(system.join("system.xml"), "<system/>").unwrap();
            }
        }
        let systems = discover(folder.path()).unwrap();
        (folder, systems)
    }

    fn names(plan: &[(&System, Environment)]) -> Vec<String> {
        plan.iter()
            .map(|(system, place)| format!("{}@{}", system.name, place.name()))
            .collect()
    }

    #[test]
    fn folders_with_a_description_or_an_initial_task_are_systems() {
        let (folder, systems) = systems();
        assert_eq!(
            systems.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["a", "b", "bare"]
        );
        assert_eq!(systems[2].subject, Subject::InitialTask("x".to_owned()));
        let place = Environment::ALL[0];
        let plan: Vec<_> = systems.iter().map(|system| (system, place)).collect();
        assert_eq!(descriptions(&plan).unwrap().len(), 2);
        assert_eq!(initial_tasks(&plan), ["x"]);

        let bare = folder.path().join("tests/components/bare");
        std::fs::write(bare.join("system.xml"), "<system/>").unwrap();
        let error = discover(folder.path()).unwrap_err().to_string();
        assert!(error.contains("does not read it"), "{error}");
    }

    #[test]
    fn slow_places_come_first_and_the_filter_chooses() {
        let (_folder, systems) = systems();
        let all = names(&plan(&systems, &Filter::new(None)));
        let expected = [
            "b@bochs-2cpu",
            "a@bochs",
            "b@bochs",
            "bare@bochs",
            "a@qemu-2cpu",
            "b@qemu-2cpu",
            "bare@qemu-2cpu",
            "a@qemu-1cpu",
            "b@qemu-1cpu",
            "bare@qemu-1cpu",
        ];
        assert_eq!(all, expected);
        assert_eq!(
            names(&plan(&systems, &Filter::new(Some("a.@qemu-1")))),
            ["a@qemu-1cpu"]
        );
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = discover(folder.path()).unwrap_err().to_string();
        assert!(error.contains("tests/components"), "{error}");
    }
}
