//! Debug information made to cost much. Work is counted as what is paid for it.

use super::*;

/// The first function; each takes [`FUNCTION_BYTES`].
const FIRST: u32 = 0x1000;
const FUNCTION_BYTES: u32 = 4;
const PLENTY: usize = 1 << 30;

/// Sections of DWARF 4.
#[derive(Default)]
struct Debug {
    info: Vec<u8>,
    line: Vec<u8>,
    ranges: Vec<u8>,
}

/// One abbreviation: a unit with `DW_AT_stmt_list`, `low_pc`, `ranges` and
/// `comp_dir`.
const ABBREVIATIONS: &[u8] = &[1, 0x11, 0, 0x10, 0x17, 0x11, 0x01, 0x55, 0x17, 0x1b, 0x08, 0, 0, 0];

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}

/// A sequence of one row over the first `functions` functions.
fn sequence(functions: u32) -> Vec<u8> {
    let mut program = b"\0\x05\x02".to_vec();
    program.extend(FIRST.to_le_bytes());
    // DW_LNS_copy, then DW_LNS_advance_pc for each.
    program.push(1);
    for _ in 0..functions {
        program.extend([2, u8::try_from(FUNCTION_BYTES).unwrap()]);
    }
    program.extend(b"\0\x01\x01");
    program
}

impl Debug {
    /// A unit that lists `ranges`, from that offset of `.debug_ranges` on.
    fn unit(&mut self, ranges: usize, comp_dir: &[u8]) {
        let mut unit = vec![4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        unit.extend(u32::try_from(ranges).unwrap().to_le_bytes());
        unit.extend(comp_dir);
        unit.push(0);
        self.info.extend(sized(&unit));
    }

    /// The line table of all units: `files` files and a program.
    fn lines(&mut self, files: usize, program: &[u8]) {
        let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0];
        header.extend(b"f.c\0\0\0\0".repeat(files));
        header.push(0);
        self.line = sized(&[b"\x04\0", &sized(&header)[..], program].concat());
    }

    /// `count` ranges over the first `functions` functions.
    fn ranges(&mut self, count: usize, functions: u32) -> usize {
        let at = self.ranges.len();
        let range = [FIRST, FIRST + functions * FUNCTION_BYTES].map(u32::to_le_bytes).concat();
        self.ranges.extend(range.repeat(count));
        self.ranges.extend([0; 8]);
        at
    }

    /// Looks for the places of the first `functions` functions; gives them, and
    /// what was spent.
    fn search(&self, functions: u32, budget: usize) -> (HashMap<u64, Location>, usize) {
        let endian = RunTimeEndian::Little;
        let dwarf = Dwarf::load(|id| {
            let bytes = match id {
                SectionId::DebugAbbrev => ABBREVIATIONS,
                SectionId::DebugInfo => &self.info,
                SectionId::DebugLine => &self.line,
                SectionId::DebugRanges => &self.ranges,
                _ => &[],
            };
            Ok::<_, gimli::Error>(Slice::new(bytes, endian))
        });
        let dwarf = dwarf.unwrap();
        let mut search = Search { dwarf: &dwarf, aranges: &[], endian, budget };
        let addresses: Vec<u64> =
            (0..functions).map(|number| (FIRST + number * FUNCTION_BYTES).into()).collect();
        let mut wanted = Wanted::new(&addresses);
        search.run(&mut wanted);
        (wanted.into_locations(), budget - search.budget)
    }
}

#[test]
fn rows_that_repeat_over_many_functions_are_paid_for_hit_by_hit() {
    let mut debug = Debug::default();
    debug.lines(1, &sequence(50).repeat(200));
    let ranges = debug.ranges(1, 50);
    debug.unit(ranges, b"");
    let (places, spent) = debug.search(50, PLENTY);
    assert_eq!(places.len(), 50);
    assert!(spent >= 200 * 50 * HIT_COST, "{spent}");

    // What was found before the budget was spent stays.
    let (places, spent) = debug.search(50, 100_000);
    assert_eq!(places.len(), 50);
    assert!((100_000 - HIT_COST..=100_000).contains(&spent), "{spent}");
}

#[test]
fn a_range_costs_the_same_however_many_functions_found_it_holds() {
    let spent = |functions: u32| {
        let mut debug = Debug::default();
        debug.lines(1, &sequence(functions - 1));
        let ranges = debug.ranges(100, functions - 1);
        for _ in 0..20 {
            debug.unit(ranges, b"");
        }
        let (places, spent) = debug.search(functions, PLENTY);
        // The last one has no row, and is looked for in every unit.
        assert_eq!(places.len(), functions as usize - 1);
        let found = HIT_COST * places.len() + sequence(functions - 1).len();
        spent - found
    };
    assert_eq!(spent(10), spent(1_000));
    assert!(spent(10) >= 19 * 100 * RANGE_COST);
}

#[test]
fn a_compilation_directory_longer_than_any_path_is_left_out() {
    let mut debug = Debug::default();
    debug.lines(1, &sequence(3));
    let ranges = debug.ranges(1, 3);
    debug.unit(ranges, &b"/a".repeat(MAX_TEXT_BYTES));
    let (places, _) = debug.search(3, PLENTY);
    let files: Vec<&str> = places.values().map(|place| place.file.as_str()).collect();
    assert_eq!(files, ["f.c"; 3]);
}

#[test]
fn a_header_that_many_units_share_is_paid_for_each_time() {
    let mut debug = Debug::default();
    debug.lines(10_000, &[]);
    let ranges = debug.ranges(1, 1);
    for _ in 0..50 {
        debug.unit(ranges, b"");
    }
    let (_, spent) = debug.search(1, PLENTY);
    assert!(spent >= 50 * 10_000 * b"f.c\0\0\0\0".len(), "{spent}");
    let size = debug.info.len() + debug.line.len();
    let (_, spent) = debug.search(1, BUDGET_PER_BYTE * size);
    assert!(spent <= BUDGET_PER_BYTE * size);
}
