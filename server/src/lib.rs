//! Initboard shows, for every port and board of a firmware project, which init
//! and deinit functions run, in which order, and how that differs elsewhere,
//! read from the firmware itself.
//!
//! The house, from the ground up; arrows point one way only:
//!
//! - [`model`]: the shared values, such as `Level`, `BoardId` and `InitTable`.
//!   They are parsed at the edge and cannot be wrong inside.
//! - [`extract`]: the bytes of a firmware file to an `InitTable`. Pure, bounded
//!   in time and memory, because firmware may be hostile.
//! - [`config`]: `initboard.toml`, what a project says of itself.
//! - [`tree`]: a source tree, a folder on a disk or a commit of a git
//!   repository: its files, its boards, its history. Only [`cli`] uses it.
//! - [`analyze`]: tables to answers: subsystems, pairs, findings. Pure.
//! - [`report`]: answers to text, for a terminal or as JSON.
//! - [`store`]: SQLite, one file per noun; what was uploaded, found again fast.
//! - [`http`]: how other machines are asked: one client, and how long to insist.
//! - [`forge`]: where pull requests are: GitHub's API, and the one comment that is
//!   kept there. Only [`cli`] uses it.
//! - [`web`]: the server: the API, and the pages over [`store`].
//! - [`cli`]: one file per subcommand; all that `main` does is to call it.

pub mod analyze;
pub mod cli;
pub mod config;
pub mod extract;
pub mod forge;
pub mod http;
pub mod model;
pub mod report;
pub mod store;
pub mod tree;
pub mod web;
