//! One read before anything is started, so that wrong credentials, or a host that is not Atlas, cost nothing.

use std::time::Duration;

use crate::app::AppError;
use crate::atlas::{Client, INSECURE, PROXY_SIGN_IN, SignInError, WEB_PAGE};
use crate::config::Config;
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::domain::hold::Reach;
use crate::store::Store;

/// How long it may take before the work begins without it.
const WITHIN: Duration = Duration::from_secs(5);

/// Signs in and reads a project with jobs that have not begun. What waiting may cure (no connection, a limit,
/// maintenance) is for the engine, which waits; what only an operator can cure is refused.
pub(super) async fn check(client: &Client, config: &Config, store: &Store, campaign_id: i64) -> Result<(), AppError> {
    let Some(project) = &project(store, campaign_id).await? else { return Ok(()) };
    match client.ready(project).await {
        Ok(()) => {}
        Err(SignInError::Refused(fault)) => return Err(not_let_in(client, &fault)),
        Err(SignInError::Later { fault, .. }) if is_not_atlas(&fault) => return Err(not_atlas(config, &fault)),
        Err(SignInError::Later { fault, .. }) => {
            tracing::warn!(code = %fault.code, "cannot sign in yet, trying on: {}", fault.detail);
            return Ok(());
        }
    }
    let read = tokio::time::timeout(WITHIN, client.read_list(config.operation.source, project, 1)).await;
    match read.map(|exchange| (exchange.status, exchange.value)) {
        // What concerns one project only, the others need not wait for.
        Ok((Some(401), Err(Answer::ScopeHeld(hold)))) if hold.reach != Reach::Project => {
            match client.read_projects(1).await.value {
                // The credentials are good for something, and this project is of another organisation.
                Ok(_) => Ok(()),
                Err(_) => Err(not_let_in(client, &hold.fault)),
            }
        }
        Ok((_, Err(Answer::ScopeHeld(hold)))) if hold.fault.code == PROXY_SIGN_IN => {
            Err(AppError::refused(format!("nothing was sent: {}", hold.fault.detail)))
        }
        Ok((_, Err(Answer::Unknown(fault) | Answer::NeverSent(fault)))) if is_not_atlas(&fault) => {
            Err(not_atlas(config, &fault))
        }
        _ => Ok(()),
    }
}

/// A project that may be read: with something left to begin and not held, or else with something in flight.
async fn project(store: &Store, campaign_id: i64) -> Result<Option<String>, AppError> {
    if let Some(free) = store.first_to_begin(campaign_id).await? {
        return Ok(Some(free));
    }
    Ok(store.in_flight(campaign_id).await?.into_iter().map(|(_, project)| project).next())
}

fn is_not_atlas(fault: &Fault) -> bool {
    [INSECURE, WEB_PAGE].contains(&&*fault.code)
}

fn not_let_in(client: &Client, fault: &Fault) -> AppError {
    AppError::refused(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail))
}

fn not_atlas(config: &Config, fault: &Fault) -> AppError {
    let (base, Fault { code, detail }) = (&config.base_url, fault);
    AppError::refused(format!("nothing was sent, for it is not Atlas that answers at {base}: {code}: {detail}"))
}
