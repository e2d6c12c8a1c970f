//! What is posted to a forge, over real HTTP: to a GitHub that keeps its state in
//! memory and answers as the real one does.

mod command;
mod one_comment;
mod requests;
mod support;
