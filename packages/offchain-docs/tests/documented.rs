//! Every public item is documented, every event explained. Other crates have the compiler's `missing_docs`; in these it
//! would also ask for documentation of what the SDK's macros write, which nobody can give.

use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Fields, File, ImplItem, Item, TraitItem, Visibility};

#[test]
fn every_public_item_is_documented() {
    let mut found = Found::default();
    for folder in ["packages/margin-interface/src", "packages/account-core/src", "tests/src"] {
        for (name, file) in modules(folder) {
            found.note(&name, &file.attrs);
            found.items(&name, &file.items);
        }
    }
    assert!(found.items > 2_000, "only {} items were found", found.items);
    assert!(found.undocumented.is_empty(), "{:#?}", found.undocumented);
}

/// Integrators find each event in the list of its contract, operators find what it measures.
#[test]
fn every_event_is_listed_for_integrators_and_for_operators() {
    for page in ["docs/integration.md", "docs/operations.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for name in events() {
            let named = text.match_indices(&format!("`{name}")).any(|(at, start)| {
                !text[at + start.len()..].starts_with(|next: char| next == '_' || next.is_alphanumeric())
            });
            assert!(named, "{page} does not say what `{name}` is for");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder that are modules of a library, by name.
fn modules(folder: &str) -> Vec<(String, File)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match name.as_str() {
            "test" | "testing" | "bin" => {}
            _ if path.is_dir() => found.extend(modules(&format!("{folder}/{name}"))),
            _ => {
                let text = fs::read_to_string(&path).unwrap();
                found.push((format!("{folder}/{name}"), syn::parse_file(&text).unwrap()));
            }
        }
    }
    found
}

/// The events, as their first topic calls them.
fn events() -> Vec<String> {
    let mut names = Vec::new();
    for (_, file) in modules("packages/margin-interface/src") {
        for item in file.items {
            let Item::Struct(it) = item else { continue };
            if it.attrs.iter().any(|attribute| attribute.path().is_ident("contractevent")) {
                names.push(snake_case(&it.ident.to_string()));
            }
        }
    }
    assert!(names.len() > 80, "only {} events were found", names.len());
    names
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[derive(Default)]
struct Found {
    items: usize,
    undocumented: Vec<String>,
}

impl Found {
    fn note(&mut self, name: &str, attributes: &[Attribute]) {
        self.items += 1;
        if !attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
            self.undocumented.push(name.to_owned());
        }
    }

    fn items(&mut self, module: &str, items: &[Item]) {
        for item in items {
            match item {
                Item::Const(it) if public(&it.vis) => {
                    self.note(&format!("{module}::{}", it.ident), &it.attrs)
                }
                Item::Fn(it) if public(&it.vis) => {
                    self.note(&format!("{module}::{}", it.sig.ident), &it.attrs)
                }
                Item::Static(it) if public(&it.vis) => {
                    self.note(&format!("{module}::{}", it.ident), &it.attrs)
                }
                Item::Type(it) if public(&it.vis) => self.note(&format!("{module}::{}", it.ident), &it.attrs),
                Item::Struct(it) if public(&it.vis) => {
                    let name = format!("{module}::{}", it.ident);
                    self.note(&name, &it.attrs);
                    self.fields(&name, &it.fields, public);
                }
                Item::Enum(it) if public(&it.vis) => {
                    let name = format!("{module}::{}", it.ident);
                    self.note(&name, &it.attrs);
                    for variant in &it.variants {
                        let name = format!("{name}::{}", variant.ident);
                        self.note(&name, &variant.attrs);
                        self.fields(&name, &variant.fields, |_| true);
                    }
                }
                Item::Trait(it) if public(&it.vis) => {
                    let name = format!("{module}::{}", it.ident);
                    self.note(&name, &it.attrs);
                    for item in &it.items {
                        match item {
                            TraitItem::Const(it) => self.note(&format!("{name}::{}", it.ident), &it.attrs),
                            TraitItem::Fn(it) => self.note(&format!("{name}::{}", it.sig.ident), &it.attrs),
                            TraitItem::Type(it) => self.note(&format!("{name}::{}", it.ident), &it.attrs),
                            _ => {}
                        }
                    }
                }
                Item::Impl(it) if it.trait_.is_none() => {
                    for item in &it.items {
                        match item {
                            ImplItem::Const(it) if public(&it.vis) => {
                                self.note(&format!("{module}::{}", it.ident), &it.attrs);
                            }
                            ImplItem::Fn(it) if public(&it.vis) => {
                                self.note(&format!("{module}::{}", it.sig.ident), &it.attrs);
                            }
                            _ => {}
                        }
                    }
                }
                Item::Mod(it) if public(&it.vis) => {
                    if let Some((_, items)) = &it.content {
                        let name = format!("{module}::{}", it.ident);
                        self.note(&name, &it.attrs);
                        self.items(&name, items);
                    }
                }
                _ => {}
            }
        }
    }

    /// Named ones; what a tuple holds is said above it.
    fn fields(&mut self, owner: &str, fields: &Fields, counts: impl Fn(&Visibility) -> bool) {
        for field in fields {
            if let (Some(name), true) = (&field.ident, counts(&field.vis)) {
                self.note(&format!("{owner}::{name}"), &field.attrs);
            }
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
