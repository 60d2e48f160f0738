//! The procedures: the 37 of H41.16 at their levels, and invented ones of all other owners.
//!
//! Procedures that districts and communes decide are published by the department of their field.
//! So that a stock read on a wrong day shows, each department also has one procedure that began to
//! go by post before the report's window, one that begins after it, two withdrawn before it, and
//! one published after it.

use super::agenda::Agenda;
use super::apportion::apportion;
use super::days::{Day, day, plus, workday_from};
use super::event::{Event, ProcedureSaid, Said, Source, System};
use super::totals;
use super::units::{DEPARTMENTS, INSURANCE, OWN, POLICE};
use super::world::{World, pick};

/// Of the 37 of H41.16, those offered through the post.
const OWN_BY_POST: u64 = 30;
/// Those of the police.
const POLICE_BY_POST: u64 = 60;
/// Those of the social insurance.
const INSURANCE_BY_POST: u64 = 25;
/// Invented procedures of departments that are not offered through the post.
const WITHOUT_POST: u64 = 700;

const GOES_BY_POST: Day = day(2021, 3, 10);
const WITHDRAWN: Day = day(2021, 4, 15);
const GOES_BY_POST_LATE: Day = day(2021, 9, 6);
const PUBLISHED_LATE: Day = day(2021, 9, 7);

/// Who decides a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// The province.
    Province,
    /// The districts.
    District,
    /// The communes.
    Commune,
}

/// Whether it passes through several bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interlinked {
    /// One body alone.
    None,
    /// Bodies of one level.
    SameLevel,
    /// Bodies of several levels.
    CrossLevel,
}

/// What becomes of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays as published in December 2020.
    Stays,
    /// It begins to go by post on this day.
    GoesByPost(Day),
    /// It is withdrawn before the report's window.
    Withdrawn,
    /// It is published only after the report's window.
    PublishedLate,
}

/// A procedure of the registry.
#[derive(Debug, Clone)]
pub(super) struct Procedure {
    /// Its code.
    pub(super) code: String,
    /// Its name.
    pub(super) name: String,
    /// Its field.
    pub(super) field: &'static str,
    /// The unit that publishes it.
    pub(super) owner: usize,
    /// Who decides it.
    pub(super) home: Home,
    /// How well it is served online, 1 to 4.
    pub(super) level: u64,
    /// Through the one-stop counter.
    pub(super) one_stop: bool,
    /// Through several bodies.
    pub(super) interlinked: Interlinked,
    /// Offered through the post when published.
    pub(super) by_post: bool,
    fate: Fate,
}

impl Procedure {
    /// In force through all of 2021 up to the end of the sample, so that dossiers may use it.
    pub(super) fn lasts(&self) -> bool {
        matches!(self.fate, Fate::Stays | Fate::GoesByPost(_))
    }

    /// Whether its owner is outside the provincial committee.
    pub(super) fn is_outside(&self) -> bool {
        matches!(self.owner, POLICE | INSURANCE)
    }

    fn published(&self) -> Day {
        match self.fate {
            Fate::PublishedLate => PUBLISHED_LATE,
            Fate::Stays | Fate::GoesByPost(_) | Fate::Withdrawn => {
                let days = u64::try_from(self.owner % 17).unwrap_or(0);
                workday_from(plus(day(2020, 12, 7), days))
            }
        }
    }
}

/// All procedures, by owner.
pub(super) fn all() -> Vec<Procedure> {
    let mut procedures = Vec::new();
    own(&mut procedures);
    let weights: Vec<u64> = DEPARTMENTS.iter().map(|department| department.procedures).collect();
    let elsewhere = OWN_BY_POST + POLICE_BY_POST + INSURANCE_BY_POST;
    let by_post = apportion(totals::POST_PROCEDURES_OFFERED - elsewhere, &weights);
    let without = apportion(WITHOUT_POST, &weights);
    let shares = by_post.into_iter().zip(without);
    for ((owner, department), (by_post, without)) in (1_usize..).zip(&DEPARTMENTS).zip(shares) {
        if by_post > 0 && without > 0 {
            of_department(&mut procedures, owner, department.fields, [by_post, without]);
        }
    }
    for (owner, count, field) in
        [(POLICE, POLICE_BY_POST, "cu-tru"), (INSURANCE, INSURANCE_BY_POST, "bao-hiem-xa-hoi")]
    {
        for number in 1..=count {
            let made = invented(procedures.len(), owner, number, field);
            let home = Home::Province;
            procedures.push(Procedure { by_post: true, home, one_stop: false, ..made });
        }
    }
    procedures
}

