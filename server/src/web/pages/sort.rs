//! Tables that sort by a column, with the choice in the address: `?sort=boards`
//! ascending, `?sort=-boards` descending.

use serde::Deserialize;

/// The query of a page whose table sorts. Links that people share carry
/// parameters of others as well; they mean nothing here.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct SortQuery {
    sort: Option<String>,
}

/// A column that a table can be sorted by.
pub(in crate::web) struct Sortable {
    /// Its key in the address, and its heading.
    pub(in crate::web) key: &'static str,
    /// Whether it holds numbers.
    pub(in crate::web) numeric: bool,
}

/// The chosen order: the index of a column, and whether it descends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Chosen {
    pub(in crate::web) column: usize,
    pub(in crate::web) descending: bool,
}

/// The heading of a column.
pub(in crate::web) struct Heading {
    pub(in crate::web) name: &'static str,
    pub(in crate::web) numeric: bool,
    /// Sorts by this column, or turns the order around.
    pub(in crate::web) link: String,
    /// The value of `aria-sort`, on the column that the table is sorted by.
    pub(in crate::web) direction: Option<&'static str>,
    pub(in crate::web) arrow: Option<&'static str>,
}

impl SortQuery {
    /// The value of `sort` in a query that holds more.
    pub(in crate::web) fn new(sort: Option<String>) -> Self {
        Self { sort }
    }

    /// The chosen order; the first column, ascending, where none is chosen.
    ///
    /// # Errors
    /// With a sentence for the reader, when there is no such column.
    pub(in crate::web) fn choose(&self, columns: &[Sortable]) -> Result<Chosen, String> {
        let Some(sort) = &self.sort else {
            return Ok(Chosen { column: 0, descending: false });
        };
        let (descending, key) = match sort.strip_prefix('-') {
            Some(key) => (true, key),
            None => (false, sort.as_str()),
        };
        let column = columns.iter().position(|column| column.key.replace(' ', "-") == key).ok_or_else(|| {
            let known: Vec<String> = columns.iter().map(|column| column.key.replace(' ', "-")).collect();
            let found: String = key.chars().take(60).collect();
            format!("There is no column “{found}” to sort by: expected one of {}, with a - in front to turn the order around.", known.join(", "))
        })?;
        Ok(Chosen { column, descending })
    }
}

impl Chosen {
    /// The headings of a table in this order. A column of numbers is first
    /// sorted with the largest on top.
    pub(in crate::web) fn headings(self, columns: &[Sortable]) -> Vec<Heading> {
        self.headings_keeping(columns, "")
    }

    /// The headings of a table whose address says more than its order: `kept` is
    /// the rest of the query, with an `&` at its end where there is any.
    pub(in crate::web) fn headings_keeping(self, columns: &[Sortable], kept: &str) -> Vec<Heading> {
        let heading = |(index, column): (usize, &Sortable)| {
            let chosen = index == self.column;
            let descend = if chosen { !self.descending } else { column.numeric };
            Heading {
                name: column.key,
                numeric: column.numeric,
                link: format!(
                    "?{kept}sort={}{}",
                    if descend { "-" } else { "" },
                    column.key.replace(' ', "-")
                ),
                direction: chosen.then_some(if self.descending {
                    "descending"
                } else {
                    "ascending"
                }),
                arrow: chosen.then_some(if self.descending { "↓" } else { "↑" }),
            }
        };
        columns.iter().enumerate().map(heading).collect()
    }

    /// Sorts rows by the chosen column; rows that are equal there stay in their
    /// order.
    pub(in crate::web) fn apply<T, K: Ord>(self, rows: &mut [T], key: impl Fn(usize, &T) -> K) {
        if self.descending {
            rows.sort_by_cached_key(|row| std::cmp::Reverse(key(self.column, row)));
        } else {
            rows.sort_by_cached_key(|row| key(self.column, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Sortable; 2] =
        [Sortable { key: "port", numeric: false }, Sortable { key: "last build", numeric: true }];

    fn query(sort: &str) -> SortQuery {
        SortQuery { sort: Some(sort.to_owned()) }
    }

    #[test]
    fn a_column_is_chosen_by_its_key_and_turned_by_its_heading() {
        let chosen = query("-last-build").choose(&COLUMNS).unwrap();
        assert_eq!(chosen, Chosen { column: 1, descending: true });
        let headings = chosen.headings(&COLUMNS);
        assert_eq!(headings[0].link, "?sort=port");
        assert_eq!(headings[1].link, "?sort=last-build");
        assert_eq!(headings[1].direction, Some("descending"));
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_those_that_are() {
        let message = query("colour").choose(&COLUMNS).unwrap_err();
        assert_eq!(
            message,
            "There is no column “colour” to sort by: expected one of port, last-build, with a - in front to turn the order around."
        );
    }
}
