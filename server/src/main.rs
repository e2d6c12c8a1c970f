//! The `initboard` program.
fn main() {}
