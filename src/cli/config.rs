//! What `smtp-audit.toml` and the command line say of rules → which findings are wanted.

use super::Arguments;
use super::inputs::shown;
use super::lint::ThresholdName;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::json;
use smtp_audit::rules::{self, Baseline, Choice, Confidence, Fingerprint, Host, Set, Waiver};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::{env, fs, io};

/// The file that is looked for from the working directory upward.
const FILE: &str = "smtp-audit.toml";

/// Bytes of a configuration or baseline that are read.
const MOST: u64 = 256 << 20;

/// What the first line of a baseline names.
const SCHEMA: &str = "smtp-audit-baseline/1";

/// What the command line and the configuration say of findings.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Which are looked for and kept.
    pub(super) choice: Choice,
    /// What is said of an ignore that matched nothing, for each of [`Choice::waivers`].
    unused: Vec<String>,
    /// Which findings fail the run, if the configuration says.
    pub(super) fail_on: Option<ThresholdName>,
    /// Where a new baseline is to be written.
    baseline: Option<PathBuf>,
}

/// The options that say which rules are asked.
#[derive(Debug, Args)]
pub(super) struct RuleArguments {
    /// Only these rules: ids, categories or globs, comma separated
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,

    /// Not what these rules find: ids, categories or globs, comma separated
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,

    /// The least sure findings that are shown [default: likely]
    #[arg(long, value_enum, value_name = "HOW")]
    confidence: Option<ConfidenceName>,

    /// The configuration [default: the first smtp-audit.toml from here upward]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// The least sure findings that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ConfidenceName {
    /// Nothing else explains the bytes
    Certain,
    /// Something before is missing or inferred
    Likely,
    /// More than one thing is missing
    Possible,
}

/// `smtp-audit.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Config {
    select: Option<Vec<String>>,
    #[serde(default)]
    ignore: Vec<Ignore>,
    confidence: Option<ConfidenceName>,
    fail_on: Option<ThresholdName>,
    baseline: Option<PathBuf>,
}

/// An ignore of the configuration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Ignore {
    rule: OneOrMore,
    server: Option<String>,
    client: Option<String>,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<ConfidenceName> for Confidence {
    fn from(name: ConfidenceName) -> Self {
        match name {
            ConfidenceName::Certain => Self::Certain,
            ConfidenceName::Likely => Self::Likely,
            ConfidenceName::Possible => Self::Possible,
        }
    }
}

impl Config {
    /// The configuration that `named` names or that is found upward from the working directory,
    /// with its path; the default one if there is none.
    pub(super) fn find(named: Option<&Path>) -> Result<(Self, Option<PathBuf>), String> {
        let path = match named {
            Some(path) => Some(path.to_owned()),
            None => env::current_dir().ok().and_then(|folder| {
                folder.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
            }),
        };
        let Some(path) = path else { return Ok((Self::default(), None)) };
        let text = read(&path)?;
        let config = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("{}:{line}:{column}: {}", shown(&path), error.message())
        })?;
        Ok((config, Some(path)))
    }

    /// The findings that it and `arguments`, which outrank it, want; and what is to be said of each
    /// ignore that matches nothing.
    pub(super) fn choice(
        &self,
        path: Option<&Path>,
        arguments: &RuleArguments,
    ) -> Result<(Choice, Vec<String>), String> {
        let file = path.map(shown).unwrap_or_default();
        let in_file = |error: rules::NoRule| format!("{file}: {error}");
        let mut choice = Choice::default();
        if !arguments.select.is_empty() {
            choice = choice.only(set(&arguments.select).map_err(|error| error.to_string())?);
        } else if let Some(select) = &self.select {
            choice = choice.only(set(select).map_err(in_file)?);
        }
        if let Some(confidence) = arguments.confidence.or(self.confidence) {
            choice = choice.sure(confidence.into());
        }
        let (mut waivers, mut unused) = (Vec::new(), Vec::new());
        for pattern in &arguments.ignore {
            waivers.push(Waiver::of(rules::named(pattern).map_err(|error| error.to_string())?));
            unused.push(format!("--ignore {pattern} matched nothing"));
        }
        for ignore in &self.ignore {
            let Ignore { rule, server, client, reason } = ignore;
            let names = match rule {
                OneOrMore::One(name) => std::slice::from_ref(name),
                OneOrMore::More(names) => names,
            };
            let host = |name: &Option<String>| match name {
                None => Ok(None),
                Some(name) => Host::parse(name).map(Some).ok_or_else(|| {
                    format!("{file}: '{name}' is no address, network or name of a host")
                }),
            };
            if reason.trim().is_empty() {
                return Err(format!("{file}: the ignore of {} has no reason", names.join(", ")));
            }
            let waiver = Waiver::of(set(names).map_err(in_file)?);
            waivers.push(Waiver { server: host(server)?, client: host(client)?, ..waiver });
            let names = names.join(", ");
            unused.push(format!("{file}: the ignore of {names} ({reason}) matched nothing"));
        }
        Ok((choice.without(waivers), unused))
    }

    /// What it and `arguments`, which outrank it, want.
    pub(super) fn wanted(
        self,
        path: Option<&Path>,
        arguments: &Arguments,
    ) -> Result<Wanted, String> {
        let (mut choice, unused) = self.choice(path, &arguments.rules)?;
        let named = arguments.baseline.clone();
        let beside = |baseline: PathBuf| match path.and_then(Path::parent) {
            Some(folder) => folder.join(baseline),
            None => baseline,
        };
        let baseline = named.or_else(|| self.baseline.map(beside));
        let mut to_write = None;
        if let Some(path) = baseline {
            if arguments.update_baseline || !path.exists() {
                choice = choice.since(Baseline::to_write());
                to_write = Some(path);
            } else {
                choice = choice.since(known(&path)?);
            }
        } else if arguments.update_baseline {
            return Err("--update-baseline needs --baseline FILE".to_owned());
        }
        Ok(Wanted { choice, unused, fail_on: self.fail_on, baseline: to_write })
    }
}

