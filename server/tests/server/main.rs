//! The server as people use it: the real router over real HTTP, a real SQLite
//! file, the real command line, and a real browser.

mod api_answers;
mod badges;
mod browser;
mod compare;
mod configurations;
mod derived;
mod exchange_identities;
mod findings;
mod finish;
mod matrix;
mod migration;
mod pages;
mod pages_of_trees;
mod pulls;
mod read_commands;
mod store_builds;
mod store_configurations;
mod store_pull_requests;
mod store_trees;
mod support;
mod upload_builds;
mod upload_command;
mod upload_trees;
mod webhooks;
