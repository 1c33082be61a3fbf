// SPDX-License-Identifier: BSD-2-Clause
//! The guest's machine, as it is at the first instruction.

use core::fmt;

use sel4_microkit::Channel;
use sel4_vcpu::{Context, Controls, Vcpu};
use vmm_acpi::Device as AcpiDevice;
use vmm_apic::{APIC_PAGE, Help, LocalApic, Mode};
use vmm_base::Gpa;
use vmm_core::pc::{Pc, place};
use vmm_core::{Cpuid, Machine};
use vmm_devices::{Power, Start, port};

use crate::apic::Apic;
use crate::bus;
use crate::config::Config;
use crate::cpu::{GuestCpu, cpuid, tsc};
use crate::function::Device;
use crate::tty::Tty;

/// Where the ACPI tables are.
pub const RSDP: Gpa = Gpa(0xe_0000);

/// 2026-01-01 00:00: what a guest takes for the time when there is no clock to ask.
const EPOCH: i64 = 1_767_225_600;

/// The machine of this program.
pub type GuestMachine<'a> = Machine<'static, GuestCpu, Pc<&'a Apic, Device, Tty>>;

/// A guest that was loaded.
pub struct Guest<'a> {
    /// Its machine.
    pub machine: GuestMachine<'a>,
    /// The APIC of its CPU.
    pub apic: &'a Apic,
    /// The state of its CPU.
    pub context: Context,
    /// The channel by which frames for it are announced.
    pub frames: Option<Channel>,
}

/// Why there is no machine.
#[derive(Debug)]
pub enum Failure {
    /// The CPU lacks these.
    Lacks(Controls),
    /// What the guest is started with cannot be loaded.
    Boot(vmm_boot::Error),
    /// The functions do not fit on the bus.
    Bus(vmm_pci::BuildError),
    /// The kernel refused something.
    Stop(vmm_core::Stop),
}

/// Makes the machine, puts everything into its memory, and the CPU to the first instruction.
pub fn build<'a>(config: &Config, hz: u64, page: &'a Apic) -> Result<Guest<'a>, Failure> {
    let vcpu = Vcpu::new(0);
    let help = Help::find(vcpu, config.apicv);
    let apic = match help.delivery {
        true => LocalApic::virtualised(0, true, page),
        false => LocalApic::new(0, true),
    };
    let controls = GuestMachine::controls(Controls {
        primary: help.primary(),
        secondary: help.secondary(Mode::XApic),
        ..Controls::default()
    });
    let missing = vcpu
        .negotiate(controls)
        .map_err(|error| Failure::Stop(error.into()))?;
    if !missing.is_empty() {
        return Err(Failure::Lacks(missing));
    }
    let clock = Start {
        hertz: hz,
        now: 0,
        seconds: EPOCH + (tsc() / hz) as i64,
    };
    let (pci, frames) = bus::build(config).map_err(Failure::Bus)?;
    let mut pc = Pc::new(apic, help, clock, pci, Tty);
    if !config.pci_ports {
        pc.remove_config_ports();
    }
    let tables = vmm_acpi::tables(RSDP, &acpi(config));
    let state = vmm_boot::load(config.ram, &config.guest()).map_err(Failure::Boot)?;
    // Memory from 1 MiB on is the kernel's; if there were none, loading would have failed.
    let _ = config.ram.write(RSDP, &tables);
    let mut machine = Machine::new(GuestCpu(vcpu), config.ram, Cpuid::new(cpuid, hz), pc);
    let context = machine
        .start(&state, controls.primary)
        .map_err(Failure::Stop)?;
    Ok(Guest {
        machine,
        apic: page,
        context,
        frames,
    })
}

fn acpi(config: &Config) -> vmm_acpi::Machine {
    vmm_acpi::Machine {
        cpus: 1,
        local_apic: APIC_PAGE as u32,
        io_apic: place::IO_APIC.0 as u32,
        ecam: place::ECAM.0 as u32,
        pci_memory: place::PCI_MEMORY.start as u32..=(place::PCI_MEMORY.end - 1) as u32,
        pci_ports: config.pci_ports.then_some(vmm_pci::FIRST_CONFIG_PORT),
        serial: Some(AcpiDevice {
            port: *port::COM1.start(),
            interrupt: 4,
        }),
        clock: Some(AcpiDevice {
            port: *port::RTC.start(),
            interrupt: 8,
        }),
        sleep_control: *port::POWER.start() + Power::SLEEP_CONTROL,
        sleep_status: *port::POWER.start() + Power::SLEEP_STATUS,
        sleep_type_off: Power::SLEEP_TYPE_OFF,
        reset: *port::POWER.start() + Power::RESET,
        reset_value: Power::RESET_VALUE,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(controls) => write!(f, "no guest runs here: the CPU lacks {controls}"),
            Self::Boot(error) => write!(f, "the guest cannot be loaded: {error}"),
            Self::Bus(error) => write!(f, "the guest's PCI bus: {error}"),
            Self::Stop(stop) => stop.fmt(f),
        }
    }
}
