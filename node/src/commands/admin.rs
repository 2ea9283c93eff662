use clap::{Args, Subcommand};
use eyrie_api::reset_password;

use super::ConfigArgs;
use super::node::admin_password;
use super::output::line;
use crate::running_node::{DataDir, Patience};

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Sets a user's password and ends all of the user's sessions. The node must be stopped. The new password is
    /// EYRIE_ADMIN_PASSWORD, or made and printed
    ResetPassword {
        /// Whose password
        #[arg(long, default_value = "admin")]
        user: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Helps an administrator who is locked out.
pub(crate) fn run(args: AdminArgs) -> anyhow::Result<()> {
    let AdminCommand::ResetPassword { user, config } = args.command;
    let config = config.load()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let data = DataDir::open(&config, Patience::None).await?;
        let made = reset_password(&data.store, data.clock.as_ref(), &user, admin_password()).await?;
        data.store.close().await?;
        match made {
            Some(password) => {
                line(format_args!("{user} now has the password {}  (shown only now)", password.expose()))?
            }
            None => line(format_args!("{user} now has the password given by EYRIE_ADMIN_PASSWORD"))?,
        }
        Ok(())
    })
}
