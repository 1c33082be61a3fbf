// SPDX-License-Identifier: BSD-2-Clause
use super::*;

#[test]
fn a_walk_that_does_not_snoop_sees_writes_only_after_write_back() {
    let mut memory = HostMemory::new(4, false, false);
    let page = memory.allocate(1).unwrap();
    assert_eq!(memory.write(page + 8, 5), None);
    assert_eq!((memory.read(page + 8), memory.walk(page + 8)), (5, Some(0)));
    assert!(memory.is_hidden(page) && !memory.is_hidden(page + 64));
    let change = Change {
        at: page + 8,
        old: 0,
        new: 5,
    };
    assert_eq!(memory.hidden_lines(page, 4096), [page]);
    assert_eq!(memory.write_back(page), [change]);
    assert_eq!(memory.walk(page + 8), Some(5));
}

#[test]
fn a_write_buffer_holds_back_until_it_is_flushed() {
    for coherent in [true, false] {
        let mut memory = HostMemory::new(4, coherent, true);
        let page = memory.allocate(1).unwrap();
        memory.write(page, 5);
        assert_eq!(memory.buffered_lines().len(), usize::from(coherent));
        assert_eq!(memory.write_back(page), []);
        assert_eq!(
            (memory.buffered_lines(), memory.walk(page)),
            (vec![page], Some(0))
        );
        assert_eq!(
            memory.reveal(page),
            [Change {
                at: page,
                old: 0,
                new: 5
            }]
        );
        assert_eq!(
            (memory.buffered_lines(), memory.walk(page)),
            (vec![], Some(5))
        );
    }
}

#[test]
fn blocks_are_aligned_to_their_size_and_freed_pages_lead_astray() {
    let mut memory = HostMemory::new(16, true, false);
    let one = memory.allocate(1).unwrap();
    let four = memory.allocate(4).unwrap();
    assert!(four.is_multiple_of(4 * PAGE) && memory.used() == 5);
    memory.write(four, 7);
    memory.free(four, 4);
    assert_eq!(memory.read(four), POISON);
    assert!(!memory.owned(four) && memory.owned(one) && !memory.owned(one + 1));
    assert_eq!(memory.allocate(32), None);
    assert_eq!(memory.walk(0), None);
}
