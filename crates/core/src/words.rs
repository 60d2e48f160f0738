//! The closed sets of words that the contract writes in CAPITALS, and the names of the families.
//!
//! The byte beside each word is what canonical bytes carry: it is never changed and never reused.

use crate::pack::words;

words! {
    /// A family of events: one file in `family/`, one message in `proto/`.
    Family {
        /// Units of the administration (cơ quan, đơn vị).
        Unit = 1 "unit",
        /// Administrative procedures (thủ tục hành chính); not dossiers.
        Procedure = 2 "procedure",
        /// Dossiers (hồ sơ) that citizens and firms hand in; not documents, not procedures.
        Dossier = 3 "dossier",
        /// Documents (văn bản) issued and received.
        Document = 4 "document",
        /// Meetings (cuộc họp).
        Meeting = 5 "meeting",
        /// Video-conference sites (điểm cầu).
        Site = 6 "site",
        /// Dossiers through the public post (bưu chính công ích).
        Post = 7 "post",
        /// Feedback and petitions (phản ánh, kiến nghị).
        Feedback = 8 "feedback",
        /// Items on the portal (tin, bài trên cổng thông tin điện tử).
        Portal = 9 "portal",
        /// Tasks of a plan (nhiệm vụ).
        Task = 10 "task",
        /// Inspections (kiểm tra).
        Inspection = 11 "inspection",
        /// Normative documents (văn bản quy phạm pháp luật) in force.
        Norm = 12 "norm",
        /// Certificates of digital signatures (chứng thư số).
        Certificate = 13 "certificate",
        /// Accounts (tài khoản) in systems.
        Account = 14 "account",
        /// Systems put to use (triển khai hệ thống).
        Deployment = 15 "deployment",
        /// Posts (biên chế) and movements of people.
        Staff = 16 "staff",
        /// Declared figures (số liệu báo cáo).
        Figure = 100 "figure",
        /// Narratives of a report (phần lời).
        Narrative = 101 "narrative",
        /// Sources (hệ thống nguồn) and how far they have come.
        Source = 102 "source",
    }
}

words! {
    /// The level of a unit.
    Level {
        /// The province (tỉnh).
        Province = 1 "PROVINCE",
        /// A department (sở, ban, ngành).
        Department = 2 "DEPARTMENT",
        /// A district (huyện, thị xã, thành phố).
        District = 3 "DISTRICT",
        /// A commune (xã, phường, thị trấn).
        Commune = 4 "COMMUNE",
        /// A public-service unit under another (đơn vị sự nghiệp trực thuộc).
        Affiliate = 5 "AFFILIATE",
        /// A body of the Party.
        Party = 6 "PARTY",
        /// A school.
        School = 7 "SCHOOL",
        /// A health facility.
        Health = 8 "HEALTH",
        /// Outside the provincial committee: post, police, social insurance.
        Outside = 9 "OUTSIDE",
    }
}

words! {
    /// How well a procedure is served online: four levels before 2022, two kinds since Nghị định
    /// 42/2022/NĐ-CP. One scale is never translated into the other.
    ServiceLevel {
        /// Information only.
        Level1 = 1 "LEVEL_1",
        /// Forms to download.
        Level2 = 2 "LEVEL_2",
        /// Handed in online.
        Level3 = 3 "LEVEL_3",
        /// Handed in, paid and returned online.
        Level4 = 4 "LEVEL_4",
        /// Partly online (một phần).
        Partial = 5 "PARTIAL",
        /// Wholly online (toàn trình).
        Full = 6 "FULL",
    }
}

words! {
    /// Whether a procedure passes through several bodies (liên thông).
    Interlinked {
        /// One body alone.
        None = 1 "NONE",
        /// Bodies of one level.
        SameLevel = 2 "SAME_LEVEL",
        /// Bodies of several levels.
        CrossLevel = 3 "CROSS_LEVEL",
    }
}

words! {
    /// The level at which a procedure is decided.
    HomeLevel {
        /// The province.
        Province = 1 "PROVINCE",
        /// The district.
        District = 2 "DISTRICT",
        /// The commune.
        Commune = 3 "COMMUNE",
    }
}

words! {
    /// The way by which a dossier comes in or its result goes out.
    Channel {
        /// Over the service portal.
        Online = 1 "ONLINE",
        /// At the counter.
        Direct = 2 "DIRECT",
        /// By the public post.
        Post = 3 "POST",
    }
}

words! {
    /// How a dossier was settled.
    Outcome {
        /// Granted.
        Approved = 1 "APPROVED",
        /// Refused after acceptance.
        Refused = 2 "REFUSED",
    }
}

words! {
    /// Who met whom.
    Scope {
        /// A ministry and the province.
        MinistryProvince = 1 "MINISTRY_PROVINCE",
        /// The province and its districts.
        ProvinceDistrict = 2 "PROVINCE_DISTRICT",
        /// The province and its communes.
        ProvinceCommune = 3 "PROVINCE_COMMUNE",
        /// Within one body.
        Internal = 4 "INTERNAL",
    }
}

words! {
    /// What feedback is about.
    About {
        /// A rule (quy định hành chính).
        Rule = 1 "RULE",
        /// How somebody acted (hành vi hành chính).
        Conduct = 2 "CONDUCT",
    }
}

words! {
    /// Whose a certificate is.
    Holder {
        /// A body's (cơ quan, tổ chức).
        Organisation = 1 "ORGANISATION",
        /// A person's.
        Person = 2 "PERSON",
    }
}

words! {
    /// What happened to a person on the staff.
    Movement {
        /// Taken on (tuyển dụng).
        Recruited = 1 "RECRUITED",
        /// Put into an office (bổ nhiệm).
        Appointed = 2 "APPOINTED",
        /// Moved to another post (điều động, luân chuyển).
        Rotated = 3 "ROTATED",
        /// Disciplined (kỷ luật).
        Disciplined = 4 "DISCIPLINED",
        /// Gone (nghỉ việc, nghỉ hưu).
        Left = 5 "LEFT",
    }
}

words! {
    /// How exact a declared number is.
    Qualifier {
        /// The number itself.
        Exact = 1 "EXACT",
        /// That many or more (trên, ít nhất).
        AtLeast = 2 "AT_LEAST",
        /// That many or fewer (dưới, nhiều nhất).
        AtMost = 3 "AT_MOST",
        /// About that many (khoảng, cơ bản).
        Approximate = 4 "APPROXIMATE",
        /// It was looked for, and nothing occurred (không phát sinh).
        Nil = 5 "NIL",
    }
}
