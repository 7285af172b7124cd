//! Documentation that costs no bytes on chain.
//!
//! The SDK copies each doc comment of a type into the contract's spec, which the network's limit for code includes.
#![warn(missing_docs)]

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, TokenStream, TokenTree};

/// Keeps the doc comments of a `contracttype`, `contracterror` or `contractevent` for rustdoc and out of the spec.
///
/// Stands above the SDK's attribute. `#[doc = ".."]` becomes `#[doc = concat!("..")]`, of the item and of what is in it:
/// the same to the compiler, while the SDK takes string literals only.
#[proc_macro_attribute]
pub fn offchain_docs(_: TokenStream, item: TokenStream) -> TokenStream {
    concealed(item)
}

fn concealed(tokens: TokenStream) -> TokenStream {
    let mut after_pound = false;
    tokens
        .into_iter()
        .map(|token| {
            let attribute = std::mem::replace(&mut after_pound, is_punct(&token, '#'));
            match token {
                TokenTree::Group(group) if attribute => {
                    with_content(&group, attribute_content(group.stream()))
                }
                TokenTree::Group(group) => with_content(&group, concealed(group.stream())),
                token => token,
            }
        })
        .collect()
}

/// The inside of an attribute's brackets: `doc = ".."` as `doc = concat!("..")`, anything else unchanged.
fn attribute_content(content: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = content.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name), equals, TokenTree::Literal(text)]
            if name.to_string() == "doc" && is_punct(equals, '=') =>
        {
            // Warnings about the text point at it.
            let span = text.span();
            let mut conceal: Vec<TokenTree> = vec![
                Ident::new("concat", span).into(),
                Punct::new('!', Spacing::Alone).into(),
                Group::new(Delimiter::Parenthesis, TokenTree::from(text.clone()).into()).into(),
            ];
            conceal.iter_mut().for_each(|token| token.set_span(span));
            [TokenTree::from(name.clone()), equals.clone()].into_iter().chain(conceal).collect()
        }
        _ => tokens.into_iter().collect(),
    }
}

fn with_content(group: &Group, content: TokenStream) -> TokenTree {
    let mut changed = Group::new(group.delimiter(), content);
    changed.set_span(group.span());
    changed.into()
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}
