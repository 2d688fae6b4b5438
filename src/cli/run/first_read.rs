//! One read before anything is started, so that wrong credentials, or a host that is not Atlas, cost nothing.

use std::time::Duration;

use crate::atlas::{Client, INSECURE, SignInError, WEB_PAGE};
use crate::cli::exit::Failure;
use crate::config::Config;
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::store::{Filter, Store};

/// How long it may take before the work begins without it.
const WITHIN: Duration = Duration::from_secs(5);

/// Signs in and reads the project of the first job. What waiting may cure (no connection, a limit, maintenance) is
/// for the engine, which waits; what only an operator can cure is refused.
pub(super) async fn make(client: &Client, config: &Config, store: &Store, campaign_id: i64) -> Result<(), Failure> {
    let Some(first) = store.page(campaign_id, &Filter::default(), None, 1).await?.pop() else { return Ok(()) };
    let project = &first.job.project_id;
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
        Ok((Some(401), Err(Answer::ScopeHeld(fault)))) => Err(not_let_in(client, &fault)),
        Ok((_, Err(Answer::Unknown(fault) | Answer::NeverSent(fault)))) if is_not_atlas(&fault) => {
            Err(not_atlas(config, &fault))
        }
        _ => Ok(()),
    }
}

fn is_not_atlas(fault: &Fault) -> bool {
    [INSECURE, WEB_PAGE].contains(&&*fault.code)
}

fn not_let_in(client: &Client, fault: &Fault) -> Failure {
    Failure::bad_input(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail))
}

fn not_atlas(config: &Config, fault: &Fault) -> Failure {
    let (base, Fault { code, detail }) = (&config.base_url, fault);
    Failure::bad_input(format!("nothing was sent, for it is not Atlas that answers at {base}: {code}: {detail}"))
}
