//! The `drydock` program: everything is in the library, so that tests can reach it.

fn main() -> drydock::cli::ExitCode {
    drydock::cli::main()
}
