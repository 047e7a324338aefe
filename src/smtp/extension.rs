//! The table of service extensions: what each keyword of an EHLO reply brings with it.
//!
//! In: keywords and commands. Out: rows of the table: IANA's registry of SMTP service
//! extensions, and the private ones that are met in the wild. Whether the server offered what a
//! client uses is not known here, nor what shows in no command (PIPELINING).

use super::command::{Command, Envelope, Verb};
use super::grammar::offers::{self, OfferCheck};
use super::grammar::param::Check;
use super::grammar::params;
use super::line::words;
use std::sync::LazyLock;

/// A service extension (RFC 5321 §2.2).
#[derive(Debug)]
pub struct Extension {
    /// The EHLO keyword, in upper case.
    pub keyword: &'static str,
    /// What defines it; empty if nothing published does.
    pub rfc: &'static str,
    /// Whether IANA's registry has it.
    pub registered: bool,
    /// Verbs that it adds.
    pub verbs: &'static [Verb],
    /// Verbs that it adds and that the dialog takes as [`Verb::Other`], in upper case.
    pub other_verbs: &'static [&'static str],
    /// Parameters that it adds to MAIL.
    pub mail: &'static [Parameter],
    /// Parameters that it adds to RCPT.
    pub rcpt: &'static [Parameter],
    /// Words that it lets follow the argument of VRFY and EXPN.
    pub vrfy: &'static [&'static str],
    /// The grammar of what follows its keyword in an EHLO reply.
    pub offer: OfferCheck,
    /// By how many octets it makes command lines longer.
    pub longer: Longer,
}

/// A parameter of MAIL or RCPT.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its keyword, or `KEYWORD=value` where the value tells which extension it is of.
    pub form: &'static str,
    /// The grammar of its value.
    pub check: Check,
}

/// Whether a keyword of MAIL or RCPT is known.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// It is one of this command.
    Here {
        /// The grammar of its value.
        check: Check,
        /// A number that no other keyword of the command has; less than 64.
        place: u8,
    },
    /// It is one of the other command.
    Elsewhere,
    /// No row of the table has it.
    No,
}

/// Octets that an extension adds to the 512 of a command line (RFC 5321 §4.5.3.1.4): what its
/// RFC says, else the longest parameter that its grammar gives.
///
/// Compared with the texts of RFC 1870 §3 (26), 2554 §3 (500), 3030 §3 (16), 3461 §5.4, 6531
/// §3.2 (10) and 8689 §2 (11). RFC 1652, at hand, gives no number for BODY=8BITMIME; the 17 is
/// that of RFC 6152, which was not at hand, nor were those of the other rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Longer {
    /// For MAIL.
    pub mail: u16,
    /// For RCPT.
    pub rcpt: u16,
}

/// A registered extension that adds nothing to the language.
const PLAIN: Extension = Extension {
    keyword: "",
    rfc: "",
    registered: true,
    verbs: &[],
    other_verbs: &[],
    mail: &[],
    rcpt: &[],
    vrfy: &[],
    offer: offers::none,
    longer: Longer { mail: 0, rcpt: 0 },
};

/// A private extension that adds nothing to the language.
const PRIVATE: Extension = Extension { registered: false, offer: offers::any, ..PLAIN };

/// A parameter and its grammar.
const fn with(form: &'static str, check: Check) -> Parameter {
    Parameter { form, check }
}

/// An extension that is one verb of the same name.
const fn verb(keyword: &'static str, rfc: &'static str, verbs: &'static [Verb]) -> Extension {
    Extension { keyword, rfc, verbs, ..PLAIN }
}

