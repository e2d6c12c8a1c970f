//! Source file and line of functions, from DWARF (versions 2 to 5).
//!
//! Only the line tables of the units that hold a wanted function are decoded:
//! `.debug_aranges` tells which, and the units' own ranges where it does not
//! (LLVM writes none). Debug information may be hostile, so all work is paid for
//! from a budget in proportion to its size; when that is spent, the functions
//! found so far have places and the rest have none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gimli::{
    Abbreviations, AttributeValue, DebugInfoOffset, Dwarf, IncompleteLineProgram,
    LineProgramHeader, LineRows as Rows, Reader as _, RunTimeEndian, Section as _, SectionId, Unit,
    UnitHeader,
};
use object::read::ReadRef;

use super::ExtractError;
use super::debug::{DebugSections, Slice};
use super::elf::Image;
use crate::model::{Location, MAX_TEXT_BYTES};

#[cfg(test)]
mod hostile;

type LineRows<'a> = Rows<Slice<'a>, IncompleteLineProgram<Slice<'a>>>;

/// What may be done for each byte of debug information, in bytes decoded.
const BUDGET_PER_BYTE: usize = 8;
/// What a row that holds a wanted address costs, and what a unit's range costs:
/// a few look-ups, where decoding a byte takes none.
const HIT_COST: usize = 32;
const RANGE_COST: usize = 16;

/// The places of the functions at `addresses`, as far as the image knows them.
pub(super) fn find<'data, R: ReadRef<'data>>(
    image: &Image<'data, R>,
    addresses: &[u64],
) -> Result<HashMap<u64, Location>, ExtractError> {
    if addresses.is_empty() || image.section(b".debug_line").is_none() {
        return Ok(HashMap::new());
    }
    let mut wanted = Wanted::new(addresses);
    let sections = DebugSections::load(image)?;
    let Some(dwarf) = sections.dwarf(image) else {
        return Ok(HashMap::new());
    };
    let mut search = Search::new(&dwarf, &sections);
    search.run(&mut wanted);
    Ok(wanted.into_locations())
}

/// The addresses whose places are looked for, and what was found so far.
struct Wanted {
    found: BTreeMap<u64, Option<Candidate>>,
    /// Those that nothing was found for.
    open: BTreeSet<u64>,
}

/// The unit that holds the function at `address`.
pub(super) fn unit_of<'a>(
    dwarf: &'a Dwarf<Slice<'a>>,
    sections: &'a DebugSections<'_>,
    address: u64,
) -> Option<Unit<Slice<'a>>> {
    Search::new(dwarf, sections).unit_of(address).ok().flatten()
}

/// A place that a line table gives for an address.
struct Candidate {
    /// Where the sequence starts that the row belongs to. The closest start
    /// wins: with a section per function it is the function itself.
    sequence_start: u64,
    file: Rc<str>,
    line: u32,
}

/// The row of a line table that says most about an address.
#[derive(Clone, Copy)]
struct Row {
    sequence_start: u64,
    file: u64,
    line: u32,
}

impl Wanted {
    fn new(addresses: &[u64]) -> Self {
        Self {
            found: addresses.iter().map(|&at| (at, None)).collect(),
            open: addresses.iter().copied().collect(),
        }
    }

    fn holds(&self, range: &gimli::Range) -> bool {
        is_open(range) && self.found.range(range.begin..range.end).next().is_some()
    }

    fn holds_unfound(&self, range: &gimli::Range) -> bool {
        is_open(range) && self.open.range(range.begin..range.end).next().is_some()
    }

    /// The wanted addresses from `from` on and before `to`, with what was found.
    fn between(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, Option<&Candidate>)> {
        self.found.range(from..to).map(|(&at, candidate)| (at, candidate.as_ref()))
    }

    fn put(&mut self, address: u64, candidate: Candidate) {
        self.open.remove(&address);
        self.found.insert(address, Some(candidate));
    }

    fn into_locations(self) -> HashMap<u64, Location> {
        let location =
            |found: Candidate| Location { file: found.file.to_string(), line: found.line };
        self.found
            .into_iter()
            .filter_map(|(address, candidate)| Some((address, location(candidate?))))
            .collect()
    }
}

