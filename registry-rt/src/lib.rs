//! What firmware links so that its init and deinit functions run in a known
//! order: drivers register functions from their own files, the linker collects
//! and sorts the pointers, and `main` runs them one level at a time.
//!
//! ```no_run
//! use registry_rt::{Level, deinit_register, init_register};
//!
//! extern "C" fn timer_init0() { /* ... */ }
//! extern "C" fn timer_deinit() { /* ... */ }
//!
//! init_register!(driver, 00, timer_init0);
//! deinit_register!(driver, 00, timer_deinit);
//!
//! fn main() {
//!     registry_rt::init_run_level(Level::Driver);
//!     // ...
//!     registry_rt::deinit_run_level(Level::Driver);
//! }
//! ```
//!
//! The layout in the ELF (ABI version 1) is that of the C header
//! `include/mp_registry.h`, so C and Rust drivers share the same tables:
//!
//! | what | name |
//! |---|---|
//! | input section, one pointer each | `.mp_init_<level>.<priority>.<function>` |
//! | symbol of the entry | `__mp_init_<level>_<priority>_<function>` |
//! | output section | `.mp_init_<level>` |
//! | its bounds | `__mp_init_<level>_start`, `__mp_init_<level>_end` |
//!
//! and the same with `deinit` for `init`. The output sections and bounds come
//! from the linker fragments in `link/`; an image linked without one fails with
//! undefined `__mp_init_..._start` symbols.
//!
//! - [`init_register!`], [`deinit_register!`] put an entry into a table.
//! - [`init_run_level`], [`deinit_run_level`] run the four levels of the RFC.
//! - [`level!`] adds a level of the project's own.
//! - [`table`] walks a table; it is plain code over slices.

#![no_std]

mod level;
mod register;
pub mod table;

pub use level::{Level, deinit_run_level, init_run_level};
pub use table::InitFn;

/// The version of the layout described above; linker fragments put the same
/// number into the image as the absolute symbol `__mp_registry_abi`.
pub const ABI_VERSION: u32 = 1;
