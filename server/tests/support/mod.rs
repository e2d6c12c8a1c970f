//! What the tests share: tables made by hand, and the real application over
//! real HTTP.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of this")]

pub(crate) mod app;
pub(crate) mod elf;
pub(crate) mod tables;