/// A private extension that is one verb of the same name.
const fn private(keyword: &'static str, other_verbs: &'static [&'static str]) -> Extension {
    Extension { keyword, other_verbs, ..PRIVATE }
}

/// An extension that adds parameters to MAIL alone.
const fn mail(
    keyword: &'static str,
    rfc: &'static str,
    mail: &'static [Parameter],
    longer: u16,
) -> Extension {
    Extension { keyword, rfc, mail, longer: Longer { mail: longer, rcpt: 0 }, ..PLAIN }
}

/// The rows. A row's place is its index, so that a set of extensions fits a number.
static ALL: &[Extension] = &[
    // Base commands that servers announce, and what RFC 5321 gave up (RFC 5321 §2.2.2, App. F).
    verb("HELP", "RFC 5321", &[Verb::Help]),
    verb("VRFY", "RFC 5321", &[Verb::Vrfy]),
    verb("EXPN", "RFC 5321", &[Verb::Expn]),
    verb("TURN", "RFC 821", &[Verb::Turn]),
    verb("SEND", "RFC 821", &[Verb::Send]),
    verb("SOML", "RFC 821", &[Verb::Soml]),
    verb("SAML", "RFC 821", &[Verb::Saml]),
    // The transfer of content.
    mail(
        "8BITMIME",
        "RFC 6152",
        &[with("BODY=7BIT", params::body), with("BODY=8BITMIME", params::body)],
        17,
    ),
    mail("BINARYMIME", "RFC 3030", &[with("BODY=BINARYMIME", params::body)], 16),
    verb("CHUNKING", "RFC 3030", &[Verb::Bdat]),
    Extension { offer: offers::any, ..verb("BURL", "RFC 4468", &[Verb::Burl]) },
    Extension {
        offer: offers::size,
        ..mail("SIZE", "RFC 1870", &[with("SIZE", params::size)], 26)
    },
    mail("CHECKPOINT", "RFC 1845", &[with("TRANSID", params::transid)], 89),
    Extension {
        keyword: "SMTPUTF8",
        rfc: "RFC 6531",
        mail: &[with("SMTPUTF8", params::smtputf8)],
        vrfy: &["SMTPUTF8"],
        longer: Longer { mail: 10, rcpt: 0 },
        ..PLAIN
    },
    Extension {
        keyword: "UTF8SMTP",
        rfc: "RFC 5336",
        mail: &[with("ALT-ADDRESS", params::address)],
        rcpt: &[with("ALT-ADDRESS", params::address)],
        vrfy: &["UTF8REPLY"],
        longer: Longer { mail: 460, rcpt: 460 },
        ..PLAIN
    },
    Extension {
        keyword: "CONPERM",
        rfc: "RFC 4141",
        mail: &[with("CONPERM", params::no_value)],
        longer: Longer { mail: 8, rcpt: 0 },
        ..PLAIN
    },
    Extension {
        keyword: "CONNEG",
        rfc: "RFC 4141",
        rcpt: &[with("CONNEG", params::no_value)],
        longer: Longer { mail: 0, rcpt: 7 },
        ..PLAIN
    },
    // The dialog itself.
    Extension { keyword: "PIPELINING", rfc: "RFC 2920", ..PLAIN },
    Extension { keyword: "ENHANCEDSTATUSCODES", rfc: "RFC 2034", ..PLAIN },
    Extension { keyword: "LIMITS", rfc: "RFC 9422", offer: offers::limits, ..PLAIN },
    Extension { keyword: "VERB", other_verbs: &["VERB"], ..PLAIN },
    Extension { keyword: "ONEX", other_verbs: &["ONEX"], ..PLAIN },
    verb("ETRN", "RFC 1985", &[Verb::Etrn]),
    verb("ATRN", "RFC 2645", &[Verb::Atrn]),
    // Protection.
    verb("STARTTLS", "RFC 3207", &[Verb::Starttls]),
    Extension {
        keyword: "AUTH",
        rfc: "RFC 4954",
        verbs: &[Verb::Auth],
        offer: offers::auth,
        mail: &[with("AUTH", params::mail_auth)],
        longer: Longer { mail: 500, rcpt: 0 },
        ..PLAIN
    },
    mail("REQUIRETLS", "RFC 8689", &[with("REQUIRETLS", params::requiretls)], 11),
    mail("SUBMITTER", "RFC 4405", &[with("SUBMITTER", params::address)], 266),
    Extension {
        offer: offers::no_soliciting,
        ..mail("NO-SOLICITING", "RFC 3865", &[with("SOLICIT", params::solicit)], 1007)
    },
    // What becomes of the message.
    Extension {
        keyword: "DSN",
        rfc: "RFC 3461",
        mail: &[with("RET", params::ret), with("ENVID", params::envid)],
        rcpt: &[with("NOTIFY", params::notify), with("ORCPT", params::orcpt)],
        // Of RCPT, RFC 3461 §5.4 says 530 and, 6 less, the sum of 1036 octets. RET and ENVID take
        // 8 and 100 there, each with a blank before it.
        longer: Longer { mail: 110, rcpt: 530 },
        ..PLAIN
    },
    Extension {
        offer: offers::deliver_by,
        ..mail("DELIVERBY", "RFC 2852", &[with("BY", params::by)], 17)
    },
    Extension {
        offer: offers::future_release,
        ..mail(
            "FUTURERELEASE",
            "RFC 4865",
            &[with("HOLDFOR", params::hold_for), with("HOLDUNTIL", params::hold_until)],
            36,
        )
    },
    Extension {
        offer: offers::any,
        ..mail("MT-PRIORITY", "RFC 6710", &[with("MT-PRIORITY", params::priority)], 15)
    },
    mail("MTRK", "RFC 3885", &[with("MTRK", params::mtrk)], 44),
    Extension {
        keyword: "RRVS",
        rfc: "RFC 7293",
        rcpt: &[with("RRVS", params::rrvs)],
        longer: Longer { mail: 0, rcpt: 33 },
        ..PLAIN
    },
    // Postfix, and those who took it over.
    Extension { keyword: "XCLIENT", verbs: &[Verb::Xclient], ..PRIVATE },
    Extension { keyword: "XFORWARD", verbs: &[Verb::Xforward], ..PRIVATE },
    Extension {
        keyword: "XVERP",
        mail: &[with("XVERP", params::private)],
        longer: Longer { mail: 9, rcpt: 0 },
        ..PRIVATE
    },
    // Exim: replies per recipient, and EHLO sent before the greeting under three names.
    Extension {
        keyword: "PRDR",
        rfc: "draft-hall-prdr",
        mail: &[with("PRDR", params::no_value)],
        longer: Longer { mail: 5, rcpt: 0 },
        ..PRIVATE
    },
    private("PIPECONNECT", &[]),
    private("PIPE_CONNECT", &[]),
    private("X_PIPE_CONNECT", &[]),
    // Microsoft Exchange.
    private("X-EXPS", &["X-EXPS"]),
    private("XEXCH50", &["XEXCH50"]),
    private("X-LINK2STATE", &["X-LINK2STATE"]),
    private("X-ANONYMOUSTLS", &["X-ANONYMOUSTLS"]),
    private("XSHADOW", &["XSHADOW"]),
    private("XPROXY", &["XPROXY"]),
    private("XRDST", &[]),
    Extension {
        keyword: "XOORG",
        mail: &[with("XOORG", params::private)],
        longer: Longer { mail: 262, rcpt: 0 },
        ..PRIVATE
    },
    // Sun and Oracle.
    private("XADR", &["XADR"]),
    private("XSTA", &["XSTA"]),
    private("XCIR", &["XCIR"]),
    private("XGEN", &["XGEN"]),
    private("XLOOP", &[]),
];

/// The index of PIPELINING.
pub const PIPELINING: u8 = index_of("PIPELINING");

/// The index of 8BITMIME.
pub const EIGHTBITMIME: u8 = index_of("8BITMIME");

/// The index of BINARYMIME.
pub const BINARYMIME: u8 = index_of("BINARYMIME");

/// The index of SMTPUTF8.
pub const SMTPUTF8: u8 = index_of("SMTPUTF8");

/// The index of REQUIRETLS.
pub const REQUIRETLS: u8 = index_of("REQUIRETLS");

/// The index of LIMITS.
pub const LIMITS: u8 = index_of("LIMITS");

/// The index of SIZE.
pub const SIZE: u8 = index_of("SIZE");

/// The index of CHUNKING.
pub const CHUNKING: u8 = index_of("CHUNKING");

/// The index of STARTTLS.
pub const STARTTLS: u8 = index_of("STARTTLS");

/// The index of AUTH.
pub const AUTH: u8 = index_of("AUTH");

/// The index of ENHANCEDSTATUSCODES.
pub const ENHANCEDSTATUSCODES: u8 = index_of("ENHANCEDSTATUSCODES");

/// The index of the row with this keyword.
const fn index_of(keyword: &str) -> u8 {
    let mut index = 0;
    let mut rows = ALL;
    while let [row, rest @ ..] = rows {
        if is_same(row.keyword.as_bytes(), keyword.as_bytes()) {
            return index;
        }
        (index, rows) = (index + 1, rest);
    }
    u8::MAX
}

/// `==`, for constants.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([first, a @ ..], [second, b @ ..]) => *first == *second && is_same(a, b),
        _ => false,
    }
}

