//! Origin `registry`: the tables that the firmware's own runtime walks.
//!
//! The pointer words in a table say what runs. Symbols, section names and records
//! only add names, priorities, levels and places; where they are gone, the words
//! are left.

mod entries;
mod records;
mod symbols;
mod tables;
#[cfg(test)]
mod tests;

use std::ops::Range;

use object::read::ReadRef;

use super::ExtractError;
use super::conventions::Conventions;
use super::elf::Image;
use super::relocations;
use crate::model::{
    Anomaly, AnomalyKind, Entry, Level, MAX_ANOMALIES, MAX_ENTRIES, Origin, Phase, RFC_LEVELS,
    order_levels,
};

use entries::Source;
use records::Records;
use symbols::RegistrySymbols;
use tables::{Extent, Tables, Words, extent, tables, words};

/// The version of the registry's ABI that this program reads. Firmware built
/// with the RFC's own macros states none and is read the same way.
const ABI_VERSION: u64 = 1;

/// What the registry of an image says.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// `[Registry]`, or empty where there is none.
    pub(super) origins: Vec<Origin>,
    /// The levels in the order in which init runs them.
    pub(super) levels: Vec<Level>,
    /// The entries in effective order, without their places in the source.
    pub(super) entries: Vec<Entry>,
    /// What is odd.
    pub(super) anomalies: Vec<Anomaly>,
}

/// Reads the registry of an image.
pub(super) fn read<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    conventions: &Conventions,
) -> Result<Registry, ExtractError> {
    let mut symbols = RegistrySymbols::read(image)?;
    let mut anomalies = Anomalies::default();
    let records = Records::read(image)?;
    if let Some(found) = symbols.abi.max(records.abi).filter(|&version| version > ABI_VERSION) {
        anomalies.push(Anomaly { value: Some(found), ..Anomaly::new(AnomalyKind::NewerAbi) });
    }

    if !symbols.present {
        anomalies.push(Anomaly::new(AnomalyKind::Stripped));
    }

    if records.malformed > 0 {
        let value = Some(records.malformed as u64);
        anomalies.push(Anomaly { value, ..Anomaly::new(AnomalyKind::MalformedRecord) });
    }

    let (tables, orphans) = tables(image, &symbols);
    // In the order of names, so that the answer is the same every time.
    let mut sorted: Vec<_> = orphans.iter().collect();
    sorted.sort();
    for (phase, name) in sorted {
        anomalies.push(Anomaly {
            priority: Some(name.priority.clone()),
            function: Some(name.function.clone()),
            ..Anomaly::new(AnomalyKind::OrphanSection).of(*phase, &name.level)
        });
    }

    let extents = extents(image, &symbols, &tables, &mut anomalies);
    let ranges: Vec<Range<u64>> =
        extents.iter().map(|(_, _, extent)| extent.range.clone()).collect();
    let relocations = relocations::read(image, &ranges)?;
    let words = extents
        .into_iter()
        .map(|(phase, level, extent)| words(image, phase, level, &extent, &relocations))
        .collect::<Result<Vec<Words>, ExtractError>>()?;

    // What stands in an orphan section is told of by that section already.
    symbols.entries.retain(|symbol| !orphans.contains(&(symbol.phase, symbol.name.clone())));
    let mut levels = levels(&words, conventions);
    let source = Source {
        symbols: &symbols,
        records: &records,
        orphans: &orphans,
        declared_levels: &conventions.levels,
    };
    let entries = source.entries(image, &mut levels, words, &mut anomalies)?;
    anomalies.count_nameless(&entries);
    let found = !tables.is_empty() || !entries.is_empty();
    let origins = if found { vec![Origin::Registry] } else { Vec::new() };
    Ok(Registry { origins, anomalies: anomalies.sorted(&levels), levels, entries })
}

/// Where the tables lie that can be read, at most [`MAX_ENTRIES`] words in all.
fn extents<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    symbols: &RegistrySymbols,
    tables: &Tables,
    anomalies: &mut Anomalies,
) -> Vec<(Phase, Level, Extent)> {
    let mut room = MAX_ENTRIES as u64;
    let mut extents = Vec::new();
    for ((phase, level), table) in tables {
        if let Some(extent) = extent(image, symbols, *phase, level, table, &mut room, anomalies) {
            extents.push((*phase, level.clone(), extent));
        }
    }
    extents
}

/// The levels in run order. Those of which nothing says it stand by the place of
/// their tables in memory.
fn levels(tables: &[Words], conventions: &Conventions) -> Vec<Level> {
    let mut by_place: Vec<&Words> = tables.iter().collect();
    by_place.sort_by_key(|table| (table.start, table.phase));
    let mut levels: Vec<Level> = Vec::new();
    for table in by_place {
        if !levels.contains(&table.level) {
            levels.push(table.level.clone());
        }
    }
    order_levels(&mut levels, &conventions.levels);
    levels
}

/// The anomalies found, at most [`MAX_ANOMALIES`] of them.
#[derive(Default)]
struct Anomalies(Vec<Anomaly>);

impl Anomalies {
    fn push(&mut self, anomaly: Anomaly) {
        if self.0.len() < MAX_ANOMALIES {
            self.0.push(anomaly);
        }
    }

    /// Says of a file without symbols how many entries nothing names: records would,
    /// and what strips symbols alone leaves them.
    fn count_nameless(&mut self, entries: &[Entry]) {
        let nameless = entries.iter().filter(|entry| entry.function.is_none()).count();
        let stripped = |anomaly: &&mut Anomaly| anomaly.kind == AnomalyKind::Stripped;
        if let Some(anomaly) = self.0.iter_mut().find(stripped).filter(|_| nameless > 0) {
            anomaly.value = Some(nameless as u64);
        }
    }

    /// The anomalies by phase and level, in the order in which init runs them.
    fn sorted(mut self, levels: &[Level]) -> Vec<Anomaly> {
        let rank = |level: &Level| {
            let of_rfc = RFC_LEVELS.iter().position(|&known| known == level.as_str());
            let own = levels.iter().position(|known| known == level).unwrap_or(levels.len());
            of_rfc.unwrap_or(RFC_LEVELS.len() + own)
        };
        self.0.sort_by_key(|anomaly| (anomaly.phase, anomaly.level.as_ref().map(rank)));
        self.0
    }
}
