//! Says that a new migration is a reason to build again: the `migrate!` macro cannot say it itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
