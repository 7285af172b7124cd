use super::*;
use soroban_spec::shaking::generate_marker_for_entry;
use stellar_xdr::{
    ScMetaV0, ScSpecEntry, ScSpecFunctionV0, ScSpecUdtEnumCaseV0, ScSpecUdtEnumV0, StringM, VecM,
};

const DATA_SECTION: u8 = 11;

fn function(name: &str) -> ScSpecEntry {
    ScSpecEntry::FunctionV0(ScSpecFunctionV0 {
        doc: StringM::default(),
        name: name.try_into().unwrap(),
        inputs: VecM::default(),
        outputs: VecM::default(),
    })
}

fn enumeration(name: &str) -> ScSpecEntry {
    ScSpecEntry::UdtEnumV0(ScSpecUdtEnumV0 {
        doc: StringM::default(),
        lib: StringM::default(),
        name: name.try_into().unwrap(),
        cases: vec![ScSpecUdtEnumCaseV0 {
            doc: StringM::default(),
            name: "Case".try_into().unwrap(),
            value: 0,
        }]
        .try_into()
        .unwrap(),
    })
}

fn custom(out: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut content = vec![u8::try_from(name.len()).unwrap()];
    content.extend(name.as_bytes());
    content.extend(data);
    push_section(out, CUSTOM_SECTION, &content).unwrap();
}

/// A module whose data section holds markers of `used`, described by `spec`.
fn module(spec: &[ScSpecEntry], used: &[ScSpecEntry], version: &str) -> Vec<u8> {
    let mut out = b"\0asm\x01\0\0\0".to_vec();
    // One memory, and one active segment at offset 0 with the markers.
    push_section(&mut out, 5, &[1, 0, 1]).unwrap();
    let markers: Vec<u8> = used.iter().flat_map(generate_marker_for_entry).collect();
    let mut data = vec![1, 0, 0x41, 0, 0x0b];
    push_length(&mut data, markers.len()).unwrap();
    data.extend(&markers);
    push_section(&mut out, DATA_SECTION, &data).unwrap();
    let xdr: Vec<u8> = spec.iter().flat_map(|e| e.to_xdr(Limits::none()).unwrap()).collect();
    custom(&mut out, SPEC, &xdr);
    let entry = ScMetaEntry::ScMetaV0(ScMetaV0 {
        key: shaking::META_KEY.try_into().unwrap(),
        val: version.try_into().unwrap(),
    });
    custom(&mut out, META, &entry.to_xdr(Limits::none()).unwrap());
    out
}

#[test]
fn keeps_functions_and_marked_types_once() {
    let (call, used, unused) = (function("call"), enumeration("Used"), enumeration("Unused"));
    let spec = [used.clone(), call.clone(), unused, used.clone()];
    let before = module(&spec, std::slice::from_ref(&used), shaking::META_VALUE_V2);
    let after = strip(&before).unwrap();
    assert_eq!(read::from_wasm(&after).unwrap(), vec![used, call]);
    assert_eq!(shaking::find_all(&after), shaking::find_all(&before));
    assert_eq!(meta(&after).unwrap(), meta(&before).unwrap());
    assert_eq!(strip(&after).unwrap(), after, "a second pass changes nothing");
}

#[test]
fn refuses_what_it_would_break() {
    let unmarked = module(&[enumeration("Kept")], &[], "1");
    assert!(strip(&unmarked).is_err(), "without markers every type would look unused");
    assert!(strip(b"\0asm").is_err());
}

#[test]
fn lengths_are_leb128() {
    for (length, bytes) in [(0, vec![0]), (127, vec![0x7f]), (128, vec![0x80, 1]), (300, vec![0xac, 2])] {
        let mut out = Vec::new();
        push_length(&mut out, length).unwrap();
        assert_eq!(out, bytes);
    }
}
