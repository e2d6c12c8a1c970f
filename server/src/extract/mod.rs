//! Bytes to [`InitTable`]: what a firmware file says about its init and deinit
//! functions.
//!
//! Pure functions: the command line, the server, tests and fuzzers call the same
//! [`extract`]. Nothing that a file contains can panic, hang or exhaust memory:
//! every range is checked before it is read, and the work on debug information
//! is bounded by the size of the file.
//!
//! - [`elf`]: sections, segments, symbols and bytes, whatever the word size
//! - [`relocations`]: what the loader would write into a table
//! - [`names`]: the registry's symbol and section names, taken apart
//! - [`registry`]: tables to entries, origin `registry`
//! - [`code`]: instructions, as far as control flow needs them
//! - [`calls`]: the order of calls in main, origin `calls`
//! - [`source`]: the same from the text of main, origin `source`
//! - [`flow`]: what the two share
//! - [`inlined`]: functions inlined into main, from DWARF
//! - [`effective`]: both in one order
//! - [`conventions`]: what a project says of its firmware
//! - [`debug`]: the sections of DWARF
//! - [`places`]: source file and line of functions, from DWARF
//!
//! *No registry* is an answer (a table without entries), *half a registry* is an
//! anomaly in it, *a broken file* is an [`ExtractError`].

mod calls;
mod code;
mod conventions;
mod debug;
mod effective;
mod elf;
mod error;
mod flow;
mod inlined;
mod names;
mod places;
mod registry;
mod relocations;
pub mod source;

use object::read::ReadRef;

use crate::model::{FileFacts, InitTable, MAX_ANOMALIES, Origin, SCHEMA_VERSION, Sha256};
pub use conventions::Conventions;
pub use error::ExtractError;

/// Version of the extraction. It is stored with what was extracted, and raised
/// whenever the same file would give another table.
pub const VERSION: u32 = 3;

/// Reads the table of one firmware file, of which nothing is known beforehand.
///
/// # Errors
/// When `data` is no linked ELF file, or a broken one.
pub fn extract<'data, R: ReadRef<'data>>(
    data: R,
    sha256: Sha256,
) -> Result<InitTable, ExtractError> {
    extract_with(data, sha256, &Conventions::default())
}

/// Reads the table of one firmware file, of whose project `conventions` are known.
///
/// `sha256` is the digest of `data`; whoever has the bytes has usually computed
/// it already while receiving them. Subsystems and findings are left out: they
/// are derived by `analyze::derive`.
///
/// # Errors
/// When `data` is no linked ELF file, or a broken one.
pub fn extract_with<'data, R: ReadRef<'data>>(
    data: R,
    sha256: Sha256,
    conventions: &Conventions,
) -> Result<InitTable, ExtractError> {
    let image = elf::Image::parse(data)?;
    let registry = registry::read(&image, conventions)?;
    let calls = calls::read(&image, conventions)?;
    let mut anomalies = registry.anomalies.clone();
    anomalies.extend(calls.anomalies.iter().cloned());
    let mut origins = registry.origins.clone();
    if calls.main.is_some() {
        origins.push(Origin::Calls);
    }
    let levels = registry.levels.clone();
    let mut entries = effective::order(&calls, registry, conventions, &mut anomalies);
    anomalies.truncate(MAX_ANOMALIES);
    let functions: Vec<u64> = entries
        .iter()
        .filter_map(|entry| entry.address)
        .map(|address| image.code_address(address.0))
        .collect();
    let places = places::find(&image, &functions)?;
    for entry in &mut entries {
        let code = entry.address.map(|address| image.code_address(address.0));
        // Debug information tells where the function is, the record where it is
        // registered.
        if let Some(place) = code.and_then(|code| places.get(&code)) {
            entry.location = Some(place.clone());
        }
    }
    Ok(InitTable {
        schema: SCHEMA_VERSION,
        file: FileFacts { sha256, size: image.file_size, format: image.format_name() },
        source: None,
        arch: Some(image.arch.to_string()),
        bits: Some(image.bits),
        endian: Some(image.endian()),
        origins,
        levels,
        main: calls.main,
        entries,
        anomalies,
        guards: Vec::new(),
        findings: Vec::new(),
    })
}
