use super::*;
use std::path::Path;

/// An enum that is added to the interface but not to the table would be missed by everybody.
#[test]
fn every_error_enum_of_the_interface_is_listed() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/margin-interface/src");
    let mut declared = 0;
    for file in fs::read_dir(sources).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        declared += text.lines().filter(|line| line.trim() == "#[contracterror]").count();
    }
    assert_eq!(declared, enums().len());
}

/// The same code may stand in two enums only with the same name: a code is never reused for another meaning.
#[test]
fn a_code_has_one_meaning() {
    let mut names = std::collections::BTreeMap::new();
    for (_, xdr) in enums() {
        for case in cases(&xdr).unwrap().cases.iter() {
            let name = case.name.to_utf8_string_lossy();
            let documented = !case.doc.is_empty() || !comment(&name, case.value).is_empty();
            assert!(documented, "{name} has no comment");
            if let Some(other) = names.insert(case.value, name.clone()) {
                assert_eq!(other, name, "code {}", case.value);
            }
        }
    }
}

#[test]
fn replaces_what_stands_between_the_markers() {
    let text = format!("above\n{BEGIN}old\n{END}below\n");
    let updated = with_table(&text, "new\n").unwrap();
    assert_eq!(updated, format!("above\n{BEGIN}new\n{END}below\n"));
    assert!(with_table("nothing", "new\n").is_err());
}
