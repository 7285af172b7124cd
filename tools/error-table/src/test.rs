use super::*;
use std::collections::BTreeMap;

/// An enum that is added to the interface but not to the table would be missed by everybody.
#[test]
fn every_error_enum_of_the_interface_is_listed() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/margin-interface/src");
    let mut declared = 0;
    for file in fs::read_dir(sources).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        declared += text.lines().filter(|line| line.trim() == "#[contracterror]").count();
    }
    let listed: usize = MODULES.iter().map(|(module, _)| enums(module).unwrap().len()).sum();
    assert_eq!(declared, listed);
}

/// The same code may stand in two enums only with the same name: a code is never reused for another meaning.
#[test]
fn a_code_has_one_name_and_a_meaning() {
    let mut names = BTreeMap::new();
    for Row { code, name, meaning, .. } in rows().unwrap() {
        assert!(meaning.ends_with('.'), "{name} is not explained");
        if let Some(other) = names.insert(code, name.clone()) {
            assert_eq!(other, name, "code {code}");
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
