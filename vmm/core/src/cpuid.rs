// SPDX-License-Identifier: BSD-2-Clause
//! What the guest's CPU says it can do (SDM vol. 2A, CPUID).
//!
//! What is not named here is not there: a feature reaches the guest only if the CPU has it, it works
//! without the monitor's help, and all of its state is the guest's own. AVX and all else that needs
//! XSAVE is missing, as the kernel keeps XCR0 at 1.

/// EAX, EBX, ECX, EDX.
pub type Leaf = [u32; 4];

/// The name that leaf 0x40000000 gives: 12 bytes in EBX, ECX, EDX.
pub const SIGNATURE: [u8; 12] = *b"Postern seL4";

/// Highest leaf of each range.
const BASIC: u32 = 0x16;
const HYPERVISOR: u32 = 0x4000_0000;
const EXTENDED: u32 = 0x8000_0008;

/// Leaf 1, ECX: SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, PCID, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, RDRAND.
const FEATURES_ECX: u32 = bits(&[0, 1, 9, 13, 17, 19, 20, 22, 23, 25, 30]);
/// What the monitor itself adds: x2APIC, TSC deadline, a hypervisor.
const MONITOR_ECX: u32 = bits(&[21, 24, 31]);
/// Leaf 1, EDX: FPU, VME, DE, PSE, TSC, MSR, PAE, CMPXCHG8B, SYSENTER, PGE, CMOV, PAT, PSE-36, CLFLUSH,
/// MMX, FXSAVE, SSE, SSE2, self-snoop.
const FEATURES_EDX: u32 = bits(&[
    0, 1, 2, 3, 4, 5, 6, 8, 11, 13, 15, 16, 17, 19, 23, 24, 25, 26, 27,
]);
/// What the monitor itself adds: an APIC.
const MONITOR_EDX: u32 = bits(&[9]);
/// Leaf 7, EBX: FSGSBASE, BMI1, SMEP, BMI2, fast strings, INVPCID, RDSEED, ADX, SMAP, CLFLUSHOPT, CLWB,
/// SHA.
const EXTENDED_EBX: u32 = bits(&[0, 3, 7, 8, 9, 10, 18, 19, 20, 23, 24, 29]);
/// What the monitor itself adds. Without it a Linux does not trust the TSC.
const TSC_ADJUST: u32 = bits(&[1]);
/// Leaf 7, ECX: UMIP, RDPID. EDX: fast short strings.
const EXTENDED_ECX: u32 = bits(&[2, 22]);
const EXTENDED_EDX: u32 = bits(&[4]);
/// Leaf 6, EAX: the APIC's timer goes on in all idle states.
const ALWAYS_RUNNING_TIMER: u32 = bits(&[2]);
/// Leaf 0x80000001, ECX: LAHF in 64-bit mode, LZCNT, PREFETCHW. EDX: SYSCALL, no-execute, pages of
/// 1 GiB, RDTSCP, 64-bit mode.
const LONG_ECX: u32 = bits(&[0, 5, 8]);
const LONG_EDX: u32 = bits(&[11, 20, 26, 27, 29]);
/// Leaf 0x80000007, EDX: the TSC runs at one rate, always.
const INVARIANT_TSC: u32 = bits(&[8]);

const INITIAL_APIC_ID: u32 = 0xff << 24;
const LOGICAL_PROCESSORS: u32 = 0xff << 16;
/// Leaf 4, EAX: cores of the package and threads that share the cache, less one.
const SHARING: u32 = 0xffff_c000;

const fn bits(numbers: &[u32]) -> u32 {
    let (mut all, mut i) = (0, 0);
    while i < numbers.len() {
        all |= 1 << numbers[i];
        i += 1;
    }
    all
}

/// The answers to CPUID, made once: it may be an expensive instruction here, too.
#[derive(Debug, Clone)]
pub struct Cpuid {
    basic: [Words; BASIC as usize + 1],
    extended: [Words; (EXTENDED & 0xff) as usize + 1],
    /// Leaf 4: the caches.
    caches: [Words; 4],
    hypervisor: Words,
}

/// EBX and EAX, EDX and ECX, the former in the upper halves. Two words, unlike four halves of them,
/// are never copied through vector registers, which would cost a switch of the FPU.
type Words = [u64; 2];

const fn words([eax, ebx, ecx, edx]: Leaf) -> Words {
    [
        eax as u64 | (ebx as u64) << 32,
        ecx as u64 | (edx as u64) << 32,
    ]
}