impl Extension {
    /// Its place in [`all`]; less than 64.
    #[must_use]
    pub fn index(&self) -> u8 {
        position(self.keyword.as_bytes()).unwrap_or(u8::MAX)
    }
}

/// All extensions, each at its [`Extension::index`].
#[must_use]
pub fn all() -> &'static [Extension] {
    ALL
}

/// The extension at `index`.
#[must_use]
pub fn by_index(index: u8) -> Option<&'static Extension> {
    ALL.get(usize::from(index))
}

/// The extension that the EHLO keyword `keyword` names, in any case (RFC 5321 §4.1.1.1).
#[must_use]
pub fn by_keyword(keyword: &[u8]) -> Option<&'static Extension> {
    position(keyword).and_then(by_index)
}

/// The place in [`all`] of the extension that the EHLO keyword `keyword` names, in any case.
#[must_use]
pub fn position(keyword: &[u8]) -> Option<u8> {
    let (places, mut slot) = (&*PLACES, hash(keyword)?);
    loop {
        let place = *places.get(slot % 256)?;
        // A free slot has the place of no row.
        let name = ALL.get(usize::from(place))?.keyword.as_bytes();
        // Servers write upper case.
        if name == keyword || name.eq_ignore_ascii_case(keyword) {
            return Some(place);
        }
        slot += 1;
    }
}

