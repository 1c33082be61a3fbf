// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's rules for untyped memory, as its source has them.

use super::*;

/// seL4's rules: what each retype of the plan really makes, or the rule it breaks.
pub(super) fn execute(
    untypeds: &[Untyped],
    requests: &[Request],
    steps: &[Step],
) -> Result<Vec<Vec<u64>>, &'static str> {
    let mut blocks: Vec<(u64, u64, bool)> = untypeds
        .iter()
        .map(|untyped| (untyped.paddr, untyped.end(), untyped.device))
        .collect();
    let mut made: Vec<Vec<u64>> = requests.iter().map(|_| Vec::new()).collect();
    let carve = |blocks: &mut Vec<(u64, u64, bool)>, from: usize, bits: u8| {
        let (next, end, device) = blocks[from];
        let window = next.wrapping_add(KERNEL_WINDOW);
        let aligned = window.checked_next_multiple_of(1 << bits).unwrap_or(0);
        let start = aligned.wrapping_sub(KERNEL_WINDOW);
        if start.checked_add(1 << bits).is_none_or(|stop| stop > end) {
            return Err("an untyped has too little left");
        }
        blocks[from].0 = start + (1 << bits);
        Ok((start, device))
    };
    for step in steps {
        match *step {
            Step::Split { from, size_bits } => {
                let (start, device) = carve(&mut blocks, from, size_bits)?;
                blocks.push((start, start + (1 << size_bits), device));
            }
            Step::Make {
                from,
                request,
                first,
                count,
                paddr,
            } => {
                let wanted = requests[request];
                if made[request].len() != first as usize {
                    return Err("objects are made out of order");
                }
                for index in 0..u64::from(count) {
                    let (start, device) = carve(&mut blocks, from, wanted.size_bits)?;
                    if start != paddr + (index << wanted.size_bits) {
                        return Err("an object is not where the plan says");
                    }
                    if device && wanted.paddr.is_none() {
                        return Err("device memory is used as RAM");
                    }
                    made[request].push(start);
                }
            }
        }
    }
    Ok(made)
}
