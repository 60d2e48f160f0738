//! A template as a file: in a workbook the table, with lists to choose from, and a sheet that
//! explains its columns.

use chrono::{Datelike, Timelike};
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format as Look, FormatAlign, Workbook, Worksheet,
    XlsxError,
};

use super::columns::{Column, Style, Template};
use crate::table::{self, Cell, Format};

/// The sheet to be filled in.
pub(super) const DATA: &str = "Dữ liệu";
/// The sheet that explains it.
const ABOUT: &str = "Giải thích";
/// The headings of that sheet.
const HEADINGS: [&str; 6] =
    ["Cột", "Trường của sự kiện", "Bắt buộc", "Cách ghi", "Giá trị cho phép", "Giải thích"];
/// The widths of its columns, in characters.
const WIDTHS: [u32; 6] = [28, 26, 10, 34, 40, 60];
/// The height of a line of it, in points.
const LINE_HEIGHT: u32 = 16;
/// The last row that has lists to choose from, counted from 0.
const LAST_ROW: u32 = 10_000;
/// How wide a column may be, in characters.
const WIDTH_MAX: u32 = 48;

/// The bytes of the file.
pub(super) fn write(template: &Template, format: Format) -> anyhow::Result<Vec<u8>> {
    match format {
        Format::Csv => {
            let heads = template.columns.iter().map(|column| Cell::Text(column.heading.clone()));
            let example = template.columns.iter().map(in_text);
            Ok(table::write(format, DATA, &[heads.collect(), example.collect()])?)
        }
        Format::Xlsx => Ok(workbook(template)?),
    }
}

/// The example as people write it where cells have no formats.
fn in_text(column: &Column) -> Cell {
    let Cell::Moment(at) = column.example else { return column.example.clone() };
    let has_hour = column.style == Style::DayAndHour && at.time() != chrono::NaiveTime::MIN;
    let pattern = if has_hour { "%d/%m/%Y %H:%M" } else { "%d/%m/%Y" };
    Cell::Text(at.format(pattern).to_string())
}

fn workbook(template: &Template) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // No clock: the same template is the same bytes.
    let made = ExcelDateTime::from_ymd(2021, 9, 14)?;
    let title = format!("Mẫu nhập {}", template.kind.name());
    let properties = DocProperties::new().set_title(title).set_creation_datetime(&made);
    book.set_properties(&properties);
    data(book.add_worksheet().set_name(DATA)?, template)?;
    about(book.add_worksheet().set_name(ABOUT)?, template)?;
    book.save_to_buffer()
}

fn data(sheet: &mut Worksheet, template: &Template) -> Result<(), XlsxError> {
    let heading = Look::new().set_bold().set_text_wrap();
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    for (column, place) in template.columns.iter().zip(0_u16..) {
        let look = match column.style {
            // Of a text nothing is dropped or taken for a date.
            Style::Text | Style::OneOf(_) => Look::new().set_num_format("@"),
            Style::Day => Look::new().set_num_format("dd/mm/yyyy"),
            Style::DayAndHour => Look::new().set_num_format("dd/mm/yyyy hh:mm"),
            Style::Number => Look::new().set_num_format("0"),
        };
        sheet.set_column_format(place, &look)?;
        let width = u32::try_from(column.heading.chars().count() + 4).unwrap_or(WIDTH_MAX);
        sheet.set_column_width(place, width.clamp(16, WIDTH_MAX))?;
        sheet.write_string_with_format(0, place, &column.heading, &heading)?;
        example(sheet, place, &column.example, &look)?;
        if let Style::OneOf(choices) = &column.style {
            let list = DataValidation::new()
                .allow_list_strings(choices)?
                .set_error_title("Giá trị không có trong danh sách")?
                .set_error_message("Chọn một giá trị trong danh sách của ô.")?;
            sheet.add_data_validation(1, place, LAST_ROW, place, &list)?;
        }
    }
    Ok(())
}

fn example(sheet: &mut Worksheet, place: u16, cell: &Cell, look: &Look) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) => drop(sheet.write_string_with_format(1, place, text, look)?),
        Cell::Number(number) => drop(sheet.write_number_with_format(1, place, *number, look)?),
        Cell::Flag(flag) => drop(sheet.write_boolean_with_format(1, place, *flag, look)?),
        Cell::Moment(at) => {
            let small = |number: u32| u8::try_from(number).unwrap_or(0);
            let year = u16::try_from(at.year()).unwrap_or(0);
            let date = ExcelDateTime::from_ymd(year, small(at.month()), small(at.day()))?;
            let (hour, minute) = (u16::from(small(at.hour())), small(at.minute()));
            let at = date.and_hms(hour, minute, f64::from(0))?;
            sheet.write_datetime_with_format(1, place, &at, look)?;
        }
        Cell::Empty | Cell::Error(_) | Cell::Merged(_) => {}
    }
    Ok(())
}

fn about(sheet: &mut Worksheet, template: &Template) -> Result<(), XlsxError> {
    let bold = Look::new().set_bold();
    let wrapped = Look::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    for ((heading, width), place) in HEADINGS.iter().zip(WIDTHS).zip(0_u16..) {
        sheet.write_string_with_format(0, place, *heading, &bold)?;
        sheet.set_column_width(place, width)?;
    }
    for (column, row) in template.columns.iter().zip(1_u32..) {
        let required = if column.required { "có" } else { "không" };
        let choices = match &column.style {
            Style::OneOf(choices) => choices.join("; "),
            Style::Text | Style::Day | Style::DayAndHour | Style::Number => String::new(),
        };
        let texts =
            [&column.heading, &column.target, required, how(column), &choices, &column.about];
        for (text, place) in texts.iter().zip(0_u16..) {
            sheet.write_string_with_format(row, place, *text, &wrapped)?;
        }
        // Not every program makes a row as high as its texts.
        let lines = texts.iter().zip(WIDTHS).map(|(text, width)| {
            text.chars().count().div_ceil(usize::try_from(width).unwrap_or(1))
        });
        let lines = u32::try_from(lines.max().unwrap_or(1)).unwrap_or(1);
        sheet.set_row_height(row, lines * LINE_HEIGHT)?;
    }
    let notes = [
        "Dòng 2 của trang Dữ liệu là ví dụ: xóa trước khi gửi.",
        "Gửi lại cùng bảng thì không đếm hai lần; sửa một dòng rồi gửi lại là đính chính dòng đó.",
        "Xóa một dòng khỏi bảng không rút sự kiện đã gửi: dùng mẫu của loại retracted.",
    ];
    let first = u32::try_from(template.columns.len()).unwrap_or(0) + 2;
    for (note, row) in notes.iter().zip(first..) {
        sheet.write_string(row, 0, *note)?;
    }
    Ok(())
}

fn how(column: &Column) -> &'static str {
    match column.style {
        Style::Text => "chữ (giữ nguyên số 0 ở đầu và cuối)",
        Style::Day => "ngày: 06/09/2021",
        Style::DayAndHour => "ngày, có thể kèm giờ: 06/09/2021 08:30",
        Style::Number => "số nguyên: 4000",
        Style::OneOf(_) => "chọn trong danh sách",
    }
}
