//! The seam at which tests make a commit fail, or take an image of the directory as a kill would
//! leave it.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// A moment within a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Some pieces of a run are written; no run names them.
    PiecesWritten,
    /// The commit's batch is about to be applied.
    BeforeBatch,
    /// It is applied, not flushed.
    AfterBatch,
    /// It is flushed.
    AfterFlush,
    /// A slice of the waiting cells is folded into the pages.
    CellsFolded,
    /// A push-down has merged a child's run, and is about to make it active.
    BeforePush,
    /// The child's run is active.
    AfterPush,
}

impl Point {
    /// Every point.
    pub const ALL: &'static [Self] = &[
        Self::PiecesWritten,
        Self::BeforeBatch,
        Self::AfterBatch,
        Self::AfterFlush,
        Self::CellsFolded,
        Self::BeforePush,
        Self::AfterPush,
    ];
}

/// What a test does at each point; nothing else implements this.
pub trait Faults: Debug + Send + Sync {
    /// Called at each point with the directory of the store; an error fails the commit.
    fn at(&self, point: Point, dir: &Path) -> io::Result<()>;
}
