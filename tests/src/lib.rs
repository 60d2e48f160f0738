//! What the tests that look at the whole share.

pub mod fuzz;
