//! `muster openapi`

use super::stdout_failure;
use crate::{
    context::Context,
    exit::{CommandResult, Exit},
    output, settings,
};

pub fn run(context: &Context) -> CommandResult {
    let document = muster_gateway::openapi(&settings::gateway(&context.config));
    output::json(&document).map(|()| Exit::Ok).map_err(stdout_failure)
}
