use super::*;

fn closing() -> Closing {
    let root = ListRoot { lines: 1, root: hex(&[0xAB; 32]) };
    Closing {
        format: Format::One,
        id: "legal-2021-Q3-2".to_owned(),
        calendar: "legal".to_owned(),
        period: "2021-Q3".to_owned(),
        window: Days { from: "2021-06-15".to_owned(), to: "2021-09-14".to_owned() },
        unit: "H41".to_owned(),
        vintage: 2,
        previous: Some(Previous {
            id: "legal-2021-Q3-1".to_owned(),
            sha256: hex(&[1; 32]),
            reason: "a district sent its dossiers late".to_owned(),
        }),
        closed_at: "2021-09-20T08:00:00+07:00".to_owned(),
        program: "0.1.0".to_owned(),
        fold: 1,
        position: 7,
        checkpoint: String::new(),
        despite: Vec::new(),
        lists: LISTS.map(|name| (name.to_owned(), root.clone())).into(),
        files: BTreeMap::new(),
    }
}

/// CLO-1.
#[test]
fn a_document_is_read_as_it_was_written() {
    let document = closing().document().unwrap();
    assert_eq!(Closing::parse(&document).unwrap(), closing());
}

#[test]
fn what_a_closing_has_not_is_refused() {
    let document = closing().document().unwrap();
    let refused = |document: &str| Closing::parse(document).unwrap_err().to_string();
    let other = document.replace("closing 1", "closing 2");
    assert!(refused(&other).contains("unknown variant"), "{}", refused(&other));
    let more = document.replacen('{', "{\"force\": true,", 1);
    assert!(refused(&more).contains("unknown field"), "{}", refused(&more));
    let bare = document.replace("\"heads\"", "\"tails\"");
    assert!(refused(&bare).contains("the list heads has no root"), "{}", refused(&bare));
    assert!(refused(&" ".repeat(DOCUMENT_BYTES_MAX + 1)).contains("at most"));
}

#[test]
fn a_hash_is_written_one_way() {
    assert_eq!(hash(&hex(&[0xAB; 32])), Some([0xAB; 32]));
    assert_eq!(hash(&"AB".repeat(32)), None);
    assert_eq!(hash(&"ab".repeat(31)), None);
    assert_eq!(hash(&("ab".repeat(31) + "a")), None);
}
