//! Fields of an instruction word, and the numbers in them.

/// Bits `high` to `low` of `word`, both included, as manuals write `word[high:low]`.
pub(super) const fn field(word: u32, high: u32, low: u32) -> u32 {
    (word >> low) & (u32::MAX >> (31 - (high - low)))
}

/// Whether bit `index` is set.
pub(super) const fn bit(word: u32, index: u32) -> bool {
    (word >> index) & 1 == 1
}

/// Bits `high` to `low` where they name a register.
pub(super) const fn register(word: u32, high: u32, low: u32) -> u8 {
    // A register has at most five bits.
    (field(word, high, low) & 0x1f) as u8
}

/// The lowest `bits` bits of `value` as a signed number, wrapped to 64 bits.
pub(super) const fn signed(value: u32, bits: u32) -> u64 {
    let shift = 64 - bits;
    (((value as u64) << shift).cast_signed() >> shift).cast_unsigned()
}

/// The two bytes at `at`, little-endian.
pub(super) fn half_word(bytes: &[u8], at: usize) -> Option<u32> {
    let half: [u8; 2] = bytes.get(at..)?.first_chunk().copied()?;
    Some(u32::from(u16::from_le_bytes(half)))
}

/// The first four bytes, little-endian.
pub(super) fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_le_bytes)
}

/// How many bytes are left, for an instruction that needs up to `most` of them.
pub(super) fn left(bytes: &[u8], most: u8) -> u8 {
    u8::try_from(bytes.len()).unwrap_or(u8::MAX).min(most)
}

/// `address + offset` on a 32-bit machine.
pub(super) const fn add32(address: u64, offset: u64) -> u64 {
    address.wrapping_add(offset) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_as_manuals_write_them() {
        assert_eq!(field(0xf123_4567, 31, 28), 0xf);
        assert_eq!(field(0xf123_4567, 7, 0), 0x67);
        assert_eq!(field(0xf123_4567, 31, 0), 0xf123_4567);
    }

    #[test]
    fn signs_reach_all_64_bits() {
        assert_eq!(signed(0xfff, 12), u64::MAX);
        assert_eq!(signed(0x7ff, 12), 0x7ff);
        assert_eq!(signed(0x8000_0000, 32), 0xffff_ffff_8000_0000);
    }
}
