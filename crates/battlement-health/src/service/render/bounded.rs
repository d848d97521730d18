use super::{super::page::Page, MAX_BODY};
use crate::{CheckReport, Status};

/// The room for the statement that checks were left out.
const STATEMENT: usize = 40;

/// The checks of a body, each as it is written.
pub(super) struct Items(Vec<(Status, String)>);

/// The checks that have room in a body.
pub(super) struct Fitted {
    pub(super) items: Vec<String>,
    /// The number of the others.
    pub(super) omitted: usize,
}

impl Items {
    /// Writes each check of the page that is not left out.
    pub(super) fn counted(page: &Page<'_>, write: impl Fn(&CheckReport) -> String) -> Self {
        Self(page.counted().map(|check| (check.status, write(check))).collect())
    }

    /// Writes each check of the page.
    pub(super) fn all(page: &Page<'_>, write: impl Fn(&CheckReport) -> String) -> Self {
        let status = |check| if page.excludes(check) { Status::Pass } else { check.status };
        Self(page.checks.iter().map(|check| (status(check), write(check))).collect())
    }

    /// Returns the items that have room in a body, of which `used` bytes are taken, with one byte between two of them.
    ///
    /// If all have room, they keep their order. Otherwise those that fail come first, then those that are degraded.
    pub(super) fn fit(self, used: usize) -> Fitted {
        let Self(mut items) = self;
        let room = MAX_BODY.saturating_sub(used + 1);
        let all: usize = items.iter().map(|(_, item)| item.len() + 1).sum();
        let count = items.len();
        if all > room {
            items.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
            let mut left = room.saturating_sub(STATEMENT);
            let fits = |item: &String| {
                let rest = left.checked_sub(item.len() + 1);
                left = rest.unwrap_or(left);
                rest.is_some()
            };
            let items: Vec<_> = items.into_iter().map(|(_, item)| item).take_while(fits).collect();
            let omitted = count - items.len();
            return Fitted { items, omitted };
        }
        Fitted { items: items.into_iter().map(|(_, item)| item).collect(), omitted: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sizes: &[(Status, usize)]) -> Items {
        Items(sizes.iter().map(|(status, size)| (*status, "x".repeat(*size))).collect())
    }

    fn sizes(fitted: &Fitted) -> Vec<usize> {
        fitted.items.iter().map(String::len).collect()
    }

    #[test]
    fn items_that_have_room_keep_their_order_to_the_last_byte() {
        let both = [(Status::Pass, 100), (Status::Fail, 200)];
        let fitted = items(&both).fit(MAX_BODY - 1 - 302);
        assert_eq!((sizes(&fitted), fitted.omitted), (vec![100, 200], 0));
        let fitted = items(&both).fit(MAX_BODY - 302);
        assert_eq!((sizes(&fitted), fitted.omitted), (vec![200], 1));
    }

    #[test]
    fn without_room_for_all_those_that_fail_come_first_and_the_rest_is_counted() {
        let many = [
            (Status::Pass, 4_000),
            (Status::Degraded, 3_000),
            (Status::Fail, 3_001),
            (Status::Degraded, 3_002),
            (Status::Fail, 3_003),
            (Status::Pass, 1),
        ];
        let fitted = items(&many).fit(100);
        assert_eq!((sizes(&fitted), fitted.omitted), (vec![3_001, 3_003, 3_000], 3));
    }

    #[test]
    fn a_body_without_any_room_counts_all_items() {
        let fitted = items(&[(Status::Fail, 0), (Status::Pass, 9)]).fit(MAX_BODY * 2);
        assert_eq!((sizes(&fitted), fitted.omitted), (vec![], 2));
    }

    #[test]
    fn an_item_fits_that_leaves_room_for_the_statement_alone() {
        let item =
            |size| items(&[(Status::Fail, size), (Status::Pass, MAX_BODY)]).fit(0).items.len();
        assert_eq!(item(MAX_BODY - 1 - STATEMENT - 1), 1);
        assert_eq!(item(MAX_BODY - 1 - STATEMENT), 0);
    }
}
