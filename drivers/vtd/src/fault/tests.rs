// SPDX-License-Identifier: BSD-2-Clause
//! Records bit for bit (§11.4.14).

use super::*;

fn decode(low: u64, high: u64) -> Fault {
    Fault::decode(low, high)
}

#[test]
fn records_as_hardware_writes_them() {
    let cases = [
        // Seen of QEMU's edu device: F, T1, reason 6, PASID bits set though there is none.
        (
            0x0dea_d000,
            0xffff_f706_0000_0028,
            Request::Dma(Iova(0x0dea_d000), Access::Read),
            6,
        ),
        (
            0x1abc,
            0x8000_0005_0000_0028,
            Request::Dma(Iova(0x1000), Access::Write),
            5,
        ),
        (
            0x1000,
            0xc000_0006_1000_0028,
            Request::Dma(Iova(0x1000), Access::Other),
            6,
        ),
        (
            0x2000,
            0x9000_0002_0000_0028,
            Request::Dma(Iova(0x2000), Access::Write),
            2,
        ),
        (
            0x2000,
            0x8000_0002_1000_0028,
            Request::Dma(Iova(0x2000), Access::Other),
            2,
        ),
        (
            0,
            0x8000_00ee_0000_0028,
            Request::Dma(Iova(0), Access::Write),
            0xee,
        ),
        (
            0xffff_0000_0000_0000,
            0x8000_0021_0000_0028,
            Request::Interrupt(0xffff),
            0x21,
        ),
        (
            0x0005_0000_0000_0000,
            0xc000_0026_0000_0028,
            Request::Interrupt(5),
            0x26,
        ),
    ];
    for (low, high, request, reason) in cases {
        let expected = Fault {
            source: Bdf(0x28),
            request,
            reason,
        };
        assert_eq!(decode(low, high), expected, "{high:#x}");
    }
}
