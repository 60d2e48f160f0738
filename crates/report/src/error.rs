//! Why a document cannot be rendered.

/// A document cannot be rendered in the format asked for.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A table that contradicts itself: a defect of who built it.
    #[error("table {table:?}: {why}")]
    Misshapen {
        /// Its caption.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// More than the format can hold.
    #[error("{what}: {has}, and {format} holds at most {most}; {instead}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        has: usize,
        /// How much there may be.
        most: usize,
        /// The format.
        format: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// The workbook could not be written.
    #[error("the workbook: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The package of a DOCX could not be written.
    #[error("the package: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// Bytes could not be compressed or written to memory.
    #[error("compressing: {0}")]
    Io(#[from] std::io::Error),
    /// A font that came with the program cannot be read: a defect of the build.
    #[error("a font of the program cannot be read: {0}")]
    Font(String),
}
