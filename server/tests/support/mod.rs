//! What the tests share: tables made by hand, and the real application over
//! real HTTP.

pub(crate) mod tables;
