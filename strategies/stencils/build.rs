//! Makes the stencils: compiles the handlers a second time, reads their machine code from the object, checks each, and writes the
//! table that the library embeds.
//!
//! A build that cannot make them (another platform, an unexpected compiler) does not fail: the table then says why it is empty,
//! and the strategy refuses to run with that reason.

#[cfg(feature = "make")]
#[path = "build/access.rs"]
mod access;
#[cfg(feature = "make")]
#[path = "build/object.rs"]
mod object;
#[cfg(feature = "make")]
#[path = "build/pairs.rs"]
mod pairs;
#[cfg(feature = "make")]
#[path = "build/proof.rs"]
mod proof;
#[cfg(feature = "make")]
#[path = "build/second.rs"]
mod second;
#[cfg(feature = "make")]
#[path = "build/settles.rs"]
mod settles;
#[cfg(feature = "make")]
#[path = "build/stencil.rs"]
mod stencil;
#[path = "build/table.rs"]
mod table;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/access.rs");
    println!("cargo::rerun-if-changed=src/key.rs");
    println!("cargo::rerun-if-changed=src/pairs.rs");
    println!("cargo::rerun-if-changed=src/what.rs");
    let table = match made() {
        Ok(table) => table,
        Err(reason) => {
            if cfg!(feature = "make") {
                println!(
                    "cargo::warning=no stencils: {}",
                    reason.lines().next().unwrap_or_default()
                );
            }
            table::Table::empty(&reason)
        }
    };
    table.write(&std::env::var("OUT_DIR").expect("cargo sets it"));
}

#[cfg(not(feature = "make"))]
fn made() -> Result<table::Table, String> {
    Err("the crate was built without its feature `make`".to_owned())
}

#[cfg(feature = "make")]
fn made() -> Result<table::Table, String> {
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if (target("ARCH").as_str(), target("OS").as_str()) != ("x86_64", "linux") {
        return Err("there are stencils for Linux on x86-64 only".to_owned());
    }
    object::read(&second::build()?)
}
