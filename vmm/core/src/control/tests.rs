// SPDX-License-Identifier: BSD-2-Clause

use std::vec;

use super::*;
use crate::testing::{FakeCpu, In, context};

const PE: u64 = CR0_PE;
const PG: u64 = CR0_PG;
const LMA_LME: u64 = EFER_LMA | EFER_LME;
const IA32E: u64 = 1 << 9;

fn set(cpu: &mut FakeCpu, context: &mut Context, value: u64) -> Result<(), Refused> {
    set_cr0(cpu, &GuestRam::of(&mut []), context, value).expect("a kernel that obeys")
}

#[test]
fn caches_and_the_kind_of_fpu_are_shadows() {
    let mut cpu = FakeCpu::default();
    let mut context = context(In::Protected);
    assert_eq!(set(&mut cpu, &mut context, PE | CR0_CD | CR0_NW), Ok(()));
    assert_eq!(cpu.get(guest::CR0), PE | CR0_NE);
    assert_eq!(cpu.get(control::CR0_SHADOW), PE | CR0_CD | CR0_NW);
}

#[test]
fn what_no_cpu_takes_is_refused() {
    let long = context(In::Long);
    let protected = context(In::Protected);
    let mut with_pcid = long.clone();
    with_pcid.cr4 |= CR4_PCIDE;
    let mut without_pae = protected.clone();
    without_pae.efer = EFER_LME;
    for (name, context, value) in [
        ("upper half", &protected, 1 << 32 | PE),
        ("paging without protection", &protected, PG),
        ("NW without CD", &protected, PE | CR0_NW),
        ("no paging in 64-bit mode", &long, PE),
        ("no paging with process identifiers", &with_pcid, PE),
        ("long mode without PAE", &without_pae, PE | PG),
    ] {
        let mut cpu = FakeCpu::default();
        let mut context = context.clone();
        assert_eq!(set(&mut cpu, &mut context, value), Err(Refused), "{name}");
        assert!(cpu.fields.is_empty(), "{name}");
    }
}

#[test]
fn long_mode_comes_and_goes_with_paging() {
    let mut cpu = FakeCpu::default();
    let mut context = context(In::Protected);
    context.efer = EFER_LME;
    context.cr4 = CR4_PAE;
    assert_eq!(set(&mut cpu, &mut context, PE | PG | CR0_CD), Ok(()));
    assert_eq!((cpu.get(guest::EFER), context.efer), (LMA_LME, LMA_LME));
    assert_eq!(cpu.get(control::ENTRY), IA32E);
    // From compatibility mode: the code is of 32 bits.
    assert_eq!(set(&mut cpu, &mut context, PE), Ok(()));
    assert_eq!((cpu.get(guest::EFER), context.efer), (EFER_LME, EFER_LME));
    assert_eq!(cpu.get(control::ENTRY), 0);
}

#[test]
fn pae_paging_loads_its_four_entries() {
    let mut words = vec![0u64; 0x400];
    words[0x1020 / 8..][..4].copy_from_slice(&[0x2001, 0, 0x3001, 0x4001]);
    let mut cpu = FakeCpu::default();
    let mut context = context(In::Protected);
    context.cr3 = 0x1020;
    context.cr4 = CR4_PAE;
    let ram = GuestRam::of(&mut words);
    let done = set_cr0(&mut cpu, &ram, &mut context, PE | PG | CR0_CD);
    assert_eq!(done, Ok(Ok(())));
    let entries = guest::PDPTE.map(|field| cpu.get(field));
    assert_eq!(entries, [0x2001, 0, 0x3001, 0x4001]);
    context.cr3 = 0xffff_ffe0;
    assert_eq!(set_cr0(&mut cpu, &ram, &mut context, PE | PG), Ok(Ok(())));
    let entries = guest::PDPTE.map(|field| cpu.get(field));
    assert_eq!(entries, [0; 4], "outside of the memory");
}

#[test]
fn efer() {
    let allowed = |context: &Context, value: u64| {
        let (mut cpu, mut context) = (FakeCpu::default(), context.clone());
        let result = set_efer(&mut cpu, &mut context, value).expect("a kernel that obeys");
        result.map(|()| cpu.get(guest::EFER))
    };
    let (off, on) = (context(In::Protected), context(In::Long));
    for (context, value, result) in [
        (&off, 0, Ok(0)),
        (
            &off,
            EFER_LME | EFER_NXE | EFER_SCE,
            Ok(EFER_LME | EFER_NXE | EFER_SCE),
        ),
        (&off, EFER_LMA, Ok(0)),
        (&on, LMA_LME | EFER_SCE, Ok(LMA_LME | EFER_SCE)),
        (&on, EFER_LME, Ok(LMA_LME)),
        (&on, 0, Err(Refused)),
        (&off, 1 << 12, Err(Refused)),
        (&off, 1 << 63, Err(Refused)),
    ] {
        assert_eq!(allowed(context, value), result, "{value:#x}");
    }
}

#[test]
fn lmsw_sets_protection_and_does_not_clear_it() {
    assert_eq!(lmsw(0x8000_0011, 0xfff0), 0x8000_0011);
    assert_eq!(lmsw(0x10, 0xf), 0x1f);
    assert_eq!(lmsw(0x1e, 0), 0x10);
}

#[test]
fn cr4_follows_cpuid() {
    let has = |leaf1: u32, ebx: u32, ecx: u32| {
        let host = move |leaf: u32, _: u32| match leaf {
            0 => [7, 0, 0, 0],
            1 => [0, 0, leaf1, 0],
            7 => [0, ebx, ecx, 0],
            _ => [0; 4],
        };
        cr4_of_guest(&Cpuid::new(host, 1_000_000))
    };
    assert_eq!(has(0, 0, 0), CR4_ALWAYS);
    assert_eq!(has(u32::MAX, 0, 0), CR4_ALWAYS | CR4_PCIDE);
    let structured = CR4_FSGSBASE | CR4_SMEP | CR4_SMAP;
    assert_eq!(has(0, u32::MAX, 0), CR4_ALWAYS | structured);
    assert_eq!(has(0, 0, u32::MAX), CR4_ALWAYS | CR4_UMIP);
}
