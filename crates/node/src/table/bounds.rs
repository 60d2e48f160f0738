//! How large a workbook may be, found out before anything looks into it.
//!
//! A workbook is a zip file. What its directory says of sizes is not believed: every entry is
//! inflated once, into nothing, and no further than it may be.

use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::TableError;

/// The most bytes of the file.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most entries.
const ENTRIES_MAX: usize = 4_096;
/// The most bytes of a sheet, inflated; it is read in passing.
const SHEET_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The most bytes of any other entry, inflated; the texts of all cells are one, and are in memory.
const ENTRY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most bytes of all, inflated.
const ALL_BYTES_MAX: u64 = 768 * 1024 * 1024;
const _: () = assert!(SHEET_BYTES_MAX + ENTRY_BYTES_MAX <= ALL_BYTES_MAX);

/// The first bytes of the older formats, and of a workbook that is locked by a password.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];
/// The first bytes of a zip file.
const ZIP: &[u8] = b"PK\x03\x04";

/// Checks the sizes, and that it is a zip file at all; answers how large the file is.
pub(super) fn check(file: &mut (impl Read + Seek)) -> Result<u64, TableError> {
    let bytes = file.seek(SeekFrom::End(0))?;
    if bytes > FILE_BYTES_MAX {
        let what = "the file".to_owned();
        return Err(TableError::TooLarge { what, bytes_max: FILE_BYTES_MAX });
    }
    file.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    file.take(4).read_to_end(&mut first)?;
    let no_workbook = |what: String| TableError::NoWorkbook { what };
    if first == COMPOUND {
        let what = "it has the older format .xls, or is locked by a password";
        return Err(no_workbook(what.to_owned()));
    }
    if first != ZIP {
        return Err(no_workbook("it is no zip file".to_owned()));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut archive = ZipArchive::new(file).map_err(|why| no_workbook(why.to_string()))?;
    if archive.len() > ENTRIES_MAX {
        let max = u64::try_from(ENTRIES_MAX).unwrap_or(u64::MAX);
        return Err(TableError::TooMany { what: "entries in the workbook", max });
    }
    let mut all = 0_u64;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|why| no_workbook(why.to_string()))?;
        let name = entry.name().map_err(|why| no_workbook(why.to_string()))?.into_owned();
        let is_sheet = name.to_ascii_lowercase().starts_with("xl/worksheets/");
        let of_entry = if is_sheet { SHEET_BYTES_MAX } else { ENTRY_BYTES_MAX };
        let bytes_max = of_entry.min(ALL_BYTES_MAX - all);
        let inflated = io::copy(&mut entry.take(bytes_max + 1), &mut io::sink())
            .map_err(|why| no_workbook(format!("{name}: {why}")))?;
        if inflated > bytes_max {
            return Err(TableError::TooLarge {
                what: format!("{name} of the workbook"),
                bytes_max,
            });
        }
        all += inflated;
    }
    Ok(bytes)
}