/// Whether a range holds anything. Functions that the linker dropped stay behind
/// at address 0.
fn is_open(range: &gimli::Range) -> bool {
    range.begin != 0 && range.begin < range.end
}

struct Search<'a> {
    dwarf: &'a Dwarf<Slice<'a>>,
    aranges: &'a [u8],
    endian: RunTimeEndian,
    /// Bytes that may still be decoded.
    budget: usize,
}

/// Stops the search: the budget is spent, or the debug information is damaged.
struct Stop;

impl From<gimli::Error> for Stop {
    fn from(_: gimli::Error) -> Self {
        Self
    }
}

impl<'a> Search<'a> {
    fn new(dwarf: &'a Dwarf<Slice<'a>>, sections: &'a DebugSections<'_>) -> Self {
        Self {
            dwarf,
            aranges: sections.bytes(SectionId::DebugAranges),
            endian: dwarf.debug_info.reader().endian(),
            budget: BUDGET_PER_BYTE * sections.size(),
        }
    }

    fn unit_of(&mut self, address: u64) -> Result<Option<Unit<Slice<'a>>>, Stop> {
        let wanted = Wanted::new(&[address]);
        // A damaged index is no reason to give up on the units themselves.
        if let Ok([offset, ..]) = self.units_by_aranges(&wanted).as_deref() {
            let header = self.dwarf.unit_header(DebugInfoOffset(*offset))?;
            return Ok(Some(self.unit(header)?));
        }
        let mut headers = self.dwarf.units();
        while let Some(header) = headers.next()? {
            let unit = self.unit(header)?;
            let mut ranges = self.dwarf.unit_ranges(&unit)?;
            while let Some(range) = ranges.next()? {
                self.pay(RANGE_COST)?;
                if range.begin != 0 && (range.begin..range.end).contains(&address) {
                    return Ok(Some(unit));
                }
            }
        }
        Ok(None)
    }

    fn run(&mut self, wanted: &mut Wanted) {
        // A damaged index is no reason to give up on the units themselves.
        let mut units = self.units_by_aranges(wanted).unwrap_or_default();
        units.sort_unstable();
        units.dedup();
        for offset in units {
            if let Ok(header) = self.dwarf.unit_header(DebugInfoOffset(offset)) {
                let _ = self.read_lines(header, wanted);
            }
        }
        if !wanted.open.is_empty() {
            let _ = self.search_units(wanted);
        }
    }

    fn pay(&mut self, bytes: usize) -> Result<(), Stop> {
        self.budget = self.budget.checked_sub(bytes).ok_or(Stop)?;
        Ok(())
    }

    fn units_by_aranges(&mut self, wanted: &Wanted) -> Result<Vec<usize>, Stop> {
        let mut units = Vec::new();
        self.pay(self.aranges.len())?;
        let mut headers = gimli::DebugAranges::new(self.aranges, self.endian).headers();
        while let Some(header) = headers.next()? {
            let mut entries = header.entries();
            while let Some(entry) = entries.next()? {
                if wanted.holds(&entry.range()) {
                    units.push(header.debug_info_offset().0);
                    break;
                }
            }
        }
        Ok(units)
    }

    /// Looks through all units by the ranges that they state themselves.
    fn search_units(&mut self, wanted: &mut Wanted) -> Result<(), Stop> {
        let mut headers = self.dwarf.units();
        while let Some(header) = headers.next()? {
            let unit = self.unit(header)?;
            let mut ranges = self.dwarf.unit_ranges(&unit)?;
            while let Some(range) = ranges.next()? {
                // Units may share a long list, so each reading is paid for.
                self.pay(RANGE_COST)?;
                if wanted.holds_unfound(&range) {
                    self.read_unit_lines(&unit, wanted)?;
                    break;
                }
            }
            if wanted.open.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn unit(&mut self, header: UnitHeader<Slice<'a>>) -> Result<Unit<Slice<'a>>, Stop> {
        let abbreviations = self.abbreviations(&header)?;
        let unit = Unit::new_with_abbreviations(self.dwarf, header, abbreviations.into())?;
        // Units may share the header of a line table and long strings, too.
        let texts = [&unit.name, &unit.comp_dir].into_iter().flatten();
        self.pay(texts.map(|text| text.len()).sum())?;
        if let Some(lines) = &unit.line_program {
            self.pay(lines.header().header_length())?;
        }
        Ok(unit)
    }

    /// The abbreviations of a unit. Units may share a long list, or point into
    /// the middle of one, so each reading is paid for.
    fn abbreviations(&mut self, header: &UnitHeader<Slice<'a>>) -> Result<Abbreviations, Stop> {
        let all = self.dwarf.debug_abbrev.reader();
        let offset = header.debug_abbrev_offset().0;
        let rest = all.slice().get(offset..).ok_or(Stop)?;
        self.pay(abbreviations_size(rest).ok_or(Stop)?)?;
        Ok(self.dwarf.debug_abbrev.abbreviations(header.debug_abbrev_offset())?)
    }

    fn read_lines(
        &mut self,
        header: UnitHeader<Slice<'a>>,
        wanted: &mut Wanted,
    ) -> Result<(), Stop> {
        let unit = self.unit(header)?;
        self.read_unit_lines(&unit, wanted)
    }

    /// Runs the line program of a unit and notes the row of each wanted address.
    fn read_unit_lines(&mut self, unit: &Unit<Slice<'a>>, wanted: &mut Wanted) -> Result<(), Stop> {
        let Some(program) = unit.line_program.clone() else {
            return Ok(());
        };
        self.pay(program.header().raw_program_buf().len())?;
        let mut rows = program.rows();
        let read = self.best_rows(&mut rows, wanted);
        let best = match &read {
            Ok(best) | Err((best, Stop)) => best,
        };
        let mut paths: HashMap<u64, Option<Rc<str>>> = HashMap::new();
        for (&address, &Row { sequence_start, file, line }) in best {
            let path = if let Some(path) = paths.get(&file) {
                path.clone()
            } else {
                let path = self.path(unit, rows.header(), file)?;
                paths.entry(file).or_insert(path).clone()
            };
            if let Some(file) = path {
                wanted.put(address, Candidate { sequence_start, file, line });
            }
        }
        read.map(drop).map_err(|(_, stop)| stop)
    }

    /// The best row of each wanted address, where it is better than what was
    /// found before. A hostile program repeats rows over many addresses: each
    /// hit is paid for, and one row is kept of each address.
    fn best_rows(
        &mut self,
        rows: &mut LineRows<'a>,
        wanted: &Wanted,
    ) -> Result<BTreeMap<u64, Row>, (BTreeMap<u64, Row>, Stop)> {
        let mut best: BTreeMap<u64, Row> = BTreeMap::new();
        let mut sequence_start = None;
        let mut previous: Option<(u64, u64, Option<u32>)> = None;
        loop {
            let row = match rows.next_row() {
                Ok(Some((_, row))) => row,
                Ok(None) => return Ok(best),
                Err(error) => return Err((best, error.into())),
            };
            let start = *sequence_start.get_or_insert(row.address());
            if let Some((from, file, Some(line))) = previous
                && from < row.address()
                && start != 0
            {
                for (at, found) in wanted.between(from, row.address()) {
                    if let Err(stop) = self.pay(HIT_COST) {
                        return Err((best, stop));
                    }
                    let known = best.get(&at).map(|row| row.sequence_start);
                    let known = known.or(found.map(|found| found.sequence_start));
                    if known.is_none_or(|known| known < start) {
                        best.insert(at, Row { sequence_start: start, file, line });
                    }
                }
            }
            let line = row.line().and_then(|line| u32::try_from(line.get()).ok());
            previous = Some((row.address(), row.file_index(), line));
            if row.end_sequence() {
                sequence_start = None;
                previous = None;
            }
        }
    }

    /// The path of a file of a line table.
    fn path(
        &mut self,
        unit: &Unit<Slice<'a>>,
        header: &LineProgramHeader<Slice<'a>>,
        file: u64,
    ) -> Result<Option<Rc<str>>, Stop> {
        let Some(file) = header.file(file) else {
            return Ok(None);
        };
        let compiled_in = unit.comp_dir.and_then(short_text).unwrap_or_default();
        let directory = match file.directory(header) {
            Some(value) => self.text(unit, value)?.unwrap_or_default(),
            None => String::new(),
        };
        let Some(name) = self.text(unit, file.path_name())? else {
            return Ok(None);
        };
        let path = source_path(&compiled_in, &directory, &name);
        Ok((!path.is_empty() && path.len() <= MAX_TEXT_BYTES).then(|| path.into()))
    }

    /// A string of a line table, unless it is longer than any path. To find its
    /// end takes time as well, and files may share it.
    fn text(
        &mut self,
        unit: &Unit<Slice<'a>>,
        value: AttributeValue<Slice<'a>>,
    ) -> Result<Option<String>, Stop> {
        let Ok(text) = self.dwarf.attr_string(unit, value) else {
            return Ok(None);
        };
        self.pay(text.len())?;
        Ok(short_text(text))
    }
}

/// `text`, unless it is longer than any path.
fn short_text(text: Slice<'_>) -> Option<String> {
    let bytes = text.slice();
    (bytes.len() <= MAX_TEXT_BYTES).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// How many bytes the abbreviations at the start of `bytes` take (DWARF 5,
/// section 7.5.3); `None` when they have no end.
fn abbreviations_size(bytes: &[u8]) -> Option<usize> {
    const DW_FORM_IMPLICIT_CONST: u64 = 0x21;
    let mut reader = Slice::new(bytes, RunTimeEndian::Little);
    while reader.read_uleb128().ok()? != 0 {
        reader.read_uleb128().ok()?;
        reader.read_u8().ok()?;
        loop {
            let (name, form) = (reader.read_uleb128().ok()?, reader.read_uleb128().ok()?);
            if form == DW_FORM_IMPLICIT_CONST {
                reader.read_sleb128().ok()?;
            }
            if name == 0 && form == 0 {
                break;
            }
        }
    }
    Some(bytes.len() - reader.len())
}

/// The path of a source file, relative to the root of the source tree where
/// that can be told: a port is built in `<root>/ports/<port>`, or below it.
fn source_path(compiled_in: &str, directory: &str, name: &str) -> String {
    let path = tidy(&join(&join(compiled_in, directory), name));
    let compiled_in = tidy(compiled_in);
    let root = compiled_in.rfind("/ports/").map_or("", |at| &compiled_in[..=at]);
    match path.strip_prefix(root) {
        Some(relative) if !root.is_empty() => relative.to_owned(),
        _ => path,
    }
}

fn join(directory: &str, path: &str) -> String {
    let absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    if absolute || directory.is_empty() { path.to_owned() } else { format!("{directory}/{path}") }
}

/// `path` without `.`, `..` and repeated separators.
fn tidy(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else if part != ".." || !absolute {
            parts.push(part);
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_root_of_the_tree() {
        let port = "/home/ci/micropython/ports/stm32";
        assert_eq!(
            source_path(port, "../../shared/readline", "readline.c"),
            "shared/readline/readline.c"
        );
        assert_eq!(source_path(port, "", "main.c"), "ports/stm32/main.c");
        let build = "/home/ci/micropython/ports/rp2/build-RPI_PICO";
        assert_eq!(
            source_path(build, "/home/ci/micropython/ports/rp2", "main.c"),
            "ports/rp2/main.c"
        );
        assert_eq!(source_path(build, "/opt/pico-sdk/src", "irq.c"), "/opt/pico-sdk/src/irq.c");
        assert_eq!(source_path(".", "registry-rt/./src", "lib.rs"), "registry-rt/src/lib.rs");
        assert_eq!(source_path("", "../x/../y", "z.c"), "../y/z.c");
    }

    #[test]
    fn a_list_of_abbreviations_ends_at_code_zero() {
        assert_eq!(abbreviations_size(&[1, 0x11, 1, 0x03, 0x08, 0, 0, 0, 0xff]), Some(8));
        assert_eq!(abbreviations_size(&[1, 0x11, 1, 0x39, 0x21, 0x7f, 0, 0, 0]), Some(9));
        assert_eq!(abbreviations_size(&[1, 0x11, 1, 0x03]), None);
    }
}
