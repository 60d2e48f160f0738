//! The seam at which tests make sealing fail, or take an image of the directory as a kill would
//! leave it.

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// A moment within the sealing of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The secret is written, under another name.
    SecretWritten,
    /// It has its name.
    SecretNamed,
    /// Some rows of the segment are written.
    RowsWritten,
    /// The segment is whole and flushed, under another name.
    SegmentWritten,
    /// It has its name.
    SegmentNamed,
    /// The tiles of its leaves are written.
    TilesWritten,
    /// The manifest that names it is written, under another name.
    ManifestWritten,
    /// It has its name.
    ManifestNamed,
}

impl Point {
    /// Every point.
    pub const ALL: &'static [Self] = &[
        Self::SecretWritten,
        Self::SecretNamed,
        Self::RowsWritten,
        Self::SegmentWritten,
        Self::SegmentNamed,
        Self::TilesWritten,
        Self::ManifestWritten,
        Self::ManifestNamed,
    ];
}

/// What a test does at each point; nothing else implements this.
pub trait Faults: Debug + Send + Sync {
    /// Called at each point with the directory of the archive; an error fails the sealing.
    fn at(&self, point: Point, dir: &Path) -> io::Result<()>;
}
