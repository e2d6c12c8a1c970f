//! What the tests share: tables made by hand, and the real application over
//! real HTTP.

pub(crate) mod app;
pub(crate) mod elf;
pub(crate) mod fleet;
pub(crate) mod html;
pub(crate) mod issuer;
pub(crate) mod tables;
pub(crate) mod tools;
pub(crate) mod trees;
