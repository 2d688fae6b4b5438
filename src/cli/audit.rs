//! `drydock audit verify`: is the history as it was written, and does every job follow from it?

use crate::app::AppError;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::terminal::Out;
use crate::plural;

/// Recomputes everything; names what does not fit, the first of it first, or prints the campaign's digest.
pub(super) async fn verify(args: &args::Verify, context: &Context) -> Result<ExitCode, AppError> {
    let store = context.store(args.campaign.as_deref()).await?;
    if let Some(orphans) = store.orphans().await? {
        let database = store.name();
        return Err(AppError::internal(format!(
            "{database} holds {orphans} of campaigns that are not there: they were deleted by hand, and nothing vouches \
             for what was done to their clusters. Keep a copy as evidence, and find out who wrote to it"
        )));
    }
    let campaign = context.campaign_as_it_lies(&store, args.campaign.as_deref()).await?;
    let name = &campaign.name;
    let verified = store.verify(&campaign).await?.map_err(|violations| {
        let places = if violations.total == 1 { "one place".to_owned() } else { format!("{} places", violations.total) };
        let database = store.name();
        AppError::internal(format!(
            "{name} does not fit in {places}\n{violations}\nthe history does not vouch for {database} any more: keep a copy \
             as evidence, and find out who wrote to it"
        ))
    })?;
    let mut out = Out::new();
    let (jobs, events) = (plural::count(verified.jobs, "job"), plural::count(verified.events, "event"));
    let follow = if verified.jobs == 1 { "follows from its" } else { "follow from their" };
    out.line(&format!("{name}: {jobs} {follow} {events}, all of them as written"))?;
    out.line(&format!("digest {}", verified.digest))?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
