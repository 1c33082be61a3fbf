// SPDX-License-Identifier: BSD-2-Clause
//! What a guest stands on here: a VMCS and a platform that answer with whatever comes to mind.

use std::cell::Cell;
use std::collections::BTreeMap;

use sel4_vcpu::field::{Field, Readable, Value};
use sel4_vcpu::{Msr, Secondary};
use vmm_base::{Gpa, Width};
use vmm_core::{Bus, Cpu, Platform, Stop, VirtualAccess};

/// Numbers that look random, from a seed.
#[derive(Debug, Clone)]
pub struct Numbers(Cell<u64>);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed | 1))
    }

    pub fn next(&self) -> u64 {
        let mut word = self.0.get();
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        self.0.set(word);
        word
    }
}

/// A VMCS of fields that hold anything until they are written.
pub struct AnyCpu {
    pub numbers: Numbers,
    pub fields: BTreeMap<u32, u64>,
}

impl Cpu for AnyCpu {
    fn read<F: Readable>(&self, field: F) -> sel4::Result<F::Value> {
        let known = self.fields.get(&field.encoding()).copied();
        let word = known.unwrap_or_else(|| self.numbers.next());
        Ok(F::Value::from_word(word))
    }

    fn write<V: Value>(&mut self, field: Field<V>, value: impl Into<V>) -> sel4::Result<()> {
        self.fields.insert(field.encoding(), value.into().to_word());
        Ok(())
    }

    fn write_msr(&mut self, _: Msr, _: u64) -> sel4::Result<()> {
        Ok(())
    }

    fn tsc(&self) -> u64 {
        self.numbers.next()
    }
}

/// Devices that answer anything, and count how often they are asked.
pub struct AnyPlatform {
    pub numbers: Numbers,
    pub asked: u64,
}

impl AnyPlatform {
    fn answer(&mut self, width: Width) -> u64 {
        self.asked += 1;
        self.numbers.next() & width.mask()
    }

    fn seldom(&mut self) -> bool {
        self.numbers.next().is_multiple_of(16)
    }
}

impl Bus for AnyPlatform {
    fn read_port(&mut self, _: u16, width: Width) -> u32 {
        self.answer(width) as u32
    }

    fn write_port(&mut self, _: u16, width: Width, value: u32) {
        assert_eq!(u64::from(value) & !width.mask(), 0, "bits beyond the width");
        self.asked += 1;
    }

    fn read(&mut self, _: Gpa, width: Width) -> u64 {
        self.answer(width)
    }

    fn write(&mut self, _: Gpa, width: Width, value: u64) {
        assert_eq!(value & !width.mask(), 0, "bits beyond the width");
        self.asked += 1;
    }
}

impl Platform for AnyPlatform {
    fn has_news(&self) -> bool {
        true
    }

    fn set_now(&mut self, _: u64) {}

    fn interrupt(&mut self) -> Option<u8> {
        self.seldom().then(|| self.numbers.next() as u8)
    }

    fn wakes(&mut self) -> bool {
        self.seldom()
    }

    fn has_work(&self) -> bool {
        self.numbers.next().is_multiple_of(16)
    }

    fn accept(&mut self, _: u8) {}

    fn take_nmi(&mut self) -> bool {
        self.seldom()
    }

    fn deadline(&self) -> Option<u64> {
        Some(self.numbers.next())
    }

    fn take_stop(&mut self) -> Option<Stop> {
        None
    }

    fn read_msr(&mut self, _: u32) -> Option<u64> {
        self.seldom().then(|| self.numbers.next())
    }

    fn write_msr(&mut self, _: u32, _: u64) -> Option<()> {
        self.seldom().then_some(())
    }

    fn task_priority(&self) -> u8 {
        0
    }

    fn set_task_priority(&mut self, class: u8) {
        assert!(class < 16);
    }

    fn virtual_apic(&mut self, _: VirtualAccess) {}

    fn apic_controls(&self) -> Secondary {
        Secondary::empty()
    }

    fn flush(&mut self) {}
}
