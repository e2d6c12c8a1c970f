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
//! # Linking
//!
//! With cortex-m-rt or riscv-rt, the least to do is the feature `rodata` and one
//! argument for the linker, beside the `-Tlink.x` that is there:
//!
//! ```toml
//! # .cargo/config.toml
//! [target.'cfg(target_os = "none")']
//! rustflags = ["-Clink-arg=-Tlink.x", "-Clink-arg=--sort-section=name"]
//! ```
//!
//! A crate that only registers must be named, or it is not linked and its entries
//! with it: `use my_driver as _;`.
//!
//! An entry costs one pointer of flash, and nothing takes RAM. `README.md` says what
//! it costs in all and when not to use it, and `docs/registry` of the repository
//! compares the ways to place the entries.
//!
//! # In the ELF
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
//! | records, which are not loaded | `.mp_records` |
//!
//! and the same with `deinit` for `init`. The output sections and bounds come
//! from the linker fragments in `link/`; an image linked without one fails with
//! undefined `__mp_init_..._start` symbols. Two features place the entries
//! without a fragment, and the whole image, C files too, must agree on one way.
//!
//! | feature | what it does |
//! |---|---|
//! | `rodata` | entries are ordinary read-only data; link with `--sort-section=name` |
//! | `keyed` | entries carry their priority and take two words; nothing is asked of the linker |
//! | `no-ties` | two entries of one level and priority do not link |
//! | `trace` | each call is reported, in the format of Linux' `initcall_debug` |
//! | `off` | nothing is registered and nothing runs; the macros stay silent |
//!
//! - [`init_register!`], [`deinit_register!`] put an entry into a table.
//! - [`init_run_level`], [`deinit_run_level`] run the four levels of the RFC.
//! - [`level!`] adds a level of the project's own.
//! - [`count`] says how many entries there are.
//! - [`table`] walks a table; it is plain code over slices.

#![no_std]

// The rest of the crate compiles with both, so that this is all that is said.
#[cfg(all(feature = "rodata", feature = "keyed"))]
compile_error!("registry-rt: `rodata` and `keyed` are two ways to place the entries: choose one");

#[cfg(all(not(feature = "off"), any(windows, target_vendor = "apple", target_family = "wasm")))]
compile_error!(
    "registry-rt: this target has no ELF, and its linker neither sorts nor keeps the entries: use the feature `off` and call the functions by hand"
);

mod level;
#[doc(hidden)]
pub mod record;
mod register;
pub mod table;
#[cfg(feature = "trace")]
pub mod trace;

pub use level::{Level, count, deinit_run_level, init_run_level};
pub use table::InitFn;

/// The version of the layout described above; linker fragments put the same
/// number into the image as the absolute symbol `__mp_registry_abi`.
pub const ABI_VERSION: u32 = 1;