/// The places of the rows in [`ALL`], each at the [`hash`] of its keyword or in the next slot
/// that was free; elsewhere [`u8::MAX`]. Each offer is looked up.
static PLACES: LazyLock<[u8; 256]> = LazyLock::new(|| {
    let mut places = [u8::MAX; 256];
    for (place, row) in (0..).zip(ALL) {
        let mut slots = hash(row.keyword.as_bytes()).into_iter().flat_map(|first| first..);
        let is_free = |slot: &usize| places.get(slot % 256) == Some(&u8::MAX);
        if let Some(free) = slots.find(is_free).and_then(|slot| places.get_mut(slot % 256)) {
            *free = place;
        }
    }
    places
});

/// A number of a keyword in any case; `None` for one that names nothing.
fn hash(keyword: &[u8]) -> Option<usize> {
    match keyword {
        [first, .., last] => {
            let letters = [first, last].map(|letter| usize::from(letter.to_ascii_uppercase()));
            Some(letters[0] * 7 + letters[1] + keyword.len() * 29)
        }
        _ => None,
    }
}

/// The extensions that `command` makes use of, a bit for each [`Extension::index`]; `envelope`
/// is its argument if it is MAIL or RCPT.
#[must_use]
pub fn used_by(command: &Command<'_>, envelope: Option<&Envelope<'_>>) -> u64 {
    match command.verb {
        Verb::Mail => FORMS.mail.used_by(envelope),
        Verb::Rcpt => FORMS.rcpt.used_by(envelope),
        Verb::Send | Verb::Soml | Verb::Saml => {
            with_verb(command.verb) | FORMS.mail.used_by(envelope)
        }
        Verb::Vrfy | Verb::Expn => {
            let last = words(command.argument).last().map_or(&b""[..], |(_, word)| word);
            with_verb(command.verb) | set_of(|row| is_one_of(last, row.vrfy))
        }
        Verb::Other => set_of(|row| is_one_of(command.word, row.other_verbs)),
        verb => with_verb(verb),
    }
}

/// The parameter that `keyword` names, in any case, with `verb`: MAIL (and SEND, SOML, SAML) or
/// RCPT.
#[must_use]
#[inline]
pub fn parameter(verb: Verb, keyword: &[u8]) -> Known {
    let (here, there) =
        if verb == Verb::Rcpt { (&FORMS.rcpt, &FORMS.mail) } else { (&FORMS.mail, &FORMS.rcpt) };
    match here.find(keyword) {
        Some((place, check)) => Known::Here { check, place },
        None if there.find(keyword).is_some() => Known::Elsewhere,
        None => Known::No,
    }
}

/// The extensions that add `verb`.
fn with_verb(verb: Verb) -> u64 {
    FORMS.verbs.get(verb as usize).copied().unwrap_or(0)
}

/// The extensions that pass `test`.
fn set_of(test: impl Fn(&Extension) -> bool) -> u64 {
    (0..).zip(ALL).filter(|(_, row)| test(row)).fold(0, |set, (index, _)| set | bit(index))
}

fn bit(index: u8) -> u64 {
    1_u64.checked_shl(u32::from(index)).unwrap_or(0)
}

