//! What the two readers of main share, that of its instructions ([`calls`]) and
//! that of its text ([`source`]): neither knows where a graph came from.
//!
//! - [`role`]: what a call means, by the name of the callee
//! - [`order`]: the order of the nodes of a graph, from the graph alone
//! - [`stage`]: where in the life of main they stand
//!
//! [`calls`]: super::calls
//! [`source`]: super::source

pub(super) mod order;
pub(super) mod role;
pub(super) mod stage;
