// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use iced_x86::Mnemonic;
use zerocopy::FromZeros;

fn long() -> Box<Vmcb> {
    let mut vmcb = Box::new(Vmcb::new_zeroed());
    vmcb.efer = EFER_LMA;
    vmcb.cs.attributes = LONG;
    vmcb
}

#[test]
fn code_has_three_sizes() {
    let mut vmcb = long();
    assert_eq!(code_size(&vmcb), 64);
    vmcb.efer = 0;
    assert_eq!(code_size(&vmcb), 16);
    vmcb.cs.attributes = WIDE;
    assert_eq!(code_size(&vmcb), 32);
    (vmcb.cs.base, vmcb.rip) = (0xffff_0000, 0x1_0010);
    assert_eq!(instruction_pointer(&vmcb), 0x10);
}

#[test]
fn what_the_loader_changed_is_what_it_was() {
    for (bytes, expected) in [
        (vec![0x66, 0x0f, 0xb9, 0x30], Mnemonic::Vmclear),
        (vec![0xf3, 0x0f, 0xb9, 0x75, 0xf8], Mnemonic::Vmxon),
        (vec![0x0f, 0xb9, 0x30], Mnemonic::Vmptrld),
        (vec![0x41, 0x0f, 0xb9, 0x38], Mnemonic::Vmptrst),
        (vec![0x0f, 0xb9, 0xc0], Mnemonic::Ud1),
        (vec![0x0f, 0x78, 0xc8], Mnemonic::Vmread),
        (vec![0x0f, 0x01, 0xc2], Mnemonic::Vmlaunch),
    ] {
        let mut bytes = bytes;
        let instruction = decode(&long(), &mut bytes).expect("an instruction");
        assert_eq!(
            (instruction.mnemonic(), instruction.len()),
            (expected, bytes.len())
        );
    }
    assert!(decode(&long(), &mut [0x0f, 0x04]).is_none());
    assert!(decode(&long(), &mut []).is_none());
}

#[test]
fn parts_of_registers() {
    let mut vmcb = long();
    let mut registers: Registers = core::array::from_fn(|i| 0x1111_1111_1111_1111 * i as u64);
    (vmcb.rax, vmcb.rsp) = (0x1122_3344_5566_7788, 0xffff_8000);
    for (name, value) in [
        (Register::RAX, 0x1122_3344_5566_7788),
        (Register::EAX, 0x5566_7788),
        (Register::AH, 0x77),
        (Register::AL, 0x88),
        (Register::SP, 0x8000),
        (Register::SIL, 0x66),
        (Register::R9D, 0x9999_9999),
        (Register::R10L, 0xaa),
    ] {
        assert_eq!(register(&vmcb, &registers, name), Some(value), "{name:?}");
    }
    assert_eq!(register(&vmcb, &registers, Register::CR0), None);
    for (name, value, whole) in [
        (Register::EAX, u64::MAX, 0xffff_ffff),
        (Register::AH, 0x1234, 0xffff_34ff),
        (Register::AX, 0x1_0005, 0xffff_0005),
        (Register::RAX, 7, 7),
    ] {
        set_register(&mut vmcb, &mut registers, name, value);
        assert_eq!(vmcb.rax, whole, "{name:?}");
    }
    set_register(&mut vmcb, &mut registers, Register::R15L, 1);
    assert_eq!(registers[15], 0xffff_ffff_ffff_ff01);
    assert_eq!(
        (general_number(Register::EBP), general_number(Register::R15)),
        (5, 15)
    );
}

#[test]
fn operands_have_addresses() {
    let mut vmcb = long();
    let mut registers: Registers = [0; 16];
    (registers[3], registers[6]) = (0x1000, 0x10);
    (vmcb.fs.base, vmcb.ds.base, vmcb.rip) = (0x5000, 0x9000, 0x40_0000);
    for (bytes, address) in [
        // mov rax, [rbx + rsi * 8 + 4]
        (vec![0x48, 0x8b, 0x44, 0xf3, 0x04], 0x1084),
        // mov rax, fs:[rbx]
        (vec![0x64, 0x48, 0x8b, 0x03], 0x6000),
        // mov rax, [rip + 0x10]
        (vec![0x48, 0x8b, 0x05, 0x10, 0, 0, 0], 0x40_0017),
    ] {
        let mut bytes = bytes;
        let instruction = decode(&vmcb, &mut bytes).expect("an instruction");
        assert_eq!(linear(&vmcb, &registers, &instruction), Some(address));
    }
    let instruction = decode(&vmcb, &mut [0x90]).expect("nop");
    assert_eq!(linear(&vmcb, &registers, &instruction), None);
    // 32-bit code has segments: mov eax, [ebx]
    (vmcb.efer, vmcb.cs.attributes) = (0, WIDE);
    let instruction = decode(&vmcb, &mut [0x8b, 0x03]).expect("an instruction");
    assert_eq!(linear(&vmcb, &registers, &instruction), Some(0xa000));
}
