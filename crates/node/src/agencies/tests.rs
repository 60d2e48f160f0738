use std::os::unix::fs::PermissionsExt;

use super::*;

fn unit(code: &str) -> Holder {
    Holder::parse(code).unwrap()
}

const fn at(ms: i64) -> Instant {
    Instant::from_unix_ms(ms)
}

fn rotate(all: &mut Registry, now: Instant, ends: Instant) -> Result<Token, AgenciesError> {
    all.end_all(unit("H41.16"), ends)?;
    all.add(unit("H41.16"), None, now)
}

#[test]
fn a_token_lets_its_holder_in_until_it_ends() {
    let mut registry = Registry::default();
    let old = registry.add(unit("H41.16"), Some("iGate"), at(1_000)).unwrap();
    let other = registry.add(unit("H41.17"), None, at(1_000)).unwrap();
    let new = rotate(&mut registry, at(2_000), at(9_000)).unwrap();
    let whose = |registry: &Registry, token: &Token, now| registry.holder(token.secret(), at(now));
    for (token, now, holder) in [
        (&old, 8_999, Some("H41.16")),
        (&old, 9_000, None),
        (&new, 9_000, Some("H41.16")),
        (&other, 9_000, Some("H41.17")),
    ] {
        assert_eq!(whose(&registry, token, now), holder.map(unit), "{now}");
    }
    assert_eq!(registry.holder("th_", at(0)), None);
    // A grace never makes a token hold longer than it did.
    rotate(&mut registry, at(3_000), at(20_000)).unwrap();
    assert_eq!(whose(&registry, &old, 9_000), None);
    assert_eq!(registry.revoke(unit("H41.16"), at(4_000)).unwrap(), (3, 0));
    assert_eq!(registry.revoke(unit("H41.16"), at(4_001)).unwrap(), (0, 0));
    assert_eq!(whose(&registry, &new, 4_000), None);
    assert_eq!(whose(&registry, &other, 4_000), Some(unit("H41.17")));
    let unknown = registry.revoke(unit("H41.99"), at(5_000)).unwrap_err();
    assert!(unknown.to_string().contains("agency list"), "{unknown}");
}

#[test]
fn an_agency_has_so_many_tokens_and_no_more() {
    let mut registry = Registry::default();
    for _ in 0..TOKENS_MAX {
        registry.add(unit("H41.16"), None, at(0)).unwrap();
    }
    let one_more = registry.add(unit("H41.16"), None, at(0)).unwrap_err();
    assert!(matches!(one_more, AgenciesError::TooMany { .. }), "{one_more}");
    registry.revoke(unit("H41.16"), at(1)).unwrap();
    registry.add(unit("H41.16"), None, at(2)).unwrap();
}

#[test]
fn the_file_is_for_this_user_alone_and_holds_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let token = change(&data, |all| all.add(unit("H41.16"), Some("Sở"), at(0))).unwrap();
    change(&data, |all| rotate(all, at(0), at(86_400_000))).unwrap();
    change(&data, |all| all.add(Holder::Office, None, at(0))).unwrap();
    let text = fs::read_to_string(data.join(FILE)).unwrap();
    assert!(!text.contains(token.secret().strip_prefix("th_").unwrap()), "{text}");
    assert!(text.contains("1970-01-02T07:00:00+07:00"), "{text}");
    let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let registry = read(&data).unwrap();
    assert_eq!(registry.holder(token.secret(), at(1)), Some(unit("H41.16")));
    write(&data, &registry).unwrap();
    assert_eq!(read(&data).unwrap(), registry);
    assert_eq!(registry.agencies().len(), 2);
}

#[test]
fn keys_are_kept_ended_and_counted_like_tokens_and_the_seed_is_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let seeds: Vec<Seed> = (0..TOKENS_MAX).map(|_| Seed::new().unwrap()).collect();
    for seed in &seeds {
        let key = seed.public().clone();
        change(data, |all| all.add_key(unit("H41.16"), Some("Sở"), key, at(0))).unwrap();
    }
    let key = Seed::new().unwrap().public().clone();
    let more = change(data, |all| all.add_key(unit("H41.16"), None, key.clone(), at(0)));
    assert!(matches!(more, Err(AgenciesError::TooMany { .. })), "{more:?}");
    change(data, |all| all.add_key(Holder::Projector, None, key, at(0))).unwrap();
    let text = fs::read_to_string(data.join(FILE)).unwrap();
    assert!(seeds.iter().all(|seed| !text.contains(seed.secret())), "{text}");
    change(data, |all| all.end_all(unit("H41.16"), at(9_000))).unwrap();
    let registry = read(data).unwrap();
    let held = |now| registry.agencies().iter().map(|agency| agency.held(at(now)).1).collect();
    let (before, after): (Vec<_>, Vec<_>) = (held(8_999), held(9_000));
    assert_eq!((before, after), (vec![1, TOKENS_MAX], vec![1, 0]));
    // A file that is there already is nobody's to write over.
    let file = data.join("a.nk");
    keep(&seeds[0], &file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(keep(&seeds[1], &file).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), seeds[0].secret());
}

#[test]
fn changes_at_once_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    std::thread::scope(|scope| {
        for number in 10..40 {
            let holder = unit(&format!("H41.{number}"));
            scope.spawn(move || change(data, |all| all.add(holder, None, at(0))));
        }
    });
    assert_eq!(read(dir.path()).unwrap().agencies().len(), 30);
}

#[test]
fn a_registry_that_cannot_be_read_lets_nobody_in() {
    let dir = tempfile::tempdir().unwrap();
    let agencies = Agencies::new(dir.path());
    assert_eq!(agencies.holder("th_0").unwrap(), None);
    for bad in [
        "",
        "{",
        r#"{"version":2,"agencies":[]}"#,
        r#"{"version":1,"agencies":[],"more":1}"#,
        r#"{"version":1,"agencies":[{"holder":"nobody","tokens":[]}]}"#,
        r#"{"version":1,"agencies":[{"holder":"H41.16","tokens":[{"sha256":"00","createdOn":"2021-01-01"}]}]}"#,
    ] {
        fs::write(dir.path().join(FILE), bad).unwrap();
        let error = Agencies::new(dir.path()).holder("th_0").unwrap_err();
        assert!(error.to_string().contains("agencies.json"), "{error}");
    }
}
