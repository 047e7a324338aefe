//! `explain`, `rules`, `completions`, `man`: what the program says of itself.

use super::{Arguments, CatalogueFormat, Subcommand};
use clap::CommandFactory as _;
use smtp_audit::report::catalogue;
use smtp_audit::rules;
use std::io::{self, IsTerminal as _, Write as _};

/// Does what a subcommand says.
pub(super) fn run(subcommand: &Subcommand) -> Result<(), String> {
    match subcommand {
        Subcommand::Explain { rule } => {
            let known = rules::all().iter().find(|known| known.id == rule);
            let Some(known) = known else {
                return Err(unknown(rule));
            };
            print(catalogue::explain(known).as_bytes())
        }
        Subcommand::Rules { format } => print(
            match format {
                CatalogueFormat::Table => catalogue::table(width()),
                CatalogueFormat::Json => catalogue::json(),
                CatalogueFormat::Markdown => catalogue::markdown(),
            }
            .as_bytes(),
        ),
        // It reports on inputs, not on the program.
        Subcommand::Diff(_) => Ok(()),
        Subcommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "smtp-audit", &mut script);
            print(&script)
        }
        Subcommand::Man => {
            let mut page = Vec::new();
            let man = clap_mangen::Man::new(Arguments::command());
            man.render(&mut page).map_err(|error| error.to_string())?;
            print(&page)
        }
    }
}

/// What is said of a name that no rule has.
fn unknown(name: &str) -> String {
    match rules::named(name) {
        // A category, or a glob.
        Ok(set) => {
            let ids = set.iter().filter_map(|place| rules::all().get(place));
            let ids: Vec<&str> = ids.map(|rule| rule.id).collect();
            format!("'{name}' is no single rule; it stands for {}", ids.join(", "))
        }
        Err(error) => error.to_string(),
    }
}

fn width() -> Option<u16> {
    let is_terminal = io::stdout().is_terminal();
    terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| width.0)
}

fn print(bytes: &[u8]) -> Result<(), String> {
    match io::stdout().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        Ok(()) | Err(_) => Ok(()),
    }
}
