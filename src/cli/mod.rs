//! The command line: one file a command. What was typed stays here; the house below gets validated values.

mod args;
mod audit;
mod check;
mod context;
mod environment;
mod exit;
mod failures;
mod holds;
mod list;
mod logging;
mod made_up;
mod plan;
mod rehearse;
mod release;
mod report;
mod retry;
mod run;
mod show;
mod simulate;
mod status;
mod terminal;
mod voice;
mod waves;

use clap::Parser;
use clap::error::ErrorKind;

pub use exit::ExitCode;

use args::{Args, AuditCommand, Command};
use context::Context;
use exit::Failure;

/// Runs the command that was typed and says how it went.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _closed = error.print();
            let told = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if told { ExitCode::SUCCESS } else { ExitCode::BAD_INPUT };
        }
    };
    let context = Context::new(&args.common);
    logging::start(&context);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::internal(format!("cannot start the runtime: {error}")).tell(&context),
    };
    let ended = runtime.block_on(dispatch(args.command, &context));
    // Whatever still sleeps or waits for a socket holds nothing that matters: all that does is on disk.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(failure) => failure.tell(&context),
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Check(args) => check::run(&args, context).await,
        Command::Plan(args) => plan::run(&args, context).await,
        Command::Run(args) => run::run(args, context).await,
        Command::Rehearse(args) => rehearse::run(&args, context).await,
        Command::Status(args) => status::run(&args, context).await,
        Command::List(args) => list::run(&args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Report(args) => report::run(&args, context).await,
        Command::Audit { command: AuditCommand::Verify(args) } => audit::verify(&args, context).await,
        Command::Retry(args) => retry::run(&args, context).await,
        Command::Release(args) => release::run(&args, context).await,
        Command::Simulate(args) => simulate::run(args, context).await,
    }
}
