//! The mapping of a template, written for a person who may change it.

use std::fmt::Write;

use super::columns::{Column, Template, source};
use super::sheets;
use crate::table::Format;

/// The text of the file.
pub(super) fn write(template: &Template, format: Format) -> String {
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").unwrap_or_default();
    let name = template.kind.name();
    line(format!("# Ánh xạ cột của bảng sang sự kiện {name} (mapping, docs/import.md)."));
    if format == Format::Xlsx {
        line(format!("sheet = {}", quoted(sheets::DATA)));
    }
    if let Some(example) = &template.example {
        line("# Dòng ví dụ của mẫu: không được gửi đi. Xóa khi mã này là hồ sơ thật.".to_owned());
        line(format!("example = {}", quoted(example)));
    }
    line("\n[[event]]".to_owned());
    line(format!("type = {}", quoted(&name)));
    line("# Hệ thống gửi: mỗi nơi nhập bảng dùng một tên cố định.".to_owned());
    line(format!("source = {}", quoted(&source())));
    if let Some(unit) = template.unit {
        line(format!("unit = {}", quoted(unit.as_str())));
    }
    if let Some(subject) = &template.subject {
        line(format!("subject = {}", quoted(subject)));
    }
    let (data, attributes): (Vec<&Column>, Vec<&Column>) =
        template.columns.iter().partition(|column| column.target.starts_with("data."));
    for column in attributes {
        line(format!("{} = {}", column.target, given(column)));
    }
    if !template.key.is_empty() {
        line("# Các dòng cùng mã được phân biệt bằng:".to_owned());
        let parts: Vec<String> = template.key.iter().map(|part| quoted(part)).collect();
        line(format!("key = [{}]", parts.join(", ")));
    }
    if !data.is_empty() {
        line("\n[event.data]".to_owned());
    }
    for column in data {
        let field = column.target.strip_prefix("data.").unwrap_or_default();
        line(format!("{field} = {}", given(column)));
    }
    out
}

fn given(column: &Column) -> String {
    let mut text = format!("{{ column = {}", quoted(&column.heading));
    if let Some(hour) = &column.hour {
        write!(text, ", at = {}", quoted(hour)).unwrap_or_default();
    }
    if !column.words.is_empty() {
        let words = column.words.iter();
        let words: Vec<String> =
            words.map(|(called, word)| format!("{} = {}", quoted(called), quoted(word))).collect();
        write!(text, ", words = {{ {} }}", words.join(", ")).unwrap_or_default();
    }
    text + " }"
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
