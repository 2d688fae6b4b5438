//! The command line: one file a command. What was typed stays here; the house below gets validated values.

mod args;
mod audit;
mod backup;
mod check;
mod context;
mod database;
mod environment;
mod exit;
mod holds;
mod input;
mod interrupt;
mod list;
mod logging;
mod lookup;
mod next;
mod plan;
mod printer;
mod rehearse;
mod release;
mod report;
mod retry;
mod run;
mod show;
mod simulate;
mod status;
mod terminal;
mod usage;
mod waves;

use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, Builder};
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Runtime;

pub use exit::ExitCode;

use crate::app::AppError;
use args::{Args, AuditCommand, Command};
use context::Context;
use interrupt::Interrupts;
use printer::Printer;

/// What was said last is still written, if somebody reads it within this time.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// As large as a main thread's.
const STACK: usize = 8 << 20;

/// Runs the command that was typed and says how it went.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage::print(&error),
    };
    let (ends, ended) = channel();
    let context = Context::new(&args.common, Interrupts::new(ends.clone()));
    let printer = context.printer.clone();
    tell_panics(&printer);
    logging::start(&context);
    let work = move || {
        let code = match runtime() {
            Ok(runtime) => perform(args.command, &context, runtime),
            Err(error) => context.tell(&AppError::internal(format!("cannot start the runtime: {error}"))),
        };
        let _gone = ends.send(code);
    };
    // On a thread of its own: it may wait for a reader of standard output, and an interrupt must end it all the same.
    let code = match Builder::new().name("main".to_owned()).stack_size(STACK).spawn(work) {
        Ok(_) => first(&ended),
        Err(error) => {
            printer.say(printer::Level::Error, &format!("cannot start a thread: {error}"));
            ExitCode::INTERNAL
        }
    };
    printer.finish(LAST_WORDS);
    code
}

/// The exit code that comes first; none comes where the command has panicked.
fn first(ended: &Receiver<ExitCode>) -> ExitCode {
    ended.recv().unwrap_or(ExitCode::INTERNAL)
}

/// A worker more than the one that may wait for a reader of standard output, or else no signal would be heard.
fn runtime() -> std::io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(2, NonZero::get).max(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

fn perform(command: Command, context: &Context, runtime: Runtime) -> ExitCode {
    let ended = runtime.block_on(dispatch(command, context));
    // Whatever still sleeps or waits for a socket holds nothing that matters: all that does is on disk.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(failure) => context.tell(&failure),
    }
}

/// A panic is told like everything else: by the one thread that writes, which nobody waits for.
fn tell_panics(printer: &Printer) {
    let printer = printer.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let trace = std::backtrace::Backtrace::capture();
        let trace = match trace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{trace}"),
            _ => String::new(),
        };
        printer.say(printer::Level::Error, &format!("a fault of ours: {panic}{trace}"));
    }));
}

async fn dispatch(command: Command, context: &Context) -> Result<ExitCode, AppError> {
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
        Command::Backup(args) => backup::run(&args, context).await,
        Command::Retry(args) => retry::run(&args, context).await,
        Command::Release(args) => release::run(&args, context).await,
        Command::Simulate(args) => simulate::run(args, context).await,
    }
}