impl Cpuid {
    /// What a guest sees of the CPU whose answers `host` gives (for leaf and subleaf), with a TSC of
    /// this frequency. It has one CPU, whose APIC has the number 0.
    pub fn new(host: impl Fn(u32, u32) -> Leaf, tsc_hz: u64) -> Self {
        let [highest, vendor @ ..] = host(0, 0);
        let has = |leaf: u32| leaf <= highest;
        let mut basic = [[0; 4]; BASIC as usize + 1];
        basic[0] = [BASIC, vendor[0], vendor[1], vendor[2]];
        let [version, misc, ecx, edx] = host(1, 0);
        basic[1] = [
            version,
            misc & !(INITIAL_APIC_ID | LOGICAL_PROCESSORS),
            ecx & FEATURES_ECX | MONITOR_ECX,
            edx & FEATURES_EDX | MONITOR_EDX,
        ];
        basic[2] = host(2, 0);
        basic[6][0] = ALWAYS_RUNNING_TIMER;
        if has(7) {
            let [_, ebx, ecx, edx] = host(7, 0);
            basic[7] = [
                0,
                ebx & EXTENDED_EBX | TSC_ADJUST,
                ecx & EXTENDED_ECX,
                edx & EXTENDED_EDX,
            ];
        }
        [basic[0x15], basic[0x16]] = frequencies(tsc_hz);
        let mut caches = [[0; 4]; 4];
        if has(4) {
            for (leaf, subleaf) in caches.iter_mut().zip(0..) {
                let [eax, ebx, ecx, edx] = host(4, subleaf);
                *leaf = [eax & !SHARING, ebx, ecx, edx];
            }
        }
        Self {
            basic: basic.map(words),
            extended: extended(host).map(words),
            caches: caches.map(words),
            hypervisor: words(hypervisor()),
        }
    }

    /// The answer for EAX = `leaf` and ECX = `subleaf`; zero where there is none.
    pub fn get(&self, leaf: u32, subleaf: u32) -> Leaf {
        let [first, second] = self.words(leaf, subleaf);
        [
            first as u32,
            (first >> 32) as u32,
            second as u32,
            (second >> 32) as u32,
        ]
    }

    #[inline]
    pub(crate) fn words(&self, leaf: u32, subleaf: u32) -> Words {
        const NONE: Words = [0; 2];
        match leaf {
            4 => self.caches.get(subleaf as usize).copied().unwrap_or(NONE),
            7 if subleaf != 0 => NONE,
            0xb => words(topology(subleaf)),
            0..=BASIC => self.basic[leaf as usize],
            HYPERVISOR => self.hypervisor,
            0x8000_0000..=EXTENDED => self.extended[(leaf & 0xff) as usize],
            _ => NONE,
        }
    }
}

/// Leaf 0x15: crystal clock in Hz, to which TSC and APIC timer have the ratio 1. Leaf 0x16: MHz.
fn frequencies(tsc_hz: u64) -> [Leaf; 2] {
    let mhz = u32::try_from(tsc_hz / 1_000_000).unwrap_or(0);
    // 32 bits hold 4.29 GHz; what is faster is told as a multiple.
    let ratio = tsc_hz.div_ceil(u32::MAX.into()).max(1);
    let crystal = (tsc_hz / ratio) as u32;
    [[1, ratio as u32, crystal, 0], [mhz, mhz, 100, 0]]
}

fn extended(host: impl Fn(u32, u32) -> Leaf) -> [Leaf; 9] {
    let [highest, ..] = host(0x8000_0000, 0);
    let mut leaves = [[0; 4]; 9];
    for (leaf, number) in leaves.iter_mut().zip(0x8000_0000..) {
        if number <= highest {
            *leaf = host(number, 0);
        }
    }
    leaves[0] = [EXTENDED, 0, 0, 0];
    let [_, _, ecx, edx] = leaves[1];
    leaves[1] = [0, 0, ecx & LONG_ECX, edx & LONG_EDX];
    leaves[5] = [0; 4];
    leaves[7] = [0, 0, 0, INVARIANT_TSC];
    // Widths of addresses; the rest tells features that are not known here.
    leaves[8] = [leaves[8][0] & 0xffff, 0, 0, 0];
    leaves
}

/// Leaf 0xb: one thread, one core.
const fn topology(subleaf: u32) -> Leaf {
    const THREAD: u32 = 1 << 8;
    const CORE: u32 = 2 << 8;
    match subleaf {
        0 => [0, 1, THREAD, 0],
        1 => [0, 1, CORE | 1, 0],
        _ => [0, 0, subleaf & 0xff, 0],
    }
}

fn hypervisor() -> Leaf {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = SIGNATURE;
    [
        HYPERVISOR,
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
        u32::from_le_bytes([i, j, k, l]),
    ]
}

#[cfg(test)]
mod tests;
