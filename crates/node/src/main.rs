//! The command line.

use std::process::ExitCode;

use tonghop_node::cli;

fn main() -> ExitCode {
    cli::main()
}
