//! A stack of 32 KiB instead of Rust's 1 MiB, for every contract: the network charges each call for the memory that the
//! callee starts with. The stack lies below the data, so an overflow traps.

fn main() {
    println!("cargo:rerun-if-changed=../stack.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=32768");
    }
}
