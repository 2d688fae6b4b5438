//! One pass over a campaign: each job is checked, and something is made of those that fit while they are at hand.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use tokio::sync::Mutex;

use crate::store::audit::row::Auditor;
use crate::store::audit::violation::{Found, OLD, UNSEALED, Violation, Violations};
use crate::store::audit::{Verified, check_campaign};
use crate::store::backend::clock_freeze::ClockFreeze;
use crate::store::backend::pool::ReadTransaction;
use crate::store::campaigns::Campaign;
use crate::store::campaigns::SealedCampaign;
use crate::store::database::Store;
use crate::store::error::Result;
use crate::store::history::chain::CampaignDigest;
use crate::store::history::digest::Digest;
use crate::store::queries::jobs::{Filter, Row};
use crate::store::queries::prefetch::{self, Prefetch, RawPage, with_histories};

const HEADS: &str = "SELECT head FROM jobs WHERE campaign_id = $1 ORDER BY row, id";

/// An audit at work. All is read in one transaction, so that a run at work beside it changes nothing about the picture.
pub struct Audit<T> {
    pages: Prefetch<Checked<T>>,
    campaign_record: SealedCampaign,
    /// The digest that the rows claim, if somebody has relied on it.
    claimed: Option<Digest>,
    whole: CampaignDigest,
    violations: Violations,
    jobs: i64,
    events: i64,
    _frozen: ClockFreeze,
}

/// A page that was checked.
struct Checked<T> {
    /// What is found of each job.
    found: Vec<Found<Digest>>,
    /// How many events they have.
    told: i64,
    /// What was made of those that fit.
    made: T,
}

impl Store {
    /// Begins to audit a campaign. `make` makes something of the jobs of a page, with their histories; it is given the
    /// digest that the campaign has if all of it fits, as [`Audit::done`] will tell. Jobs that do not fit are left out.
    pub async fn audit<T: Send + 'static>(
        &self,
        campaign: &Campaign,
        make: impl Fn(&[Row], Digest) -> T + Clone + Send + 'static,
    ) -> Result<Audit<T>> {
        let _frozen = self.freeze_clock();
        let mut tx = self.snapshot().await?;
        let digest = self.claimed(&mut tx, campaign).await?;
        let audit = self.audit_in(tx, campaign, move |rows| make(rows, digest)).await?;
        Ok(Audit { claimed: Some(digest), ..audit })
    }

    /// Begins to audit a campaign as it is seen by a transaction.
    pub(super) async fn audit_in<T: Send + 'static>(
        &self,
        mut tx: ReadTransaction,
        campaign: &Campaign,
        make: impl Fn(&[Row]) -> T + Clone + Send + 'static,
    ) -> Result<Audit<T>> {
        let frozen = self.freeze_clock();
        let mut violations = Violations::default();
        let campaign_record = self.unverified_record(&mut tx, campaign.id).await?;
        let unsealed = if campaign_record.is_unsealed() { OLD } else { UNSEALED };
        self.check_strays(&mut tx, &mut violations).await?;
        let (reader, tx, id) = (self.clone(), Arc::new(Mutex::new(tx)), campaign.id);
        let read = move |after| {
            let (store, tx) = (reader.clone(), tx.clone());
            async move {
                let page = prefetch::read_page(&mut *tx.lock().await, id, &Filter::default(), after, true).await;
                store.explained(page)
            }
        };
        let whole = beginning(campaign);
        let campaign = campaign.clone();
        let check =
            move |store: &Store, page: RawPage| checked(&Auditor { store, campaign: &campaign, unsealed }, page, &make);
        Ok(Audit {
            pages: Prefetch::begin(self, read, check),
            campaign_record,
            claimed: None,
            whole,
            violations,
            jobs: 0,
            events: 0,
            _frozen: frozen,
        })
    }

    /// The digest that the rows claim.
    async fn claimed(&self, tx: &mut ReadTransaction, campaign: &Campaign) -> Result<Digest> {
        let mut whole = beginning(campaign);
        let mut heads = sqlx::query_scalar::<_, Vec<u8>>(HEADS).bind(campaign.id).fetch(&mut **tx);
        while let Some(head) = self.explained(heads.try_next().await)? {
            // What is no digest does not fit, and no digest is told in the end.
            whole.add(Digest::from_column(&head).unwrap_or(Digest::NONE));
        }
        Ok(whole.done())
    }
}

impl<T: Send + 'static> Audit<T> {
    /// What was made of the next page; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<T>> {
        let Some(Checked { found, told, made }) = self.pages.next().await? else { return Ok(None) };
        self.jobs += found.len() as i64;
        self.events += told;
        for found in found {
            match found {
                Ok(head) => self.whole.add(head),
                Err(violation) => self.violations.add(violation),
            }
        }
        Ok(Some(made))
    }

    /// What all pages came to, or what does not fit.
    pub fn done(mut self) -> Result<Verified, Violations> {
        check_campaign(&self.campaign_record, self.jobs, &mut self.violations);
        let digest = self.whole.done();
        if self.violations.total == 0 && self.claimed.is_some_and(|claimed| claimed != digest) {
            let what = format!("its jobs come to {digest}, which is not what their rows claim");
            self.violations.add(Violation { job: None, seq: None, what });
        }
        if self.violations.total > 0 {
            return Err(self.violations);
        }
        Ok(Verified { jobs: self.jobs, events: self.events, digest })
    }
}

fn beginning(campaign: &Campaign) -> CampaignDigest {
    CampaignDigest::new(&campaign.name, &campaign.operation, campaign.against.as_deref())
}

fn checked<T>(auditor: &Auditor<'_>, page: RawPage, make: impl Fn(&[Row]) -> T) -> Result<Checked<T>> {
    let told = page.1.len() as i64;
    let mut rows = Vec::with_capacity(page.0.len());
    let mut keep = |(row, head)| {
        rows.push(row);
        head
    };
    let jobs = with_histories(auditor.store, page)?.into_iter();
    let found = jobs.map(|(job, history)| auditor.check(job, history).map(&mut keep)).collect();
    Ok(Checked { found, told, made: make(&rows) })
}
