//! What registry-rt does once a compiler and a linker have had it. Everything here runs
//! on the build machine; a test whose tools are not installed says so and passes, or
//! fails where the environment variable `INITBOARD_REQUIRE_TOOLS` is 1.

mod c_header;
mod firmware;
mod libraries;
mod misuse {
    mod compilers;
    mod linkers;
}
mod rust_crate;
mod switches;
mod tools;
