//! A table of registered functions and the two ways to walk it.

/// A registered function: no arguments, no result, C calling convention, so
/// that entries made by C and by Rust can stand in one table.
pub type InitFn = extern "C" fn();

/// What a table holds: the pointer, which the linker has sorted.
#[cfg(not(feature = "keyed"))]
pub type Entry = InitFn;

/// What a table holds: the pointer and what sorts it, because the linker does not.
#[cfg(feature = "keyed")]
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The registered function.
    pub function: InitFn,
    /// Its priority, 0 to 99.
    pub priority: usize,
}

/// Calls the functions of a table from the first to the last, as every init
/// table is run.
#[cfg(not(feature = "keyed"))]
pub fn run_ascending(table: &[Entry]) {
    for function in table {
        function();
    }
}

/// Calls the functions of a table from the last to the first, as every deinit
/// table is run: what was registered in the same place is undone in mirrored
/// order.
#[cfg(not(feature = "keyed"))]
pub fn run_descending(table: &[Entry]) {
    for function in table.iter().rev() {
        function();
    }
}

/// Calls the functions of a table by ascending priority, as every init table is
/// run: one pass for each priority, which needs no memory.
#[cfg(feature = "keyed")]
pub fn run_ascending(table: &[Entry]) {
    for priority in 0..100 {
        for entry in table.iter().filter(|entry| entry.priority == priority) {
            (entry.function)();
        }
    }
}

/// Calls the functions of a table by descending priority, as every deinit table
/// is run: what was registered in the same place is undone in mirrored order.
#[cfg(feature = "keyed")]
pub fn run_descending(table: &[Entry]) {
    for priority in (0..100).rev() {
        for entry in table.iter().rev().filter(|entry| entry.priority == priority) {
            (entry.function)();
        }
    }
}

/// Where a table lies in the image: between two linker symbols.
#[doc(hidden)]
pub struct Bounds {
    start: *const Entry,
    end: *const Entry,
}

// SAFETY: the two addresses never change, and what lies between them is only read.
unsafe impl Sync for Bounds {}

impl Bounds {
    /// The bounds of no table.
    #[cfg(feature = "off")]
    pub const NONE: Self = Self { start: core::ptr::dangling(), end: core::ptr::dangling() };

    /// # Safety
    ///
    /// `start` and `end` must be the bounds that the linker placed around one
    /// table: both aligned for an [`Entry`], `end` not below `start`, and nothing
    /// but valid `Entry` values between them for the whole life of the program.
    pub const unsafe fn new(start: *const Entry, end: *const Entry) -> Self {
        Self { start, end }
    }

    /// The entries, in the order in which the linker sorted them.
    pub fn table(&self) -> &'static [Entry] {
        // Taken on addresses: the bounds are two symbols, and comparing pointers
        // into what the compiler believes to be two objects would let it conclude
        // that an empty table is not empty.
        let entries = (self.end.addr() - self.start.addr()) / size_of::<Entry>();
        // SAFETY: whoever made these bounds guarantees `entries` valid, never
        // changing entries from `start` on.
        unsafe { core::slice::from_raw_parts(self.start, entries) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::cell::RefCell;
    use std::vec::Vec;

    use super::*;

    std::thread_local! {
        static CALLED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    extern "C" fn pin_init0() {
        CALLED.with_borrow_mut(|called| called.push("pin_init0"));
    }

    extern "C" fn timer_init0() {
        CALLED.with_borrow_mut(|called| called.push("timer_init0"));
    }

    extern "C" fn uart_init0() {
        CALLED.with_borrow_mut(|called| called.push("uart_init0"));
    }

    #[cfg(not(feature = "keyed"))]
    const TABLE: [Entry; 3] = [pin_init0, timer_init0, uart_init0];

    /// As a linker leaves them: by file, not by priority.
    #[cfg(feature = "keyed")]
    const TABLE: [Entry; 3] = [
        Entry { function: timer_init0, priority: 10 },
        Entry { function: uart_init0, priority: 99 },
        Entry { function: pin_init0, priority: 0 },
    ];

    #[test]
    fn init_tables_run_from_first_to_last() {
        run_ascending(&TABLE);
        assert_eq!(CALLED.take(), ["pin_init0", "timer_init0", "uart_init0"]);
    }

    #[test]
    fn deinit_tables_run_from_last_to_first() {
        run_descending(&TABLE);
        assert_eq!(CALLED.take(), ["uart_init0", "timer_init0", "pin_init0"]);
    }

    #[test]
    fn an_empty_table_calls_nothing_in_either_direction() {
        run_ascending(&[]);
        run_descending(&[]);
        assert!(CALLED.take().is_empty());
    }

    #[test]
    fn the_bounds_of_an_array_give_the_array() {
        static ARRAY: [Entry; 3] = TABLE;
        let range = ARRAY.as_ptr_range();
        // SAFETY: the two ends of an array of functions that is never written.
        let bounds = unsafe { Bounds::new(range.start, range.end) };
        run_ascending(bounds.table());
        assert_eq!(CALLED.take(), ["pin_init0", "timer_init0", "uart_init0"]);
    }

    #[test]
    fn equal_bounds_give_an_empty_table() {
        let start = TABLE.as_ptr();
        // SAFETY: nothing lies between equal bounds.
        let bounds = unsafe { Bounds::new(start, start) };
        assert!(bounds.table().is_empty());
    }
}
