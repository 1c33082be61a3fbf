// SPDX-License-Identifier: BSD-2-Clause
//! The devices behind ports.

use vmm_apic::VirtualApic;
use vmm_base::{PortDevice, Width};
use vmm_control::Access;
use vmm_devices::{Request, Uart, port};
use vmm_pci::{CONFIG_PORTS, FIRST_CONFIG_PORT, Function};
use vmm_virtio::devices::console::Terminal;

use super::{CLOCK_PIN, Pc, SERIAL_PIN};
use crate::Stop;

const COM1: u16 = *port::COM1.start();
const COM1_END: u16 = *port::COM1.end();
const RTC: u16 = *port::RTC.start();
const RTC_END: u16 = *port::RTC.end();
const POWER: u16 = *port::POWER.start();
const POWER_END: u16 = *port::POWER.end();
/// In the middle of PCI's, but these are only reached with 4 bytes.
const RESET_CONTROL: u16 = 0xcf9;
const PCI_END: u16 = FIRST_CONFIG_PORT + CONFIG_PORTS - 1;

impl<V: VirtualApic, F: Function, T: Terminal> Pc<V, F, T> {
    pub(super) fn input(&mut self, port: u16, width: Width) -> u32 {
        self.access = Some(port_access(port));
        match port {
            COM1..=COM1_END => {
                let value = self.serial.read(port - COM1, width);
                if Uart::is_changed_by_reading(port - COM1) {
                    self.update_serial();
                }
                value
            }
            RTC..=RTC_END => {
                self.clock.advance(self.now);
                let value = self.clock.read(port - RTC, width);
                self.update_clock();
                value
            }
            RESET_CONTROL if width == Width::Byte => self.legacy.read(port, width),
            FIRST_CONFIG_PORT..=PCI_END if self.config_ports => {
                self.pci.read_port(port - FIRST_CONFIG_PORT, width)
            }
            POWER..=POWER_END => self.power.read(port - POWER, width),
            port::DEBUG_EXIT => self.debug_exit.read(0, width),
            _ => {
                self.legacy.advance(self.now);
                self.legacy.read(port, width)
            }
        }
    }

    pub(super) fn output(&mut self, port: u16, width: Width, value: u32) {
        self.access = Some(port_access(port));
        match port {
            COM1..=COM1_END => {
                self.serial.write(port - COM1, width, value);
                self.show_output();
            }
            RTC..=RTC_END => {
                self.clock.advance(self.now);
                self.clock.write(port - RTC, width, value);
                self.update_clock();
            }
            RESET_CONTROL if width == Width::Byte => self.write_legacy(port, width, value),
            FIRST_CONFIG_PORT..=PCI_END if self.config_ports => {
                self.messages = true;
                self.pci.write_port(port - FIRST_CONFIG_PORT, width, value);
            }
            POWER..=POWER_END => {
                self.power.write(port - POWER, width, value);
                self.news = true;
                self.stop = self.power.take_request().map(stop);
            }
            port::DEBUG_EXIT => {
                self.debug_exit.write(0, width, value);
                self.news = true;
                self.stop = self.debug_exit.value().map(Stop::DebugExit);
            }
            _ => self.write_legacy(port, width, value),
        }
    }

    fn write_legacy(&mut self, port: u16, width: Width, value: u32) {
        self.legacy.advance(self.now);
        self.legacy.write(port, width, value);
        self.news = true;
        self.stop = self.legacy.take_request().map(stop);
    }

    /// Characters take no time: what the guest sent is sent.
    fn show_output(&mut self) {
        while let Some(byte) = self.serial.take_output() {
            self.terminal.write(&[byte]);
            self.unshown = true;
        }
        self.update_serial();
    }

    pub(super) fn update_serial(&mut self) {
        let level = self.serial.interrupt();
        if level != self.serial_line {
            self.serial_line = level;
            self.news = true;
            self.io_apic.set_line(SERIAL_PIN, level);
        }
    }

    pub(super) fn update_clock(&mut self) {
        self.news = true;
        self.io_apic.set_line(CLOCK_PIN, self.clock.interrupt());
        self.clock_deadline = self.clock.deadline();
        self.due = 0;
    }
}

const fn port_access(port: u16) -> Access {
    match port {
        COM1..=COM1_END => Access::Serial,
        RTC..=RTC_END => Access::Clock,
        FIRST_CONFIG_PORT..=PCI_END => Access::PciConfig,
        POWER..=POWER_END | port::DEBUG_EXIT => Access::Power,
        _ => Access::AbsentPort,
    }
}

const fn stop(request: Request) -> Stop {
    match request {
        Request::PowerOff => Stop::PowerOff,
        Request::Reset => Stop::Reset,
    }
}