/// The verbs and the parameters of MAIL and of RCPT that extensions add, taken out of the table:
/// commands of each dialog ask.
static FORMS: LazyLock<EnvelopeForms> = LazyLock::new(|| EnvelopeForms {
    mail: Forms::new(|row| row.mail),
    rcpt: Forms::new(|row| row.rcpt),
    verbs: Verb::ALL.map(|verb| set_of(|row| row.verbs.contains(&verb))),
});

struct EnvelopeForms {
    mail: Forms,
    rcpt: Forms,
    /// The extensions that add each verb of [`Verb::ALL`].
    verbs: [u64; Verb::ALL.len()],
}

/// How parameters are written.
struct Forms(Vec<Form>);

/// How a parameter is written: a keyword, and a value where that tells.
struct Form {
    keyword: &'static [u8],
    /// Of the keyword: tells most apart.
    digest: u64,
    value: Option<&'static [u8]>,
    /// Of the extension.
    bit: u64,
    /// A number of the keyword among those of its command.
    place: u8,
    check: Check,
}

impl Forms {
    fn new(of_row: impl Fn(&Extension) -> &'static [Parameter]) -> Self {
        let rows = (0..).zip(ALL).map(|(index, row)| (index, of_row(row)));
        let all = rows.flat_map(|(index, all)| all.iter().map(move |one| (index, one)));
        let mut forms: Vec<Form> = Vec::new();
        for (place, (index, &Parameter { form, check })) in (0..).zip(all) {
            let (keyword, value) = match form.split_once('=') {
                None => (form, None),
                Some((keyword, value)) => (keyword, Some(value.as_bytes())),
            };
            let keyword = keyword.as_bytes();
            // Forms of one keyword share the place of the first.
            let same = forms.iter().find(|form| form.keyword == keyword);
            let place = same.map_or(place, |form| form.place);
            let digest = digest(keyword);
            forms.push(Form { keyword, digest, value, bit: bit(index), place, check });
        }
        Self(forms)
    }

    /// The parameter with this keyword, and its place.
    #[inline]
    fn find(&self, keyword: &[u8]) -> Option<(u8, Check)> {
        let given = digest(keyword);
        // Of a keyword of 2 to 4 letters, that is all of it.
        let is_short = (2..=4).contains(&keyword.len());
        let is_it = |form: &Form| is_short || form.keyword.eq_ignore_ascii_case(keyword);
        let form = self.0.iter().find(|form| form.digest == given && is_it(form))?;
        Some((form.place, form.check))
    }

    /// The extensions that the parameters of `envelope` make use of.
    fn used_by(&self, envelope: Option<&Envelope<'_>>) -> u64 {
        let is = |a: &[u8], b: &[u8]| a.eq_ignore_ascii_case(b);
        let mut set = 0;
        for param in envelope.into_iter().flat_map(Envelope::params) {
            let given = digest(param.keyword);
            let is_it = |form: &&Form| {
                let is_value =
                    || form.value.is_none_or(|v| param.value.is_some_and(|given| is(given, v)));
                form.digest == given && is(form.keyword, param.keyword) && is_value()
            };
            // No two forms are alike.
            set |= self.0.iter().find(is_it).map_or(0, |form| form.bit);
        }
        set
    }
}

/// A number of `keyword` that is the same in any case.
fn digest(keyword: &[u8]) -> u64 {
    let start = keyword.first_chunk().copied().unwrap_or([0; 2]);
    let end = keyword.last_chunk().copied().unwrap_or([0; 2]);
    let letters = u64::from(u16::from_le_bytes(start)) << 16 | u64::from(u16::from_le_bytes(end));
    // Without the case bit of each.
    (letters & !0x2020_2020) << 32 | keyword.len() as u64
}

