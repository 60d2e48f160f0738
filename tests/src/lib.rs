//! What looks at the whole: the tests beside this, what they share, and the contract written out for
//! machines and people.

pub mod contract;
pub mod evidence;
pub mod fuzz;
