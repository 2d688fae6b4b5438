//! The words that stand for an `errorCode` where Atlas sent none.

/// No connection could be made: nothing left this machine.
pub const NO_CONNECTION: &str = "NO_CONNECTION";
/// The other side could not show that it is who it should be: nothing left this machine.
pub const INSECURE: &str = "TLS_FAILED";
/// A web page came in the place of an answer.
pub const WEB_PAGE: &str = "WEB_PAGE";
/// A list that is read page by page has no end.
pub(super) const ENDLESS_LIST: &str = "ENDLESS_LIST";
/// The proxy lets nobody through who does not sign in to it.
pub const PROXY_SIGN_IN: &str = "PROXY_SIGN_IN_REQUIRED";
/// Atlas, or who answers in its place, wants a digest that Drydock cannot make.
pub(super) const DIGEST_UNSUPPORTED: &str = "DIGEST_UNSUPPORTED";
/// No answer came within the time of the request.
pub(super) const TIMED_OUT: &str = "TIMED_OUT";
/// The connection ended before the answer did.
pub(super) const CONNECTION_LOST: &str = "CONNECTION_LOST";
/// The answer was longer than any that Atlas gives.
pub(super) const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
/// Atlas said yes in words that Drydock cannot read.
pub(super) const UNREADABLE: &str = "UNREADABLE_ANSWER";
/// No valid authorization could be had.
pub(super) const SIGN_IN_FAILED: &str = "SIGN_IN_FAILED";
/// The time of a request had passed before it could leave: the process was stopped, or the machine asleep.
pub const OVERSLEPT: &str = "OVERSLEPT";