/// Whether `word` is one of `names`, in any case.
fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::command::envelope;
    use std::collections::HashSet;

    fn used(line: &str) -> Vec<&'static str> {
        let command = Command::parse(line.as_bytes());
        let used = used_by(&command, envelope(&command).as_ref());
        let is_used = |row: &&Extension| used >> row.index() & 1 == 1;
        ALL.iter().filter(is_used).map(|row| row.keyword).collect()
    }

    #[test]
    fn the_table_is_consistent() {
        assert!(ALL.len() <= 64, "a set of extensions is a u64");
        assert_eq!(by_index(PIPELINING).map(|row| row.keyword), Some("PIPELINING"));
        assert_eq!(by_index(ENHANCEDSTATUSCODES).map(|row| row.rfc), Some("RFC 2034"));
        let mut claimed = HashSet::new();
        for (place, row) in ALL.iter().enumerate() {
            let keyword = row.keyword;
            assert!(!keyword.is_empty() && keyword == keyword.to_uppercase(), "{keyword}");
            assert!(claimed.insert(format!("EHLO {keyword}")), "{keyword} is there twice");
            assert_eq!(usize::from(row.index()), place, "{keyword}");
            let found = [by_index(row.index()), by_keyword(keyword.to_lowercase().as_bytes())];
            assert_eq!(found.map(|row| row.map(|row| row.keyword)), [Some(keyword); 2]);
            assert!(row.rfc.strip_prefix("RFC ").is_none_or(|n| n.parse::<u16>().is_ok()));
            // RFC 5321 §2.2.2: names that begin with X are private.
            assert!(!(row.registered && keyword.starts_with('X')), "{keyword}");
            for verb in row.verbs {
                assert!(claimed.insert(verb.name().into()), "{keyword} {verb:?}");
            }
            for verb in row.other_verbs {
                assert_eq!(Verb::of(verb.as_bytes()), Verb::Other, "{keyword}");
                assert!(claimed.insert((*verb).into()), "{keyword} {verb}");
            }
            let forms = |of: &[Parameter]| of.iter().map(|one| one.form).collect::<Vec<_>>();
            let (mail, rcpt) = (forms(row.mail), forms(row.rcpt));
            for (command, params) in
                [("MAIL", &mail), ("RCPT", &rcpt), ("VRFY", &row.vrfy.to_vec())]
            {
                for param in params {
                    assert_eq!(*param, param.to_uppercase(), "{keyword}");
                    assert!(claimed.insert(format!("{command} {param}")), "{keyword} {param}");
                }
            }
            assert!(row.longer.mail == 0 || !row.mail.is_empty(), "{keyword}");
            assert!(row.longer.rcpt == 0 || !row.rcpt.is_empty(), "{keyword}");
            // A longer line can at least hold the shortest form of each parameter.
            for (params, longer) in [(mail, row.longer.mail), (rcpt, row.longer.rcpt)] {
                for param in params {
                    assert!(usize::from(longer) > param.len(), "{keyword} {param}");
                }
            }
        }
        assert!(by_keyword(b"X-NONE").is_none());
        assert!(by_index(200).is_none());
    }

    #[test]
    fn commands_use_what_they_use() {
        let cases: [(&str, &[&str]); 24] = [
            ("MAIL FROM:<a@b>", &[]),
            ("MAIL FROM:<a@b> size=10", &["SIZE"]),
            ("MAIL FROM:<a@b> BODY=8BITMIME", &["8BITMIME"]),
            ("MAIL FROM:<a@b> body=7bit", &["8BITMIME"]),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", &["BINARYMIME"]),
            ("MAIL FROM:<a@b> BODY=OTHER", &[]),
            ("MAIL FROM:<a@b> BODY", &[]),
            ("MAIL FROM:<a@b> SMTPUTF8 SIZE=1 RET=HDRS", &["SIZE", "SMTPUTF8", "DSN"]),
            ("MAIL FROM:<a@b> ENVID=x AUTH=<>", &["AUTH", "DSN"]),
            ("MAIL FROM:<a@b> HOLDFOR=1 BY=1;R", &["DELIVERBY", "FUTURERELEASE"]),
            ("MAIL FROM:<a@b> NOTIFY=NEVER", &[]),
            ("RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b", &["DSN"]),
            ("RCPT TO:<a@b> RRVS=2014-04-03T23:01:00Z", &["RRVS"]),
            ("RCPT TO:<a@b> SIZE=1", &[]),
            ("BDAT 10 LAST", &["CHUNKING"]),
            ("STARTTLS", &["STARTTLS"]),
            ("AUTH PLAIN", &["AUTH"]),
            ("HELP", &["HELP"]),
            ("VRFY a", &["VRFY"]),
            ("EXPN list SMTPUTF8", &["EXPN", "SMTPUTF8"]),
            ("SAML FROM:<a@b> SIZE=1", &["SAML", "SIZE"]),
            ("x-exps GSSAPI", &["X-EXPS"]),
            ("PIPELINING", &[]),
            ("QUIT", &[]),
        ];
        for (line, keywords) in cases {
            assert_eq!(used(line), keywords, "{line}");
        }
    }
}