impl Wanted {
    /// What is to be said after the run, a line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let waivers = self.choice.waivers().iter().zip(&self.unused);
        let unused = waivers.filter(|(waiver, _)| waiver.used.load(Ordering::Relaxed) == 0);
        let mut remarks: Vec<String> = unused.map(|(_, remark)| remark.clone()).collect();
        let ignored: u64 =
            self.choice.waivers().iter().map(|one| one.used.load(Ordering::Relaxed)).sum();
        if ignored > 0 {
            remarks.push(format!("{ignored} finding(s) ignored"));
        }
        let met = self.choice.baseline().map_or(0, Baseline::met);
        if met > 0 {
            remarks.push(format!("{met} finding(s) known from the baseline"));
        }
        remarks
    }

    /// Writes the new baseline, if one is wanted; returns what to say of it. All that was found
    /// is accepted then.
    pub(super) fn keep(&self) -> Result<Option<String>, String> {
        let found = self.choice.baseline().and_then(Baseline::found);
        let (Some(path), Some(found)) = (&self.baseline, found) else { return Ok(None) };
        let findings: Vec<_> = found
            .iter()
            .map(|(print, rule)| json!({"fingerprint": print.to_string(), "rule": rule.id}))
            .collect();
        let number = findings.len();
        let text = serde_json::to_string_pretty(&json!({"schema": SCHEMA, "findings": findings}));
        let text = text.map_err(|error| error.to_string())? + "\n";
        write(path, text.as_bytes()).map_err(|error| format!("{}: {error}", shown(path)))?;
        Ok(Some(format!("{}: {number} kinds of finding(s) written as known", shown(path))))
    }

    /// Whether the findings of this run become known, so that none of them is a failure.
    pub(super) fn accepts_all(&self) -> bool {
        self.baseline.is_some()
    }
}

/// The rules that `names` name together.
fn set(names: &[String]) -> Result<Set, rules::NoRule> {
    let mut all = Set::default();
    for name in names {
        for place in rules::named(name)?.iter() {
            all.add(place);
        }
    }
    Ok(all)
}

/// The baseline in a file.
fn known(path: &Path) -> Result<Baseline, String> {
    #[derive(Deserialize)]
    struct File {
        schema: String,
        findings: Vec<Known>,
    }
    #[derive(Deserialize)]
    struct Known {
        fingerprint: String,
        rule: String,
    }
    let wrong = |why: &str| format!("{}: no baseline of smtp-audit: {why}", shown(path));
    let file: File =
        serde_json::from_str(&read(path)?).map_err(|error| wrong(&error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(wrong(&format!("its schema is not {SCHEMA}")));
    }
    let mut known = BTreeMap::new();
    for Known { fingerprint, rule } in &file.findings {
        let print = Fingerprint::parse(fingerprint)
            .ok_or_else(|| wrong(&format!("'{fingerprint}' is no fingerprint")))?;
        // What a later version took away is found no more.
        if let Some(rule) = rules::all().iter().find(|known| known.id == rule) {
            known.insert(print, rule.id);
        }
    }
    Ok(Baseline::of(known))
}

fn read(path: &Path) -> Result<String, String> {
    let failed = |error: io::Error| format!("{}: {error}", shown(path));
    if fs::metadata(path).map_err(failed)?.len() > MOST {
        return Err(format!("{}: too large", shown(path)));
    }
    fs::read_to_string(path).map_err(failed)
}

/// Writes a file, all of it or nothing.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut temporary = tempfile::Builder::new();
    #[cfg(unix)]
    temporary.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = temporary.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
