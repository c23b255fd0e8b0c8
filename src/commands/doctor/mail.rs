//! The check of where mail goes.

use super::Check;
use crate::{context::Context, settings};
use muster_worker::mail::{self, Obstacle, ObstacleKind, Passable};

const CODE: &str = "D12";
const NAME: &str = "mail";

/// D12: a mail could be handed over. None is.
pub async fn check(context: &Context) -> Check {
    match mail::check(&settings::mail(&context.config)).await {
        Ok(Passable { fact, in_clear: false }) => Check::ok(CODE, NAME, fact),
        Ok(Passable { fact, in_clear: true }) => Check::warn(
            CODE,
            NAME,
            fact,
            format!("let the server offer STARTTLS, and leave ?tls= out of mail.url [{}]", context.origin("mail.url")),
        ),
        Err(obstacle) => fail(context, &obstacle),
    }
}

fn fail(context: &Context, obstacle: &Obstacle) -> Check {
    let url = |what: &str| format!("{what} mail.url [{}]", context.origin("mail.url"));
    let remedy = match obstacle.kind {
        ObstacleKind::Settings => {
            format!("correct mail.url [{}] or mail.ca_file [{}]", context.origin("mail.url"), context.origin("mail.ca_file"))
        }
        ObstacleKind::Unreachable => url("start it, let this machine through to it, or correct host and port in"),
        ObstacleKind::Refused => url("its log says why it refuses this machine: allow it there, or correct"),
        ObstacleKind::NoEncryption => url("let it offer STARTTLS; or name a server that does, or how to go without (?tls=), in"),
        ObstacleKind::Certificate => format!(
            "name its authority's certificate in mail.ca_file [{}], or the host the certificate is for in mail.url [{}]; renew it when its time is over",
            context.origin("mail.ca_file"),
            context.origin("mail.url")
        ),
        ObstacleKind::Encryption => {
            url("smtps:// is for a port that speaks TLS from the first byte (465), smtp:// for STARTTLS (587): correct")
        }
        ObstacleKind::SignIn => url("correct user and password in"),
        ObstacleKind::Folder => "give the directory to the user that runs muster".to_owned(),
    };
    let fact = match obstacle.kind {
        ObstacleKind::Folder => obstacle.text.clone(),
        _ => format!("{}: {}", context.config.mail.url, obstacle.text),
    };
    Check::fail(CODE, NAME, fact, remedy)
}
