//! Source trees: folders on a disk and commits of git repositories, the boards
//! that they list, and trees that mean no good. All are made by the tests.

mod catalogs;
mod checks;
mod commands;
mod hostile;
mod known_bugs;
mod layouts;
mod made;
mod migrations;
mod orders;
mod placing;
mod planted;
mod repositories;
