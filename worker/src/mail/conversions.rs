//! Reports of conversions: what happened to a run, and where it stands.

use muster_domain::{
    conversion::{Code, ItemState, Kind},
    mask,
    notify::{Content, ConversionReport, ConversionState, Item, MailKey, Thread},
};
use muster_store::{
    Store, StoreError,
    conversion::{self, Conversion, News},
    outbox::NewMail,
};

/// Events in one look at most.
const MOST: i64 = 20;
/// Users a report names.
const NAMED: usize = 5;
/// How the reason of a pause begins that an error is behind.
const ERROR: &str = "error: ";

/// Writes what is not written yet.
pub(crate) async fn write(store: &Store, now_ms: i64) -> Result<(), StoreError> {
    for news in conversion::news(store, MOST).await? {
        let run = conversion::get(store, news.account, news.conversion).await?;
        let mail = match &run {
            Some(run) => Some(mail(store, run, &news).await?),
            None => None,
        };
        conversion::tell(store, &news, mail.as_ref(), now_ms).await?;
    }
    Ok(())
}

async fn mail(store: &Store, run: &Conversion, news: &News) -> Result<NewMail, StoreError> {
    let report = report(store, run, news).await?;
    Ok(NewMail {
        key: MailKey::conversion(news.event),
        thread: Some(Thread::conversion(run.journal().0)),
        immediate: report.state == ConversionState::Failed,
        content: Content::Conversion(report),
        attachment: None,
        trace: None,
    })
}

async fn report(store: &Store, run: &Conversion, news: &News) -> Result<ConversionReport, StoreError> {
    let plan = match run.kind {
        Kind::Undo => conversion::get(store, run.account, run.journal()).await?.unwrap_or_else(|| run.clone()),
        Kind::Convert => run.clone(),
    };
    let counts = conversion::counts(store, run.account, plan.id, plan.users_n, plan.total).await?;
    let sum = |wanted: &dyn Fn(&conversion::CodeCount) -> bool| {
        counts.iter().filter(|one| wanted(one)).map(|one| u64::try_from(one.count).unwrap_or(0)).sum::<u64>()
    };
    // To an undo it is no news whom the conversion left.
    let of_undo = |code: Code| matches!(code, Code::UndoTaken | Code::UndoChanged);
    let left = |one: &conversion::CodeCount| match run.kind {
        Kind::Convert => one.state == ItemState::Left && one.code.is_exception(),
        Kind::Undo => of_undo(one.code),
    };
    let skipped = sum(&left);
    let mut items = Vec::new();
    for one in counts.iter().filter(|one| left(one)) {
        if items.len() == NAMED {
            break;
        }
        let most = i64::try_from(NAMED - items.len()).unwrap_or(0);
        for item in conversion::examples(store, run.account, plan.id, one.code, most).await? {
            items.push(Item { who: mask(&item.old_id), what: why(one.code).to_owned(), at_ms: news.at_ms });
        }
    }
    Ok(ConversionReport {
        conversion: run.id.0,
        state: state(run.kind, news, skipped),
        total: u64::try_from(if run.kind == Kind::Undo { run.planned } else { run.total }).unwrap_or(0),
        converted: u64::try_from(run.converted).unwrap_or(0),
        unchanged: sum(&|one| run.kind == Kind::Convert && one.state == ItemState::Left && !one.code.is_exception()),
        skipped,
        started_ms: run.started_ms.unwrap_or(run.created_ms),
        ended_ms: news.at_ms,
        reason: news.reason.as_deref().map(|reason| reason.strip_prefix(ERROR).unwrap_or(reason).to_owned()),
        items,
    })
}

fn state(kind: Kind, news: &News, skipped: u64) -> ConversionState {
    match (news.kind.as_str(), kind) {
        ("started", Kind::Convert) => ConversionState::Started,
        ("started", Kind::Undo) => ConversionState::UndoStarted,
        ("paused", _) if news.reason.as_deref().is_some_and(|reason| reason.starts_with(ERROR)) => ConversionState::Failed,
        ("paused", _) => ConversionState::Paused,
        ("cancelled", _) => ConversionState::Cancelled,
        (_, Kind::Undo) => ConversionState::Undone,
        (_, Kind::Convert) if skipped > 0 => ConversionState::CompletedWithSkips,
        (_, Kind::Convert) => ConversionState::Completed,
    }
}

/// Why a user was left, for somebody who does not know the codes.
const fn why(code: Code) -> &'static str {
    match code {
        Code::DupEmail => "another user has the same e-mail address",
        Code::Taken => "another user signs in with that e-mail address",
        Code::AliasTaken => "the e-mail address is an old user id of somebody else",
        Code::NoEmail => "has no e-mail address",
        Code::BadEmail => "what stands as e-mail address is none",
        Code::TooLong => "the e-mail address is too long",
        Code::UnicodeReview => "the e-mail address has letters that look like others",
        Code::ForeignLeft => "the e-mail address is not in a domain of the account",
        Code::Changed => "was changed meanwhile",
        Code::Gone => "was deleted meanwhile",
        Code::Locked => "was in use by somebody else all the time",
        Code::UndoTaken => "somebody else has the old user id now",
        Code::UndoChanged => "the user id was changed after the conversion",
        Code::Convert
        | Code::Trimmed
        | Code::ForeignDomain
        | Code::NearDup
        | Code::Chain
        | Code::Cycle
        | Code::Already
        | Code::CaseOnly
        | Code::Excluded
        | Code::ScimLinked => "needs no conversion",
    }
}
