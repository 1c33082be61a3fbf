// SPDX-License-Identifier: BSD-2-Clause
//! Ranges of numbers that must be disjoint, and keys that must be unique.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::Span;
use crate::sdf::context::ERRORS_MAX;

/// A half-open range and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Extent<T> {
    pub start: u64,
    pub end: u64,
    pub span: Span,
    pub owner: T,
}

/// Pairs that overlap: the one later in the file first. Each extent is compared with the one before it
/// that reaches farthest, so that n extents in one place give n - 1 pairs.
pub(super) fn overlaps<T: Clone>(mut extents: Vec<Extent<T>>) -> Vec<(Extent<T>, Extent<T>)> {
    extents.sort_by_key(|extent| (extent.start, extent.span.start));
    let mut pairs = Vec::new();
    let mut extents = extents.into_iter();
    let Some(mut farthest) = extents.next() else {
        return pairs;
    };
    for extent in extents {
        if extent.start < farthest.end {
            let (a, b) = (farthest.clone(), extent.clone());
            pairs.push(if a.span.start < b.span.start {
                (b, a)
            } else {
                (a, b)
            });
        }
        if pairs.len() == ERRORS_MAX {
            break;
        }
        if extent.end > farthest.end {
            farthest = extent;
        }
    }
    pairs
}

/// For each key that was there before: the later item, and the first one with the key. As with
/// [`overlaps`], no more pairs than there may be errors.
pub(super) fn duplicates<K: Hash + Eq, T: Clone>(
    mut items: Vec<(K, Span, T)>,
) -> Vec<((Span, T), (Span, T))> {
    items.sort_by_key(|(_, span, _)| span.start);
    let mut first: HashMap<K, (Span, T)> = HashMap::new();
    let mut pairs = Vec::new();
    for (key, span, item) in items {
        if pairs.len() == ERRORS_MAX {
            break;
        }
        match first.get(&key) {
            Some(earlier) => pairs.push(((span, item), earlier.clone())),
            None => {
                first.insert(key, (span, item));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(index: usize, start: u64, end: u64) -> Extent<usize> {
        Extent {
            start,
            end,
            span: index..index + 1,
            owner: index,
        }
    }

    fn pairs(ranges: &[(u64, u64)]) -> Vec<(usize, usize)> {
        let extents = ranges
            .iter()
            .enumerate()
            .map(|(index, &(start, end))| extent(index, start, end))
            .collect();
        overlaps(extents)
            .into_iter()
            .map(|(a, b)| (a.owner, b.owner))
            .collect()
    }

    #[test]
    fn overlaps_name_the_later_element_first() {
        assert_eq!(pairs(&[]), []);
        assert_eq!(pairs(&[(0, 1), (1, 2)]), []);
        assert_eq!(pairs(&[(5, 9), (0, 6)]), [(1, 0)]);
        assert_eq!(pairs(&[(0, 100), (1, 2), (50, 60)]), [(1, 0), (2, 0)]);
        assert_eq!(pairs(&[(3, 4), (3, 4), (3, 4)]), [(1, 0), (2, 0)]);
        assert_eq!(pairs(&[(0, u64::MAX), (u64::MAX - 1, u64::MAX)]), [(1, 0)]);
    }

    #[test]
    fn duplicates_name_the_first() {
        let items = vec![
            (7, 4..5, 'c'),
            (7, 0..1, 'a'),
            (8, 2..3, 'b'),
            (7, 6..7, 'd'),
        ];
        let found: Vec<_> = duplicates(items)
            .into_iter()
            .map(|((_, later), (_, first))| (later, first))
            .collect();
        assert_eq!(found, [('c', 'a'), ('d', 'a')]);
    }

    proptest! {
        #[test]
        fn there_is_a_pair_exactly_if_two_ranges_meet(
            ranges in prop::collection::vec((0u64..40, 1u64..8), 0..8)
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(start, len)| (start, start + len)).collect();
            let meet = |(i, a): (usize, &(u64, u64))| {
                ranges[..i].iter().any(|b| a.0 < b.1 && b.0 < a.1)
            };
            let found = pairs(&ranges);
            prop_assert_eq!(!found.is_empty(), ranges.iter().enumerate().any(meet));
            for (later, earlier) in found {
                let (a, b) = (ranges[later], ranges[earlier]);
                prop_assert!(later > earlier && a.0 < b.1 && b.0 < a.1);
            }
        }
    }
}
