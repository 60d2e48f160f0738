//! The units of the province: real departments and districts, invented communes and affiliates.

use super::agenda::Agenda;
use super::days::FIRST;
use super::event::{Event, Said, Source, System};
use super::totals::SCHOOLS;
use super::world::World;

/// The place of the province, which is the first unit.
pub(super) const PROVINCE: usize = 0;
/// The place of Sở Thông tin và Truyền thông, H41.16, whose own report the seed is.
pub(super) const OWN: usize = 16;
/// The place of Sở Giáo dục và Đào tạo, above the schools.
const EDUCATION: usize = 17;
/// The place of the first district; the department of number n is at n.
pub(super) const FIRST_DISTRICT: usize = 24;
/// The place of the first commune.
pub(super) const FIRST_COMMUNE: usize = 45;
/// S073: public-service units.
pub(super) const AFFILIATES: u64 = 225;
/// The place of the provincial post office.
pub(super) const POST_OFFICE: usize = 730;
/// The place of the provincial police.
pub(super) const POLICE: usize = 731;
/// The place of the provincial social insurance.
pub(super) const INSURANCE: usize = 732;
/// Affiliates under each district.
const AFFILIATES_PER_DISTRICT: u64 = 2;

/// The level of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The province.
    Province,
    /// A department.
    Department,
    /// A district.
    District,
    /// A commune.
    Commune,
    /// A public-service unit.
    Affiliate,
    /// An upper-secondary school.
    School,
    /// Outside the provincial committee.
    Outside,
}

/// A unit of the registry.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// Its code: `H41.16`.
    pub(super) code: String,
    /// What its dossier codes begin with: the code, for H41.16 in the older form of its report.
    pub(super) dossier_prefix: String,
    /// Its name.
    pub(super) name: String,
    /// Its level.
    pub(super) level: Level,
    /// The place of the unit above.
    pub(super) parent: Option<usize>,
    /// How its documents are signed: `STTTT`.
    pub(super) symbol: &'static str,
}

/// A department: its name, the symbol of its documents, how many affiliates it has, how its share
/// of the province's procedures compares with others', and their fields.
pub(super) struct Department {
    name: &'static str,
    symbol: &'static str,
    affiliates: u64,
    /// Weight of its procedures; 0 for H41.16, whose 37 are listed on their own.
    pub(super) procedures: u64,
    /// The fields of its procedures.
    pub(super) fields: &'static [&'static str],
}

const fn department(
    name: &'static str,
    symbol: &'static str,
    affiliates: u64,
    procedures: u64,
    fields: &'static [&'static str],
) -> Department {
    Department { name, symbol, affiliates, procedures, fields }
}

/// The 23 departments. The report counts them ("23/23 sở, ban, ngành") and names only its author;
/// which bodies make up the 23 is from general knowledge. Numbers of affiliates are invented.
pub(super) const DEPARTMENTS: [Department; 23] = [
    department("Văn phòng UBND tỉnh", "VP", 3, 4, &["van-phong"]),
    department("Văn phòng Đoàn ĐBQH và HĐND tỉnh", "VPHĐ", 0, 0, &[]),
    department("Sở Nội vụ", "SNV", 3, 70, &["to-chuc-bo-may", "cong-chuc", "ton-giao", "thi-dua"]),
    department("Sở Tư pháp", "STP", 5, 95, &["ho-tich", "chung-thuc", "luat-su", "cong-chung"]),
    department("Sở Kế hoạch và Đầu tư", "SKHĐT", 2, 80, &["doanh-nghiep", "dau-tu", "hop-tac-xa"]),
    department("Sở Tài chính", "STC", 1, 15, &["gia", "tai-san-cong"]),
    department("Sở Công Thương", "SCT", 3, 95, &["dien", "hoa-chat", "luu-thong-hang-hoa"]),
    department(
        "Sở Nông nghiệp và Phát triển nông thôn",
        "SNN",
        24,
        85,
        &["trong-trot", "thu-y", "thuy-loi", "lam-nghiep", "thuy-san"],
    ),
    department("Sở Giao thông vận tải", "SGTVT", 5, 75, &["duong-bo", "duong-thuy", "dang-kiem"]),
    department("Sở Xây dựng", "SXD", 4, 40, &["hoat-dong-xay-dung", "quy-hoach", "nha-o"]),
    department(
        "Sở Tài nguyên và Môi trường",
        "STNMT",
        8,
        80,
        &["dat-dai", "moi-truong", "tai-nguyen-nuoc", "khoang-san"],
    ),
    department(
        "Sở Lao động - Thương binh và Xã hội",
        "SLĐTBXH",
        14,
        85,
        &["nguoi-co-cong", "bao-tro-xa-hoi", "viec-lam", "giao-duc-nghe-nghiep"],
    ),
    department("Sở Văn hóa và Thể thao", "SVHTT", 12, 60, &["van-hoa", "the-thao", "gia-dinh"]),
    department("Sở Du lịch", "SDL", 2, 20, &["lu-hanh", "luu-tru"]),
    department("Sở Khoa học và Công nghệ", "SKHCN", 6, 40, &["khoa-hoc", "do-luong", "so-huu"]),
    department("Sở Thông tin và Truyền thông", "STTTT", 1, 0, &[]),
    department("Sở Giáo dục và Đào tạo", "SGDĐT", 30, 70, &["mam-non", "trung-hoc", "van-bang"]),
    department("Sở Y tế", "SYT", 56, 100, &["kham-chua-benh", "duoc", "an-toan-thuc-pham"]),
    department("Thanh tra tỉnh", "TTr", 0, 8, &["khieu-nai", "to-cao"]),
    department("Sở Ngoại vụ", "SNgV", 1, 8, &["le-tan", "hoi-nghi-quoc-te"]),
    department("Ban Dân tộc", "BDT", 0, 4, &["dan-toc"]),
    department("Ban Quản lý Khu kinh tế Đông Nam", "KKT", 3, 30, &["dau-tu", "lao-dong"]),
    department("Đài Phát thanh và Truyền hình tỉnh", "PTTH", 0, 0, &[]),
];

