//! `drydock report`: a report into a file or to standard output.

use std::path::Path;

use crate::app::AppError;
use crate::app::inputs;
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::{Context, is_campaign_file};
use crate::cli::exit::ExitCode;
use crate::cli::terminal::Out;
use crate::intake::suggest;
use crate::report::{self, CSV, CSV_FOR_EXCEL, FORMATS, Format};

/// Writes the report.
pub(super) async fn run(args: &args::Report, context: &Context) -> Result<ExitCode, AppError> {
    let format = match (format(&args.format)?, args.excel) {
        (format, false) => format,
        (format, true) if format.name() == CSV.name() => CSV_FOR_EXCEL,
        (format, true) => {
            return Err(AppError::refused(format!("--excel goes with --format csv, not with {}", format.name())));
        }
    };
    let word = args.campaign.as_deref();
    let store = context.store(word).await?;
    let campaign = context.campaign(&store, word).await?;
    if let Some(path) = args.out.as_deref().filter(|path| *path != Path::new("-")) {
        let mut read = inputs::of(&store.name(), None)?;
        let named = word.map(Path::new).filter(|word| is_campaign_file(word) && word.is_file());
        if let Some(file) = named {
            inputs::add_campaign(&mut read, &check::load(file).await?);
        }
        // What it was run from last is read again by the next run, however the campaign was named here. A file that is
        // gone or broken is no reason to have no report.
        if let Some(file) = campaign.file.as_deref().map(Path::new).filter(|file| file.is_file()) {
            read.add(file, "the campaign file");
            if let Ok(config) = check::load(file).await {
                inputs::add_campaign(&mut read, &config);
            }
        }
        read.refuse(path)?;
        if !report::may_overwrite(path).map_err(|error| AppError::refused(format!("{}: {error}", path.display())))? {
            let why = "is there already and is no report of Drydock: name another file, or remove it first";
            return Err(AppError::refused(format!("{} {why}", path.display())));
        }
        report::write_to(&store, &campaign, format, path).await?;
        if !context.quiet {
            context.say(&format!("wrote {}", path.display()));
        }
    } else {
        let mut out = Out::new();
        report::write(&store, &campaign, format, &mut out.data()).await?;
        out.done()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn format(name: &str) -> Result<&'static dyn Format, AppError> {
    FORMATS.iter().copied().find(|format| format.name() == name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name()).collect();
        let what = if report::PLANNED.contains(&name) {
            format!("the report format {name:?} comes in a later version")
        } else {
            format!("there is no report format {name:?}{}", suggest::hint(name, names.iter().copied()))
        };
        AppError::refused(format!("{what}; the formats are {}", names.join(", ")))
    })
}
