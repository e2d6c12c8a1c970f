//! Addresses and places in as few bytes as possible, because each build brings
//! new addresses.
//!
//! Both formats are sequences of unsigned LEB128 numbers. Addresses: for each
//! address the zigzag of its difference from the one before, plus 1; a 0 is
//! followed by a count of absent addresses. Places: the number of files, each
//! file's length and text, then for each entry 0 for none, or 1 + the file's
//! index followed by the line.

use std::collections::HashMap;

use super::StoreError;
use crate::model::{Address, Location, MAX_ANOMALIES, MAX_ENTRIES};

/// Most addresses of one table: two for an entry, one for an anomaly.
const MAX_ADDRESSES: usize = 2 * MAX_ENTRIES + MAX_ANOMALIES;

/// Packs `addresses` in the order given.
pub(super) fn pack_addresses(addresses: impl Iterator<Item = Option<Address>>) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut previous = 0_u64;
    let mut absent = 0_u128;
    for address in addresses {
        let Some(Address(address)) = address else {
            absent += 1;
            continue;
        };
        if absent > 0 {
            put(&mut packed, 0);
            put(&mut packed, std::mem::take(&mut absent));
        }
        let delta = address.wrapping_sub(previous).cast_signed();
        let zigzag = ((delta << 1) ^ (delta >> 63)).cast_unsigned();
        put(&mut packed, u128::from(zigzag) + 1);
        previous = address;
    }
    // Absent ones at the end need no mark: reading goes on giving None.
    packed
}

/// Unpacks what [`pack_addresses`] made. The caller knows how many there are;
/// what is missing at the end is absent.
pub(super) fn unpack_addresses(mut packed: &[u8]) -> Result<Vec<Option<Address>>, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "list of addresses" };
    let mut addresses = Vec::new();
    let mut previous = 0_u64;
    while !packed.is_empty() {
        match take(&mut packed).ok_or_else(corrupt)? {
            0 => {
                let absent = take(&mut packed).and_then(|count| usize::try_from(count).ok());
                let length = absent
                    .and_then(|absent| addresses.len().checked_add(absent))
                    .filter(|&length| length <= MAX_ADDRESSES)
                    .ok_or_else(corrupt)?;
                addresses.resize(length, None);
            }
            number => {
                let zigzag = u64::try_from(number - 1).map_err(|_| corrupt())?;
                let delta = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
                previous = previous.wrapping_add(delta);
                addresses.push(Some(Address(previous)));
            }
        }
    }
    Ok(addresses)
}

/// Packs the places of a table's entries.
pub(super) fn pack_places<'a>(
    places: impl Iterator<Item = Option<&'a Location>> + Clone,
) -> Vec<u8> {
    let mut index: HashMap<&str, u128> = HashMap::new();
    let mut files: Vec<&str> = Vec::new();
    for place in places.clone().flatten() {
        index.entry(&place.file).or_insert_with(|| {
            files.push(&place.file);
            files.len() as u128
        });
    }
    let mut packed = Vec::new();
    put(&mut packed, files.len() as u128);
    for file in &files {
        put(&mut packed, file.len() as u128);
        packed.extend_from_slice(file.as_bytes());
    }
    for place in places {
        match place {
            None => put(&mut packed, 0),
            Some(place) => {
                put(&mut packed, index[place.file.as_str()]);
                put(&mut packed, place.line.into());
            }
        }
    }
    packed
}

/// Unpacks what [`pack_places`] made.
pub(super) fn unpack_places(packed: &[u8]) -> Result<Vec<Option<Location>>, StoreError> {
    read_places(packed).ok_or(StoreError::Corrupt { what: "list of places" })
}

fn read_places(mut packed: &[u8]) -> Option<Vec<Option<Location>>> {
    let mut files = Vec::new();
    for _ in 0..take(&mut packed)? {
        let length = usize::try_from(take(&mut packed)?).ok()?;
        let (file, rest) = packed.split_at_checked(length)?;
        files.push(std::str::from_utf8(file).ok()?);
        packed = rest;
    }
    let mut places = Vec::new();
    while !packed.is_empty() {
        places.push(match take(&mut packed)? {
            0 => None,
            number => {
                let file = files.get(usize::try_from(number).ok()? - 1)?;
                let line = u32::try_from(take(&mut packed)?).ok()?;
                Some(Location { file: (*file).to_owned(), line })
            }
        });
    }
    Some(places)
}

/// Appends `number` as unsigned LEB128 (DWARF 5, section 7.6).
fn put(packed: &mut Vec<u8>, mut number: u128) {
    loop {
        let group = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            packed.push(group);
            return;
        }
        packed.push(group | 0x80);
    }
}

/// Takes an unsigned LEB128 number off the front; `None` when there is none.
fn take(packed: &mut &[u8]) -> Option<u128> {
    let mut number = 0_u128;
    // Ten groups of seven bits hold a 65-bit number, the largest that is put.
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = packed.split_first()?;
        *packed = rest;
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_survive_packing(
            addresses in proptest::collection::vec(proptest::option::of(any::<u64>()), 0..50)
        ) {
            let addresses: Vec<_> = addresses.into_iter().map(|a| a.map(Address)).collect();
            let mut unpacked = unpack_addresses(&pack_addresses(addresses.iter().copied())).unwrap();
            unpacked.resize(addresses.len(), None);
            prop_assert_eq!(unpacked, addresses);
        }

        #[test]
        fn places_survive_packing(
            places in proptest::collection::vec(
                proptest::option::of(("[a-c/]{0,3}|é", any::<u32>())), 0..50)
        ) {
            let places: Vec<_> = places
                .into_iter()
                .map(|place| place.map(|(file, line)| Location { file, line }))
                .collect();
            let packed = pack_places(places.iter().map(Option::as_ref));
            prop_assert_eq!(unpack_places(&packed).unwrap(), places);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..64)
        ) {
            let _ = unpack_addresses(&bytes);
            let _ = unpack_places(&bytes);
        }
    }

    #[test]
    fn sixty_functions_of_one_image_take_three_bytes_each() {
        let address = |n: u64| Some(Address(0x0800_0001 + n * 7_919 % 400_000 * 2));
        let packed = pack_addresses((0..60).map(address).chain((0..60).map(|_| None)));
        assert!(packed.len() <= 3 * 60 + 4, "{} bytes", packed.len());
    }
}