/// The 21 districts with the number of their communes, 460 in all.
pub(super) const DISTRICTS: [(&str, u64); 21] = [
    ("thành phố Vinh", 25),
    ("thị xã Cửa Lò", 7),
    ("thị xã Thái Hòa", 9),
    ("thị xã Hoàng Mai", 10),
    ("huyện Anh Sơn", 21),
    ("huyện Con Cuông", 13),
    ("huyện Diễn Châu", 37),
    ("huyện Đô Lương", 33),
    ("huyện Hưng Nguyên", 18),
    ("huyện Kỳ Sơn", 21),
    ("huyện Nam Đàn", 19),
    ("huyện Nghi Lộc", 29),
    ("huyện Nghĩa Đàn", 23),
    ("huyện Quế Phong", 13),
    ("huyện Quỳ Châu", 12),
    ("huyện Quỳ Hợp", 21),
    ("huyện Quỳnh Lưu", 33),
    ("huyện Tân Kỳ", 22),
    ("huyện Thanh Chương", 38),
    ("huyện Tương Dương", 17),
    ("huyện Yên Thành", 39),
];

/// All units, each after the one above it.
pub(super) fn all() -> Vec<Unit> {
    let mut units = vec![unit("H41".into(), "Tỉnh Nghệ An".into(), Level::Province, None, "UBND")];
    let province = Some(PROVINCE);
    for (number, department) in (1_u64..).zip(&DEPARTMENTS) {
        let code = format!("H41.{number:02}");
        units.push(unit(
            code,
            department.name.into(),
            Level::Department,
            province,
            department.symbol,
        ));
    }
    for (number, (name, _)) in (FIRST_DISTRICT..).zip(DISTRICTS) {
        let name = format!("UBND {name}");
        units.push(unit(format!("H41.{number}"), name, Level::District, province, "UBND"));
    }
    for (district, (name, communes)) in (FIRST_DISTRICT..).zip(DISTRICTS) {
        for number in 1..=communes {
            let code = format!("H41.{district}.{number:02}");
            let name = format!("UBND xã số {number}, {name} (minh họa)");
            units.push(unit(code, name, Level::Commune, Some(district), "UBND"));
        }
    }
    affiliates(&mut units);
    let affiliates = units.iter().filter(|unit| unit.level == Level::Affiliate).count();
    assert!(u64::try_from(affiliates) == Ok(AFFILIATES), "SAM-1: the affiliates");
    for (code, name) in [
        ("H41.BD", "Bưu điện tỉnh Nghệ An"),
        ("H41.CA", "Công an tỉnh Nghệ An"),
        ("H41.XH", "Bảo hiểm xã hội tỉnh Nghệ An"),
    ] {
        units.push(unit(code.into(), name.into(), Level::Outside, province, "NGOAI"));
    }
    assert!(units.len() == INSURANCE + 1, "the table of units and its places disagree");
    for number in 1..=SCHOOLS {
        let name = format!("Trường THPT số {number} (minh họa)");
        units.push(unit(
            format!("H41.17.T{number:02}"),
            name,
            Level::School,
            Some(EDUCATION),
            "THPT",
        ));
    }
    if let Some(own) = units.get_mut(OWN) {
        own.dossier_prefix = "000.00.16.H41".into();
    }
    units
}

fn affiliates(units: &mut Vec<Unit>) {
    let under_departments = (1_usize..).zip(&DEPARTMENTS).map(|(place, d)| (place, d.affiliates));
    let districts = FIRST_DISTRICT..FIRST_COMMUNE;
    let under_districts = districts.map(|place| (place, AFFILIATES_PER_DISTRICT));
    for (parent, count) in under_departments.chain(under_districts).collect::<Vec<_>>() {
        for number in 1..=count {
            let Some(above) = units.get(parent) else { continue };
            // Numbers alone are the communes' codes below a district.
            let letters = if above.level == Level::District { "SN" } else { "" };
            let code = format!("{}.{letters}{number}", above.code);
            let name = match parent {
                OWN => "Trung tâm Công nghệ thông tin và Truyền thông".to_owned(),
                _ => format!("Đơn vị sự nghiệp số {number}, {} (minh họa)", above.name),
            };
            units.push(unit(code, name, Level::Affiliate, Some(parent), "ĐVSN"));
        }
    }
}

fn unit(
    code: String,
    name: String,
    level: Level,
    parent: Option<usize>,
    symbol: &'static str,
) -> Unit {
    Unit { dossier_prefix: code.clone(), code, name, level, parent, symbol }
}

/// Registers all units on the first day, one a second.
pub(super) fn plan(world: &World, agenda: &mut Agenda) {
    let source = Source { unit: PROVINCE, system: System::Units };
    for (place, second) in (0..world.units.len()).zip(8 * 3600..) {
        agenda.put(FIRST, Event::numbered(second, source, Said::UnitRegistered(place)));
    }
}
