// SPDX-License-Identifier: BSD-2-Clause
//! Which stream has the focus.

use crate::multiplexer::MAX_STREAMS;

/// Names by stream; `None` where there is no stream.
pub(crate) type Names<'a> = [Option<&'a str>; MAX_STREAMS];

/// The streams that exist, ascending: their position is their number in the list.
pub(crate) fn existing(names: &Names<'_>) -> impl DoubleEndedIterator<Item = usize> + Clone {
    (0..MAX_STREAMS).filter(move |&stream| names[stream].is_some())
}

/// The stream after `from` in the list, going round.
pub(crate) fn after(names: &Names<'_>, from: Option<usize>) -> Option<usize> {
    let mut later = existing(names).filter(|&stream| from.is_none_or(|from| stream > from));
    later.next().or_else(|| existing(names).next())
}

/// The stream before `from` in the list, going round.
pub(crate) fn before(names: &Names<'_>, from: Option<usize>) -> Option<usize> {
    let mut earlier = existing(names).filter(|&stream| from.is_none_or(|from| stream < from));
    earlier.next_back().or_else(|| existing(names).next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_the_streams_that_exist() {
        let mut names = [None; MAX_STREAMS];
        assert_eq!(after(&names, None), None);
        assert_eq!(before(&names, Some(3)), None);
        for stream in [4, 9, 61] {
            names[stream] = Some("x");
        }
        for (from, next, previous) in [
            (None, 4, 61),
            (Some(4), 9, 61),
            (Some(9), 61, 4),
            (Some(61), 4, 9),
            (Some(7), 9, 4),
        ] {
            assert_eq!(after(&names, from), Some(next), "{from:?}");
            assert_eq!(before(&names, from), Some(previous), "{from:?}");
        }
        assert!(existing(&names).eq([4, 9, 61]));
    }
}
