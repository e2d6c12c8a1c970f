//! Which tables of the registry the text of a linker script places.

/// The output sections of the tables; the runner refers to the bounds of all of them.
const TABLES: [&str; 8] = [
    ".mp_init_early",
    ".mp_init_core",
    ".mp_init_driver",
    ".mp_init_service",
    ".mp_deinit_early",
    ".mp_deinit_core",
    ".mp_deinit_driver",
    ".mp_deinit_service",
];

/// The fragments of registry-rt. They are found by name where they are not in the
/// tree: the linker may be told to look for them elsewhere.
const FRAGMENTS: [&str; 5] = [
    "mp_registry.ld",
    "mp_registry_hosted.ld",
    "mp_registry_hosted_lld.ld",
    "mp_registry_merged.ld",
    "mp_registry_second.ld",
];

/// A set of tables, a bit for each of [`TABLES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables(u8);

impl Tables {
    /// Those that a script without comments places, in sections of their own or within
    /// another one: both name the entries.
    pub(super) fn of(text: &str) -> Self {
        let mut tables = Self::default();
        for phase in [".mp_init_", ".mp_deinit_"] {
            for (at, _) in text.match_indices(phase) {
                let level = &text[at + phase.len()..];
                let is_of_level = |c: char| !(c.is_alphanumeric() || c == '_');
                let level = level.split(is_of_level).next().unwrap_or_default();
                for (index, table) in TABLES.iter().enumerate() {
                    // A pattern, or what a macro makes of it, may be of any level.
                    let named = table.strip_prefix(phase);
                    if named.is_some_and(|named| level.is_empty() || level == named) {
                        tables.0 |= 1 << index;
                    }
                }
            }
        }
        tables
    }

    /// Those of a script that is not in the tree: all, where it is a fragment of
    /// registry-rt by its name.
    pub(super) fn by_name(path: &str) -> Self {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        if FRAGMENTS.contains(&name) { Self(u8::MAX) } else { Self::default() }
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The output sections of the others.
    pub(super) fn lacks(self) -> Vec<String> {
        let lacks = TABLES.iter().enumerate().filter(|(index, _)| self.0 & (1 << index) == 0);
        lacks.map(|(_, table)| (*table).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_places_the_tables_whose_entries_it_names() {
        for (text, lacks) in [
            (".mp_init_core : { KEEP(*(SORT_BY_NAME(.mp_init_core.*))) }", 7),
            (".text : { *(.text*) *(.mp_init_core.*) *(.mp_deinit_core.*) }", 6),
            ("*(.mp_init_corex.*) *(.mp_init_panel.*)", 8),
            ("#define TABLE(level) .mp_init_##level\nTABLE(core)", 4),
        ] {
            assert_eq!(Tables::of(text).lacks().len(), lacks, "{text}");
        }
        assert_eq!(
            Tables::of(".mp_init_* .mp_deinit_driver.*").lacks(),
            [".mp_deinit_early", ".mp_deinit_core", ".mp_deinit_service"]
        );
    }

    #[test]
    fn a_script_that_is_not_in_the_tree_is_known_by_its_name() {
        assert_eq!(Tables::by_name("lib/registry-rt/link/mp_registry.ld").lacks(), [""; 0]);
        assert!(Tables::by_name("mp_registry.ld.S").is_empty());
    }
}
