//! How every contract is linked: with a small stack, and with copies of memory that are one instruction each.

use std::{env, path::Path, process::Command};

/// The compiler's own symbols. The target has no bulk memory, so Rust brings loops along, and a trade spent a tenth of its
/// instructions in them; the network does execute `memory.copy`, and charges 64 bytes of it as one instruction. Compiled
/// apart, because with the feature everywhere each copy is written out in place: larger by a twentieth.
const MEMORY: &str = "
#![no_std]
#![no_builtins]
use core::ptr;
#[no_mangle]
pub unsafe extern fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    ptr::copy_nonoverlapping(from, to, bytes);
    to
}
#[no_mangle]
pub unsafe extern fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    ptr::copy(from, to, bytes);
    to
}
#[no_mangle]
pub unsafe extern fn memset(to: *mut u8, byte: i32, bytes: usize) -> *mut u8 {
    ptr::write_bytes(to, byte as u8, bytes);
    to
}
";

fn main() {
    println!("cargo:rerun-if-changed=../link.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        // 32 KiB instead of Rust's 1 MiB: the network charges each call for the memory that the callee starts with. The
        // stack lies below the data, so an overflow traps.
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=32768");
        println!("cargo:rustc-link-arg-cdylib={}", memory());
    }
}

/// Compiles [`MEMORY`]. Returns the object.
fn memory() -> String {
    let variable = |name| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let folder = variable("OUT_DIR");
    let (source, object) = (Path::new(&folder).join("memory.rs"), Path::new(&folder).join("memory.o"));
    std::fs::write(&source, MEMORY).expect("the source");
    let status = Command::new(variable("RUSTC"))
        .args(["--edition=2021", "--crate-type=lib", "--crate-name=memory", "--emit=obj"])
        .args(["-Copt-level=z", "-Cpanic=abort", "-Ccodegen-units=1", "-Ctarget-feature=+bulk-memory"])
        .args(["--target", &variable("TARGET"), "-o"])
        .args([&object, &source])
        .status();
    assert!(status.is_ok_and(|status| status.success()), "rustc compiles the copies of memory");
    object.display().to_string()
}
