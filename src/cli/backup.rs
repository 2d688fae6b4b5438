//! `drydock backup`: a copy of a database, also of one that a run works on.

use crate::app::AppError;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::next::quoted;
use crate::cli::terminal::Out;
use crate::files::{Draft, Readers};

/// Writes the copy.
pub(super) async fn run(args: &args::Backup, context: &Context) -> Result<ExitCode, AppError> {
    let file = &args.file;
    let shown = file.display();
    let store = context.store(None).await?;
    let taken = || AppError::refused(format!("{shown} is there already, and is left as it is: name another file"));
    if file.symlink_metadata().is_ok() {
        return Err(taken());
    }
    let unwritable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(),
        _ => AppError::refused(format!("{shown}: {error}")),
    };
    let draft = Draft::begin(file, Readers::Owner).map_err(unwritable)?;
    let now = context.clock.now();
    store.copy_into(draft.temporary_path(), &environment::host(), now).await?;
    draft.done_new().map_err(unwritable)?;
    let database = store.path().display().to_string();
    let (log, index, name) = (format!("{database}-wal"), format!("{database}-shm"), shown.to_string());
    let [log, index, name, place] = [&log, &index, &name, &database].map(|word| quoted(word));
    let mut out = Out::new();
    out.line(&format!("wrote {shown}, a copy of {} as it was at {now}", store.name()))?;
    out.line("to go on from it, when every run has been stopped:")?;
    out.line(&format!("  rm -f {log} {index} && mv {name} {place}"))?;
    out.line("the next run notices, and verifies every cluster before it sends anything")?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
