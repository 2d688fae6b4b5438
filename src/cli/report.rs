//! `drydock report`: a report into a file or to standard output.

use std::path::Path;

use crate::cli::args;
use crate::cli::check;
use crate::cli::context::{Context, is_campaign_file};
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::inputs;
use crate::cli::terminal::Out;
use crate::intake::near;
use crate::report::{self, Format};

/// Writes the report.
pub(super) async fn run(args: &args::Report, context: &Context) -> Result<ExitCode, Failure> {
    let format = match (format(&args.format)?, args.excel) {
        (Format::Csv, true) => Format::CsvForExcel,
        (format, true) => {
            let why = "marks a CSV report for Excel; leave it out, or say --format csv";
            return Err(Failure::bad_input(format!("--excel {why} ({})", format.name())));
        }
        (format, false) => format,
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
        if !report::may_replace(path).map_err(|error| Failure::bad_input(format!("{}: {error}", path.display())))? {
            let why = "is there already and is no report of Drydock: name another file, or remove it first";
            return Err(Failure::bad_input(format!("{} {why}", path.display())));
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

fn format(name: &str) -> Result<Format, Failure> {
    Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
        let all = Format::ALL.map(Format::name);
        let why = if ["xlsx", "html", "junit"].contains(&name) {
            "comes in a later version".to_owned()
        } else {
            format!("is no format of a report{}", near::hint(name, all))
        };
        Failure::bad_input(format!("{name:?} {why}; there are {}", all.join(" and ")))
    })
}
