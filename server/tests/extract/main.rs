//! Extraction on real firmware: the sample ports as they are committed, one
//! fixture per way of linking, and files that somebody broke.

mod broken;
mod by_hand;
mod calls;
mod conventions;
mod diffs;
mod executed;
mod files;
mod hostile;
mod losses;
mod made;
mod matrix;
mod migrated;
mod order_files;
mod rebuilt;
mod rust_on_chips;
mod satisfied;
mod schema;
mod snapshots;
mod source;
mod tools;