fn of_department(
    procedures: &mut Vec<Procedure>,
    owner: usize,
    fields: &[&'static str],
    [by_post, without]: [u64; 2],
) {
    let mut push = |number: u64, by_post: bool, fate: Fate| {
        let made = invented(procedures.len(), owner, number, pick(fields, number));
        procedures.push(Procedure { by_post, fate, ..made });
    };
    push(1, false, Fate::GoesByPost(GOES_BY_POST));
    for number in 2..=by_post {
        push(number, true, Fate::Stays);
    }
    push(by_post + 1, false, Fate::GoesByPost(GOES_BY_POST_LATE));
    for number in by_post + 2..=by_post + without {
        push(number, false, Fate::Stays);
    }
    push(by_post + without + 1, true, Fate::Withdrawn);
    push(by_post + without + 2, true, Fate::Withdrawn);
    push(by_post + without + 3, true, Fate::PublishedLate);
}

fn invented(place: usize, owner: usize, number: u64, field: &'static str) -> Procedure {
    const HOMES: [Home; 10] = {
        use Home::{Commune as C, District as D, Province as P};
        [P, P, D, P, P, D, C, P, D, C]
    };
    let interlinked = match (number % 9, number % 13) {
        (4, _) => Interlinked::SameLevel,
        (_, 5) => Interlinked::CrossLevel,
        _ => Interlinked::None,
    };
    let suffix = if place % 7 == 3 { ".000.00.00.H41" } else { "" };
    Procedure {
        code: format!("1.{}{suffix}", 900_000 + place),
        name: format!("Thủ tục số {number}, lĩnh vực {field} (minh họa)"),
        field,
        owner,
        home: pick(&HOMES, number),
        level: pick(&[4, 3, 2, 3, 4, 2, 1, 3], number),
        one_stop: number % 17 != 3,
        interlinked,
        by_post: false,
        fate: Fate::Stays,
    }
}

/// The 37 of H41.16: names as they are in use; which of them stands at which level, and which goes
/// by post, is invented.
fn own(procedures: &mut Vec<Procedure>) {
    let [level_4, level_3, _] = totals::OWN_PROCEDURES;
    for (number, (field, name)) in (0_u64..).zip(OWN_NAMES) {
        let level = match number {
            _ if number < level_4 => 4,
            _ if number < level_4 + level_3 => 3,
            _ => 2,
        };
        procedures.push(Procedure {
            code: format!("1.{}", 900_000 + procedures.len()),
            name: name.to_owned(),
            field,
            owner: OWN,
            home: Home::Province,
            level,
            one_stop: true,
            interlinked: Interlinked::None,
            by_post: number < OWN_BY_POST,
            fate: Fate::Stays,
        });
    }
}

const OWN_NAMES: [(&str, &str); 37] = [
    ("xuat-ban", "Cấp giấy phép xuất bản tài liệu không kinh doanh"),
    ("xuat-ban", "Cấp giấy phép nhập khẩu xuất bản phẩm không kinh doanh"),
    ("xuat-ban", "Cấp giấy phép hoạt động in xuất bản phẩm"),
    ("xuat-ban", "Cấp lại giấy phép hoạt động in xuất bản phẩm"),
    ("xuat-ban", "Cấp đổi giấy phép hoạt động in xuất bản phẩm"),
    ("buu-chinh", "Cấp giấy phép bưu chính"),
    ("buu-chinh", "Sửa đổi, bổ sung giấy phép bưu chính"),
    ("buu-chinh", "Cấp lại giấy phép bưu chính khi hết hạn"),
    ("buu-chinh", "Cấp lại giấy phép bưu chính khi bị mất hoặc hư hỏng"),
    ("buu-chinh", "Cấp văn bản xác nhận thông báo hoạt động bưu chính"),
    ("buu-chinh", "Cấp lại văn bản xác nhận thông báo hoạt động bưu chính"),
    ("bao-chi", "Cấp giấy phép xuất bản bản tin"),
    ("bao-chi", "Văn bản chấp thuận thay đổi nội dung ghi trong giấy phép xuất bản bản tin"),
    ("bao-chi", "Cho phép họp báo"),
    ("bao-chi", "Cho phép họp báo (nước ngoài)"),
    ("bao-chi", "Trưng bày tranh, ảnh và các hình thức thông tin khác bên ngoài trụ sở"),
    ("xuat-ban", "Cấp giấy phép in gia công xuất bản phẩm cho nước ngoài"),
    ("xuat-ban", "Cấp giấy phép tổ chức triển lãm, hội chợ xuất bản phẩm"),
    ("xuat-ban", "Đăng ký hoạt động phát hành xuất bản phẩm"),
    ("xuat-ban", "Đăng ký hoạt động cơ sở in"),
    ("xuat-ban", "Thay đổi thông tin đăng ký hoạt động cơ sở in"),
    ("xuat-ban", "Đăng ký sử dụng máy photocopy màu, máy in có chức năng photocopy màu"),
    ("xuat-ban", "Chuyển nhượng máy photocopy màu, máy in có chức năng photocopy màu"),
    ("xuat-ban", "Cấp giấy phép hoạt động in"),
    ("xuat-ban", "Cấp lại giấy phép hoạt động in"),
    ("vien-thong", "Cấp giấy phép thiết lập trang thông tin điện tử tổng hợp"),
    ("vien-thong", "Sửa đổi, bổ sung giấy phép thiết lập trang thông tin điện tử tổng hợp"),
    ("vien-thong", "Gia hạn giấy phép thiết lập trang thông tin điện tử tổng hợp"),
    ("vien-thong", "Cấp lại giấy phép thiết lập trang thông tin điện tử tổng hợp"),
    ("vien-thong", "Báo cáo tình hình thực hiện giấy phép trang thông tin điện tử tổng hợp"),
    ("vien-thong", "Thông báo thay đổi chủ sở hữu, địa chỉ trụ sở của tổ chức, doanh nghiệp"),
    ("vien-thong", "Thông báo thay đổi phần vốn góp của doanh nghiệp trò chơi điện tử G1"),
    ("vien-thong", "Thông báo thay đổi địa chỉ trụ sở của doanh nghiệp trò chơi điện tử G2"),
    ("vien-thong", "Thông báo thay đổi cơ cấu tổ chức của doanh nghiệp trò chơi điện tử G2"),
    ("phat-thanh", "Cấp đăng ký thu tín hiệu truyền hình nước ngoài trực tiếp từ vệ tinh"),
    ("phat-thanh", "Sửa đổi, bổ sung đăng ký thu tín hiệu truyền hình nước ngoài từ vệ tinh"),
    ("phat-thanh", "Cấp lại đăng ký thu tín hiệu truyền hình nước ngoài từ vệ tinh"),
];

/// Publishes the procedures in December 2020, an owner a day, and what becomes of them.
pub(super) fn plan(world: &World, agenda: &mut Agenda) {
    for (place, procedure) in world.procedures.iter().enumerate() {
        let source = Source { unit: procedure.owner, system: System::Procedures };
        let minute = u32::try_from(place % 500).unwrap_or(0);
        let second = 8 * 3600 + minute * 60;
        let mut say = |day, said| {
            agenda.put(day, Event::numbered(second, source, Said::Procedure(place, said)));
        };
        say(procedure.published(), ProcedureSaid::Published);
        match procedure.fate {
            Fate::GoesByPost(day) => say(day, ProcedureSaid::GoesByPost),
            Fate::Withdrawn => say(WITHDRAWN, ProcedureSaid::Withdrawn),
            Fate::Stays | Fate::PublishedLate => {}
        }
    }
}
