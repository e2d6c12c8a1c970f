//! Tables made to be long.

use super::*;

/// A word of every entry below: an import by the first dynamic symbol.
const R_386_32: u32 = 1;

/// What to put into an [`elf32`]: section type, address, link, entry size, bytes.
struct Part(u32, u32, u32, u32, Vec<u8>);

/// A 32-bit x86 image whose sections are `parts`, each in a loadable segment of
/// its own, and a dynamic segment for the last.
fn elf32(parts: &[Part]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let count = u16::try_from(parts.len()).unwrap();
    let mut at = 52 + 32 * (u32::from(count) + 1);
    let (mut segments, mut sections, mut body): (Vec<u8>, Vec<u8>, Vec<u8>) =
        (Vec::new(), vec![0; 40], Vec::new());
    for Part(kind, address, link, entry_size, bytes) in parts {
        let size = u32::try_from(bytes.len()).unwrap();
        let part: Vec<u8> = words(&[1, at, *address, *address, size, size, 4, 1]);
        segments.extend(part);
        let part: Vec<u8> = words(&[0, *kind, 2, *address, at, size, *link, 1, 1, *entry_size]);
        sections.extend(part);
        body.extend(bytes);
        at += size;
    }
    let mut dynamic = segments[segments.len() - 32..].to_vec();
    dynamic[0] = 2;
    let mut file: Vec<u8> = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([3, 0, 3, 0]);
    let part: Vec<u8> = words(&[1, 0, 52, at, 0]);
    file.extend(part);
    for half in [52, 32, count + 1, 40, count + 1, 0] {
        file.extend(half.to_le_bytes());
    }
    [file, segments, dynamic, body, sections].concat()
}

fn symbol(name: u32, value: u32, section: u16) -> Vec<u8> {
    let mut bytes: Vec<u8> = [name, value, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend([0x10, 0]);
    bytes.extend(section.to_le_bytes());
    bytes
}

/// An image whose bounds hold all of its memory, and in which each of `words`
/// words is relocated by one import.
fn endless(words: u32) -> Vec<u8> {
    const ABSOLUTE: u16 = 0xfff1;
    let names = b"\0__mp_init_core_start\0__mp_init_core_end\0".to_vec();
    let bounds = [vec![0; 16], symbol(1, 0, ABSOLUTE), symbol(22, 0xffff_ff00, ABSOLUTE)].concat();
    let import = [b"\0".to_vec(), vec![b'x'; 500], b"\0".to_vec()].concat();
    let relocations: Vec<u8> = (0..words)
        .flat_map(|word| [word * 4, 1 << 8 | R_386_32])
        .flat_map(u32::to_le_bytes)
        .collect();
    let size = u32::try_from(relocations.len()).unwrap();
    let dynamic =
        [17, 0x4000_0000, 18, size, 0, 0].into_iter().flat_map(|word: u32| word.to_le_bytes());
    elf32(&[
        Part(2, 0x1000_0000, 2, 16, bounds),
        Part(3, 0x1100_0000, 0, 0, names),
        Part(11, 0x2000_0000, 4, 16, [vec![0; 16], symbol(1, 0, 0)].concat()),
        Part(3, 0x3000_0000, 0, 0, import),
        Part(9, 0x4000_0000, 3, 8, relocations),
        Part(6, 0x5000_0000, 0, 8, dynamic.collect()),
    ])
}

#[test]
fn bounds_around_all_memory_keep_the_words_that_are_read_and_each_name_once() {
    let file = endless(20_000);
    let image = Image::parse(&file[..]).unwrap();
    let symbols = RegistrySymbols::read(&image).unwrap();
    let (tables, _) = tables(&image, &symbols);
    let mut anomalies = Anomalies::default();
    let extents = extents(&image, &symbols, &tables, &mut anomalies);
    let ranges: Vec<_> = extents.iter().map(|(_, _, extent)| extent.range.clone()).collect();
    assert_eq!(ranges.len(), 1);
    assert_eq!(ranges[0], 0..4 * MAX_ENTRIES as u64);
    let kinds: Vec<AnomalyKind> = anomalies.0.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(kinds, [AnomalyKind::TableNotLoaded, AnomalyKind::TableTooLong]);

    let relocations = relocations::read(&image, &ranges).unwrap();
    assert_eq!(relocations.counts(), (MAX_ENTRIES, 1));
    assert_eq!(relocations.import(4).unwrap().as_str().len(), 500);
}
